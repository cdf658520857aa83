import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lru, lruGet, lruOldest, lruPeek, lruPut, lruRemove, lruSize } from "../../../sim/structures/lru.ts";
import { TwoModes } from "./two-modes.ts";

type Operation = { kind: "get" | "peek" | "put" | "remove"; key: number; sizeBytes: number };

/** The cache in its plainest form: an array from the oldest to the newest. */
class Model {
  held: { key: number; value: string; sizeBytes: number }[] = [];
  readonly capacityBytes: number;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  apply({ kind, key, sizeBytes }: Operation): unknown {
    const found = this.held.find((entry) => entry.key === key);
    if (kind === "peek") return found?.value;
    if (kind === "get" && found === undefined) return undefined;
    this.held = this.held.filter((entry) => entry !== found);
    if (kind === "remove") return found !== undefined;
    if (kind === "get") {
      this.held.push(found!);
      return found!.value;
    }
    if (sizeBytes > this.capacityBytes) return 0;
    this.held.push({ key, value: `${key}/${sizeBytes}`, sizeBytes });
    let evicted = 0;
    while (this.held.reduce((sum, entry) => sum + entry.sizeBytes, 0) > this.capacityBytes) {
      this.held.shift();
      evicted++;
    }
    return evicted;
  }
}

describe("Lru", () => {
  test("does what an ordered array does, in both modes", () => {
    const operation: fc.Arbitrary<Operation> = fc.record({
      kind: fc.constantFrom("get", "get", "peek", "put", "put", "put", "remove"),
      key: fc.nat(40),
      sizeBytes: fc.nat(30),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.array(operation, { maxLength: 12 }), { maxLength: 20 }),
        (capacityBytes, steps) => {
          const model = new Model(capacityBytes);
          const modes = new TwoModes(() => ({ cache: lru<number, string>(capacityBytes) }));
          for (const operations of steps) {
            const results = modes.step(({ cache }) =>
              operations.map(({ kind, key, sizeBytes }) => {
                if (kind === "get") return lruGet(cache, key);
                if (kind === "peek") return lruPeek(cache, key);
                if (kind === "put") return lruPut(cache, key, `${key}/${sizeBytes}`, sizeBytes);
                return lruRemove(cache, key);
              }),
            );
            expect(results).toEqual(operations.map((each) => model.apply(each)));
            expect(lruSize(modes.fast.cache)).toBe(model.held.length);
            expect(modes.fast.cache.usedBytes).toBe(
              model.held.reduce((sum, entry) => sum + entry.sizeBytes, 0),
            );
            expect(lruOldest(modes.fast.cache)).toBe(model.held[0]?.key);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("keeps what is used and gives up what is not, with text for keys", () => {
    const cache = lru<string, number>(3);
    for (const [i, key] of ["a", "b", "c"].entries()) lruPut(cache, key, i, 1);
    expect(lruGet(cache, "a")).toBe(0);
    expect(lruPeek(cache, "b")).toBe(1);
    expect(lruPut(cache, "d", 3, 1)).toBe(1);
    expect(["a", "b", "c", "d"].map((key) => lruPeek(cache, key))).toEqual([0, undefined, 2, 3]);
  });

  test("refuses a negative size", () => {
    expect(() => lruPut(lru(1), 1, 1, -1)).toThrow("must not be negative; found -1");
  });
});
