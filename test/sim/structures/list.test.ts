import fc from "fast-check";
import { produce } from "immer";
import { describe, expect, test } from "vitest";
import { append, at, copy, type List, last, list, slice, values } from "../../../sim/structures/list.ts";
import { TwoModes } from "./two-modes.ts";

interface Entry {
  name: string;
  numbers: number[];
}

const entry = fc.record({ name: fc.string({ maxLength: 3 }), numbers: fc.array(fc.nat(), { maxLength: 3 }) });

describe("List", () => {
  test("gives back what was appended, in both modes, and older versions never change", () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { maxLength: 40 }), { maxLength: 12 }), (steps) => {
        const modes = new TwoModes(() => ({ list: list<Entry>() }));
        const model: Entry[][] = [[]];
        for (const added of steps) {
          modes.step((state) => {
            for (const each of added) append(state.list, structuredClone(each));
            return [state.list.length, last(state.list), slice(state.list, 2, 4)];
          });
          model.push([...model.at(-1)!, ...added]);
        }
        expect([...values(modes.fast.list)]).toEqual(model.at(-1));
        for (const [i, version] of modes.versions.entries()) expect(slice(version.list)).toEqual(model[i]);
      }),
    );
  });

  test("forks when an older version is appended to, at any length", () => {
    for (const [length, cut] of [
      [5, 0],
      [5, 4],
      [1_024, 1_023],
      [1_025, 1_024],
      [5_000, 1_024],
      [5_000, 3_000],
    ] as const) {
      const newer = list(Array.from({ length }, (_, i) => i));
      const older: List<number> = { length: cut, store: newer.store };
      append(older, -1);
      append(older, -2);
      append(newer, -3);
      expect(slice(older)).toEqual([...slice(newer, 0, cut), -1, -2]);
      expect([newer.length, last(newer), at(newer, length - 1)]).toEqual([length + 1, -3, length - 1]);
    }
  });

  test("keeps no drafts, wherever they hide in what is appended", () => {
    interface State {
      pending: Entry;
      log: List<unknown>;
      fresh?: List<unknown>;
    }
    const make = (): State => ({ pending: { name: "p", numbers: [1] }, log: list() });
    const modes = new TwoModes(make);
    modes.step((state) => {
      state.pending.numbers.push(2);
      append(state.log, state.pending);
      append(state.log, {
        inside: [state.pending.numbers],
        map: new Map([[1, state.pending]]),
        set: new Set([state.pending]),
      });
      state.fresh = list();
      append(state.fresh, state.pending);
      // What follows is another value; the list keeps the one it was given. Fast mode shares it, so assign, not mutate.
      state.pending = { name: "q", numbers: [] };
    });
    const pending = { name: "p", numbers: [1, 2] };
    expect(at(modes.checked.log, 0)).toEqual(pending);
    expect(at(modes.checked.log, 1)).toEqual({
      inside: [[1, 2]],
      map: new Map([[1, pending]]),
      set: new Set([pending]),
    });
    expect(at(modes.checked.fresh!, 0)).toEqual(pending);
  });

  test("freezes its elements in checked mode, so that a later change fails", () => {
    const state = produce({ log: list<Entry>() }, ({ log }) => append(log, { name: "a", numbers: [1] }));
    expect(() => at(state.log, 0).numbers.push(2)).toThrow(TypeError);
    expect(() =>
      produce(state, ({ log }) => {
        at(log, 0).name = "b";
      }),
    ).toThrow(TypeError);
  });

  test("copies in constant time, and the copies grow apart", () => {
    const original = list(["a", "b"]);
    const other = copy(original);
    append(original, "c");
    append(other, "d");
    expect([slice(original), slice(other)]).toEqual([
      ["a", "b", "c"],
      ["a", "b", "d"],
    ]);
  });

  test("refuses an index outside the list", () => {
    expect(() => at(list([1]), 1)).toThrow("index 1 of a list of 1");
    expect(last(list())).toBeUndefined();
  });
});
