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
const position = fc.integer({ min: 0, max: 0xffff_ffff });
const parts = fc.tuple(view, sequencer, position);

function seqnumOf([view, sequencer, position]: readonly [number, number, number]): number {
  return join(logspaceId(view, sequencer), position);
}

describe("a seqnum", () => {
  test("gives its parts back, to the largest of each", () => {
    fc.assert(
      fc.property(parts, (each) => {
        const seqnum = seqnumOf(each);
        expect(Number.isSafeInteger(seqnum)).toBe(true);
        const logspace = highOf(seqnum);
        expect([viewOf(logspace), sequencerOf(logspace), positionOf(seqnum)]).toEqual(each);
        expect(viewOfJoined(seqnum)).toBe(each[0]);
      }),
      { examples: [[[2_047, 1_023, 0xffff_ffff]], [[0, 0, 0]]] },
    );
  });

  test("is ordered by view, then by sequencer, then by position", () => {
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const at = left.findIndex((part, i) => part !== right[i]);
        const expected = at < 0 ? 0 : Math.sign(left[at]! - right[at]!);
        expect(Math.sign(seqnumOf(left) - seqnumOf(right))).toBe(expected);
      }),
    );
  });

  test("is never above the one from which the tail is read", () => {
    expect(seqnumOf([2_047, 1_023, 0xffff_ffff])).toBeLessThanOrEqual(SEQNUM_MAX);
  });

  test("is printed as the real system prints it", () => {
    expect(formatSeqnum(seqnumOf([3, 2, 0x1a2b]))).toBe("0003000200001a2b");
    expect(formatSeqnum(seqnumOf([2_047, 1_023, 0xffff_ffff]))).toBe("07ff03ffffffffff");
  });
});

describe("a logspace", () => {
  test.each([
    [2_048, 0],
    [0, 1_024],
  ])("of view %i and sequencer %i is refused, as it would not fit", (view, sequencer) => {
    expect(() => logspaceId(view, sequencer)).toThrow(RangeError);
  });
});

describe("the hash of a LogBook", () => {
  test("spreads consecutive LogBooks evenly, whatever the seed", () => {
    for (const seed of [0, 1, 12_345]) {
      const buckets = new Array<number>(8).fill(0);
      for (let logBook = 1; logBook <= 8_000; logBook++) buckets[hashLogBook(logBook, seed) % 8]!++;
      for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    }
  });

  test("depends on the seed", () => {
    const hashes = Array.from({ length: 100 }, (_, seed) => hashLogBook(1, seed));
    expect(new Set(hashes).size).toBe(100);
  });
});
