import fc from "fast-check";
import { expect, test } from "vitest";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import {
  cutsFrom,
  dropBehind,
  entryAt,
  extend,
  metalogWindow,
  newest,
  oldest,
  slice,
} from "../../../models/boki/metalog-window.ts";
import { cutsOf } from "./nodes.ts";

/** Entries enough that a window has dropped its oldest. */
const MANY = cutsOf(1, new Array<readonly number[]>(16_600).fill([1]));

test("a window holds what a list of entries would, and drops only the oldest", () => {
  const window = metalogWindow();
  const list: CutEntry[] = [];
  for (const entry of MANY) {
    extend(window, entry);
    list.push(entry);
  }
  expect(oldest(window)).toBeGreaterThan(0);
  expect(window.end - oldest(window)).toBeGreaterThanOrEqual(16_320);
  expect(slice(window, oldest(window), window.end)).toEqual(list.slice(oldest(window)));
  expect(slice(window, 0, window.end)).toEqual([]);
  expect(entryAt(window, window.end)).toBeUndefined();
});

test("a window from which the end was dropped goes on from there", () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.nat(200),
      fc.nat(70),
      fc.array(fc.nat(200)),
      (length, final, count, trims) => {
        const window = metalogWindow();
        const entries = MANY.slice(0, length).map((entry) => {
          const trim = { engine: 1, op: 0, logBook: 1, tag: 0, seqnum: 0 };
          return trims.includes(entry.position) ? { ...entry, trim } : entry;
        });
        for (const entry of entries) extend(window, entry);
        const dropped = entries.slice(final);
        expect(cutsFrom(window, final)).toBe(dropped.filter(({ trim }) => trim === undefined).length);
        dropBehind(window, final);
        const kept = entries.slice(0, final);
        expect(window.end).toBe(kept.length);
        expect(newest(window, count)).toEqual(count === 0 ? [] : kept.slice(-count));
        const next = MANY[kept.length]!;
        extend(window, next);
        expect(newest(window, 2)).toEqual([...kept, next].slice(-2));
      },
    ),
  );
});
