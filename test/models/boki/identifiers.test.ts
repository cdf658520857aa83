import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatSeqnum,
  hashLogBook,
  highOf,
  join,
  logspaceId,
  positionOf,
  SEQNUM_MAX,
  sequencerOf,
  viewOf,
  viewOfJoined,
} from "../../../models/boki/identifiers.ts";

const view = fc.integer({ min: 0, max: 2_047 });
const sequencer = fc.integer({ min: 0, max: 1_023 });
const position = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const parts = fc.tuple(view, sequencer, position);

function seqnumOf([v, s, p]: readonly [number, number, number]): number {
  return join(logspaceId(v, s), p);
}

/** The same seqnum in 64 bits, as the real system has it: 16 of view, 16 of sequencer, 32 of position. */
function wideSeqnum([v, s, p]: readonly [number, number, number]): bigint {
  return (BigInt(v) << 48n) | (BigInt(s) << 32n) | BigInt(p);
}

describe("a seqnum", () => {
  test("gives back the view, the sequencer and the position it was made of", () => {
    fc.assert(
      fc.property(parts, ([v, s, p]) => {
        const seqnum = seqnumOf([v, s, p]);
        expect(Number.isSafeInteger(seqnum)).toBe(true);
        const logspace = highOf(seqnum);
        expect([viewOf(logspace), sequencerOf(logspace), positionOf(seqnum)]).toEqual([v, s, p]);
        expect(viewOfJoined(seqnum)).toBe(v);
      }),
    );
  });

  test("compares as a number as the 64 bits of the real system do", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(seqnumOf(a) < seqnumOf(b)).toBe(wideSeqnum(a) < wideSeqnum(b));
        expect(seqnumOf(a) === seqnumOf(b)).toBe(wideSeqnum(a) === wideSeqnum(b));
      }),
    );
  });

  test("prints as the 16 digits of the real system", () => {
    expect(formatSeqnum(seqnumOf([1, 2, 255]))).toBe("00010002000000ff");
    fc.assert(
      fc.property(parts, (each) => {
        expect(formatSeqnum(seqnumOf(each))).toBe(wideSeqnum(each).toString(16).padStart(16, "0"));
      }),
    );
  });

  test("is never above where a read of the tail begins", () => {
    expect(seqnumOf([2_047, 1_023, 2 ** 32 - 1])).toBe(SEQNUM_MAX);
  });
});

describe("a logspace", () => {
  test.each([
    [2_048, 0],
    [0, 1_024],
  ])("of view %i and sequencer %i does not fit and is refused", (v, s) => {
    expect(() => logspaceId(v, s)).toThrow(RangeError);
  });
});

describe("the hash of a LogBook", () => {
  test("is an unsigned integer of 32 bits that depends on the seed", () => {
    fc.assert(
      fc.property(position, fc.integer(), (logBook, seed) => {
        const hash = hashLogBook(logBook, seed);
        expect(hash >>> 0).toBe(hash);
      }),
    );
    expect(hashLogBook(1, 1)).not.toBe(hashLogBook(1, 2));
  });

  test("spreads consecutive LogBooks evenly over a few logs", () => {
    const counts = [0, 0, 0, 0];
    for (let logBook = 0; logBook < 4_000; logBook++) counts[hashLogBook(logBook, 7) % 4]!++;
    // 1,000 each, with a standard deviation of 27.
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });
});
