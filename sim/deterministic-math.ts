/**
 * Logarithm, exponential and power that give the same bits on every machine and every version of the runtime.
 *
 * JavaScript leaves the last bits of Math.log, Math.exp, Math.pow and Math.sin to the implementation, so results would
 * change with the engine. These use only operations that IEEE 754 defines exactly (+, -, *, /, comparisons); Math.sqrt,
 * Math.floor and Math.abs are exact as well and may be used beside them. The method is that of fdlibm (Sun Microsystems,
 * 1993): argument reduction to a small interval, then a minimax polynomial. Errors are below 1 unit in the last place.
 */

const view = new DataView(new ArrayBuffer(8));

// ln 2 in two parts; the high part has trailing zeros, so that its product with an exponent is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = Math.LOG2E;
const TWO_54 = 2 ** 54;

/** Natural logarithm. NaN below zero, -Infinity at zero. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  let exponent = 0;
  let scaled = x;
  if (x < 2.2250738585072014e-308) {
    scaled = x * TWO_54; // Subnormal: no implicit leading bit to read the exponent from.
    exponent = -54;
  }
  view.setFloat64(0, scaled);
  const high = view.getInt32(0);
  exponent += (high >> 20) - 1023;
  // Brings the mantissa into [sqrt(1/2), sqrt(2)), where f = mantissa - 1 is small on both sides.
  const mantissaHigh = high & 0xfffff;
  const carry = (mantissaHigh + 0x95f64) & 0x100000;
  view.setInt32(0, mantissaHigh | (carry ^ 0x3ff00000));
  exponent += carry >> 20;
  const f = view.getFloat64(0) - 1;

  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + odd + even) + exponent * LN2_LOW) - f);
}

/** e to the power x. Infinity above 709.78, 0 below -745.13. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  return scale(y, k);
}

/** y * 2^k, for y near 1. In two steps at the ends, where 2^k alone would be out of range. */
function scale(y: number, k: number): number {
  if (k > 1023) return y * 2 * powerOfTwo(k - 1);
  if (k < -1021) return y * powerOfTwo(k + 54) * (1 / TWO_54);
  return y * powerOfTwo(k);
}

function powerOfTwo(k: number): number {
  view.setInt32(0, (k + 1023) << 20);
  view.setInt32(4, 0);
  return view.getFloat64(0);
}

/** base to the power exponent, for base >= 0. The relative error is about 1e-16 * (1 + |exponent * log(base)|). */
export function pow(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (base === 0) return exponent > 0 ? 0 : Infinity;
  return exp(exponent * log(base));
}
