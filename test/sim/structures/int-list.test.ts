import fc from "fast-check";
import { produce } from "immer";
import { describe, expect, test } from "vitest";
import {
  append,
  at,
  copy,
  type IntList,
  intList,
  last,
  lowerBound,
  slice,
  values,
} from "../../../sim/structures/int-list.ts";
import { TwoModes } from "./two-modes.ts";

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
/** Around the lengths at which the representation changes: 64 and 128, the doublings, one chunk. */
const lengths = fc.oneof(
  fc.nat(140),
  fc.constantFrom(63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 8192, 9000),
);

const upTo = (length: number, factor = 1) => Array.from({ length }, (_, i) => i * factor);

describe("IntList", () => {
  test("gives back what was appended, in both modes, and older versions never change", () => {
    fc.assert(
      fc.property(fc.array(fc.array(uint32, { maxLength: 60 }), { maxLength: 12 }), (steps) => {
        const modes = new TwoModes(() => ({ list: intList() }));
        const model: number[][] = [[]];
        for (const added of steps) {
          modes.step(({ list }) => {
            for (const value of added) append(list, value);
            return [list.length, last(list), slice(list, 1, 5)];
          });
          model.push([...model.at(-1)!, ...added]);
        }
        expect([...values(modes.fast.list)]).toEqual(model.at(-1));
        modes.versions.forEach(({ list }, i) => {
          expect([...values(list)]).toEqual(model[i]);
          expect(list.length).toBe(model[i]!.length);
          expect(last(list)).toBe(model[i]!.at(-1));
        });
      }),
    );
  });

  test("forks when an older version is appended to, at any length", () => {
    fc.assert(
      fc.property(lengths, lengths, (length, cut) => {
        const list = intList(upTo(length));
        const older: IntList = { length: Math.min(cut, length), store: list.store };
        append(older, 7_000_000);
        append(older, 7_000_001);
        append(list, 8_000_000);
        expect(slice(older)).toEqual([...upTo(Math.min(cut, length)), 7_000_000, 7_000_001]);
        expect(slice(list)).toEqual([...upTo(length), 8_000_000]);
      }),
      { numRuns: 60 },
    );
  });

  test("keeps sharing its store when a step is done again", () => {
    const before = produce({ list: intList(upTo(10)) }, () => {});
    const again = () => produce(before, ({ list }) => append(list, 99));
    expect(again().list.store).toBe(again().list.store);
  });

  test("copies in constant time, and the copies grow apart", () => {
    const list = intList(upTo(5_000));
    const other = copy(list);
    expect(other.store).toBe(list.store);
    append(list, 1);
    append(other, 2);
    expect([last(list), last(other), at(other, 4_999)]).toEqual([1, 2, 4_999]);
  });

  test("finds the lower bound of any value", () => {
    fc.assert(
      fc.property(
        lengths,
        lengths,
        fc.integer({ min: 1, max: 3 }),
        fc.nat(30_000),
        (length, cut, factor, value) => {
          const whole = intList(upTo(length, factor));
          // Behind an older, shorter version lie elements that it must not find.
          const list: IntList = { length: Math.min(cut, length), store: whole.store };
          const expected = Math.min(list.length, Math.ceil(value / factor));
          expect(lowerBound(list, value)).toBe(expected);
          expect(lowerBound(list, 0)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
    expect(lowerBound(intList([5, 5, 5, 9]), 5)).toBe(0);
    expect(lowerBound({ length: 0, store: intList(upTo(5_000)).store }, 3)).toBe(0);
    expect(lowerBound(intList([0xffff_fffe, 0xffff_ffff]), 0xffff_ffff)).toBe(1);
  });

  test("refuses an index outside the list and a value that is no 32-bit integer", () => {
    const list = intList([1, 2, 3]);
    const older: IntList = { length: 2, store: list.store };
    expect(() => at(older, 2)).toThrow("index 2 of a list of 2");
    expect(() => at(list, -1)).toThrow("index -1 of a list of 3");
    for (const value of [-1, 0.5, 2 ** 32, NaN]) expect(() => append(list, value)).toThrow(`found ${value}`);
    expect(list.length).toBe(3);
  });

  test("refuses to append to a frozen list, and leaves it alone", () => {
    const { list } = produce({ list: intList([1]) }, () => {});
    expect(() => append(list, 2)).toThrow(TypeError);
    expect([list.length, list.store.length]).toEqual([1, 1]);
  });
});
