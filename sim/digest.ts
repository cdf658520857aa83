/**
 * The digest of a run: a hash over its ordered events. Same scenario, seed and version: same digest, in both modes and on
 * any machine. Hot code: two multiplications an event, guarded by `npm run bench -- --only phold`.
 */

import type { Nanos } from "./units.ts";

export class Digest {
  // Always 32-bit integers, so that they are kept in the object itself and not in boxes.
  private a = 0x2545f491;
  private b = 0x9e3779b9 | 0;

  /** Folds one event: when, what and where. */
  event(timeNanos: Nanos, meta: number, target: number, source: number): void {
    const low = timeNanos | 0;
    const high = (timeNanos / 4_294_967_296) | 0;
    // Rotated, not shifted: the kind of the message is in the high bits of meta.
    const details = (meta << 7) | (meta >>> 25);
    const a = (Math.imul(this.a ^ low ^ details, 0x85ebca6b) + this.b) | 0;
    this.a = a;
    this.b = Math.imul(this.b ^ target ^ (source << 13) ^ (high << 23), 0xc2b2ae35) ^ (a >>> 15);
  }

  /** Folds any integer, for results that the events do not show. */
  number(value: number): void {
    this.event(value, 0x51, 0, 0);
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    // The final mix lets the last events reach every digit.
    const a = mix(this.a ^ this.b);
    const b = mix(this.b + Math.imul(a, 0x9e3779b1));
    return hex(a) + hex(b);
  }

  save(): { a: number; b: number } {
    return { a: this.a, b: this.b };
  }

  restore(saved: { a: number; b: number }): void {
    this.a = saved.a;
    this.b = saved.b;
  }
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
