import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entries, type GrowMap, get, growMap, has, remove, set } from "../../../sim/structures/grow-map.ts";
import { TwoModes } from "./two-modes.ts";

type Operation = { kind: "set" | "remove" | "change"; key: number | string; value: number };

const key = fc.oneof(
  fc.nat(400),
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.string({ maxLength: 3 }),
  fc.constantFrom(0, -0, 2 ** 31, 2 ** 32, "", "0"),
);
const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom("set", "set", "set", "remove", "change"),
  key,
  value: fc.nat(),
});

/** Applies to a GrowMap what `applyToModel` applies to a Map. */
function apply(map: GrowMap<number | string, { n: number }>, { kind, key, value }: Operation): unknown {
  if (kind === "set") return set(map, key, { n: value });
  if (kind === "remove") return remove(map, key);
  const held = get(map, key);
  if (held !== undefined) held.n = value;
  return has(map, key);
}

function applyToModel(map: Map<number | string, { n: number }>, { kind, key, value }: Operation): unknown {
  if (kind === "set") return void map.set(key, { n: value });
  if (kind === "remove") return map.delete(key);
  if (map.has(key)) map.set(key, { n: value });
  return map.has(key);
}

const sorted = (pairs: Iterable<[number | string, unknown]>) =>
  [...pairs].sort(([a], [b]) => (`${typeof a}${a}` < `${typeof b}${b}` ? -1 : 1));

describe("GrowMap", () => {
  test("does what a Map does, in both modes, and older versions never change", () => {
    fc.assert(
      fc.property(
        fc.nat(1_500),
        fc.array(fc.array(operation, { maxLength: 80 }), { maxLength: 8 }),
        (size, steps) => {
          const filled = Array.from({ length: size }, (_, i) => [i * 3, { n: i }] as const);
          const modes = new TwoModes(() => ({
            map: growMap<number | string, { n: number }>(filled.map(([k, v]) => [k, { ...v }])),
          }));
          const model = new Map<number | string, { n: number }>(filled);
          const models = [sorted(model)];
          for (const operations of steps) {
            const results = modes.step(({ map }) => operations.map((each) => apply(map, each)));
            expect(results).toEqual(operations.map((each) => applyToModel(model, each)));
            expect(modes.fast.map.size).toBe(model.size);
            models.push(sorted(model));
          }
          expect(sorted(entries(modes.fast.map))).toEqual(models.at(-1));
          for (const [i, { map }] of modes.versions.entries())
            expect(sorted(entries(map))).toEqual(models[i]);
          // The order of iteration is the same in both modes.
          expect([...entries(modes.fast.map)]).toEqual([...entries(modes.checked.map)]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("copies one leaf and the nodes above it when a draft of a large map is written", () => {
    const modes = new TwoModes(() => ({ map: growMap(Array.from({ length: 5_000 }, (_, i) => [i, i])) }));
    modes.step(({ map }) => set(map, 17, -1));
    const leaves = (node: GrowMap<number, number>["root"]): unknown[] =>
      Array.isArray(node) ? node.flatMap(leaves) : [node];
    const [before, after] = modes.versions.map(({ map }) => leaves(map.root));
    expect(before!.length).toBeGreaterThan(60);
    expect(after!.filter((leaf, i) => leaf !== before![i]).length).toBe(1);
  });

  test("keeps its leaves small for consecutive, strided, large and textual keys", () => {
    const keys: ((i: number) => number | string)[] = [
      (i) => i,
      (i) => i * 1_024,
      (i) => i * 2 ** 32,
      (i) => `object/${i}`,
    ];
    for (const keyOf of keys) {
      const map = growMap(Array.from({ length: 20_000 }, (_, i) => [keyOf(i), i]));
      const sizes = (node: (typeof map)["root"]): number[] =>
        Array.isArray(node) ? node.flatMap(sizes) : [node.size];
      expect(Math.max(...sizes(map.root))).toBeLessThanOrEqual(512);
      expect(sizes(map.root).length).toBeLessThanOrEqual(1_024);
    }
  });

  test("keeps keys apart whose hashes agree", () => {
    // Fractions have the hash of their integer part: one leaf takes them all.
    const map = growMap(Array.from({ length: 1_000 }, (_, i) => [i / 1_000, i]));
    expect(map.size).toBe(1_000);
    for (let i = 0; i < 1_000; i++) expect(get(map, i / 1_000)).toBe(i);
  });
});
