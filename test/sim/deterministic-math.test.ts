import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exp, log, pow } from "../../sim/deterministic-math.ts";

const RELATIVE_ERROR_MAX = 1e-15;

function expectClose(actual: number, expected: number, relativeErrorMax = RELATIVE_ERROR_MAX): void {
  const error = expected === 0 ? Math.abs(actual) : Math.abs(actual - expected) / Math.abs(expected);
  if (!(error <= relativeErrorMax)) throw new Error(`${actual} is not ${expected}: relative error ${error}`);
}

describe("log", () => {
  test("agrees with Math.log over all magnitudes", () => {
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }), (x) =>
        expectClose(log(x), Math.log(x)),
      ),
      { numRuns: 20_000 },
    );
  });

  test("agrees with Math.log near 1, where the result vanishes", () => {
    for (let i = 1; i < 10_000; i++) expectClose(log(i / 5_000), Math.log(i / 5_000));
    for (let k = 1; k <= 52; k++) expectClose(log(1 + 2 ** -k), Math.log(1 + 2 ** -k));
  });

  test("answers the borders of its domain", () => {
    expect([log(0), log(-1), log(NaN), log(Infinity), log(1)]).toEqual([-Infinity, NaN, NaN, Infinity, 0]);
  });
});

describe("exp", () => {
  test("agrees with Math.exp wherever the result is a normal number", () => {
    fc.assert(
      fc.property(fc.double({ min: -708, max: 709.78, noNaN: true }), (x) =>
        expectClose(exp(x), Math.exp(x)),
      ),
      { numRuns: 20_000 },
    );
  });

  test("goes to zero through the subnormal numbers and to infinity at the end of the range", () => {
    for (let x = -745; x < -708; x += 0.37)
      expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(Number.MIN_VALUE);
    expect([exp(-746), exp(-Infinity), exp(710), exp(Infinity), exp(0), exp(NaN)]).toEqual([
      0,
      0,
      Infinity,
      Infinity,
      1,
      NaN,
    ]);
  });
});

describe("pow", () => {
  test("agrees with Math.pow within the error of its logarithm", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: -8, max: 8, noNaN: true }),
        (base, exponent) =>
          expectClose(
            pow(base, exponent),
            base ** exponent,
            3e-16 * (1 + Math.abs(exponent * Math.log(base))),
          ),
      ),
      { numRuns: 20_000 },
    );
  });

  test("answers zero to any power", () => {
    expect([pow(0, 0), pow(0, 2), pow(0, -1), pow(3, 0)]).toEqual([1, 0, Infinity, 1]);
  });
});

test("the bits never change", () => {
  expect([log(10), log(0.3), exp(1), exp(-20.5), pow(1234.5, -0.99)]).toMatchInlineSnapshot(`
    [
      2.302585092994046,
      -1.2039728043259361,
      2.7182818284590455,
      1.2501528663867426e-9,
      0.0008698088390424094,
    ]
  `);
});
