import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { searchCapacity } from "../../../scenarios/capacity/search.ts";

const upTo = (limit: number) => async (factor: number) => ({ held: factor <= limit, evidence: factor });

describe("searching a capacity", () => {
  test("finds the limit to the precision asked for, wherever it lies", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 1 / 60, max: 60, noNaN: true }),
        fc.double({ min: 0.001, max: 0.3, noNaN: true }),
        fc.double({ min: 1, max: 2, noNaN: true }),
        async (limit, precision, start) => {
          const result = await searchCapacity(upTo(limit), { precision, spread: 128, start });
          expect(result.kind).toBe("found");
          if (result.kind !== "found") return;
          expect(result.factor / limit).toBeLessThanOrEqual(1 + precision);
          expect(limit / result.factor).toBeLessThanOrEqual(1 + precision);
          expect(result.probes.length).toBeLessThan(40);
        },
      ),
      { seed: 5 },
    );
  });

  test("says that nothing holds, or everything, within the loads it tries", async () => {
    const options = { precision: 0.02, spread: 8, start: 1 };
    const never = await searchCapacity(upTo(0.01), options);
    expect(never.kind).toBe("never");
    expect(never.probes.map(({ factor }) => factor)).toEqual([1, 0.5, 0.25, 0.125]);
    const always = await searchCapacity(upTo(100), options);
    expect(always.kind).toBe("always");
    expect(always.probes.at(-1)!.factor).toBe(8);
  });

  test("refuses a precision that no search reaches", async () => {
    await expect(searchCapacity(upTo(1), { precision: 0, spread: 8, start: 1 })).rejects.toThrow(RangeError);
  });
});
