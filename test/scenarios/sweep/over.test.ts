import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseQuantity, TIME } from "../../../scenarios/quantity.ts";
import { parseOver } from "../../../scenarios/sweep/over.ts";

const valuesOf = (text: string): readonly string[] => {
  const over = parseOver(text);
  if (!over.ok) throw new Error(over.reason);
  return over.swept.values;
};

describe("what a sweep varies", () => {
  test.each([
    ["cluster.storages=3,5,9", ["3", "5", "9"]],
    ["boki.engineCache=on, off", ["on", "off"]],
    ["boki.localCut=1ms", ["1ms"]],
    ["boki.globalCut=100us..1ms:lin:4", ["100us", "400us", "700us", "1ms"]],
    ["boki.globalCut=10us..1ms:log:3", ["10us", "100us", "1ms"]],
    ["cluster.storages=3..9:4", ["3", "5", "7", "9"]],
    ["cluster.storages=1..3:lin:9", ["1", "2", "3"]],
    ["workload.a.recordSize=128B..512KiB:log:3", ["128B", "8KiB", "512KiB"]],
    ["cluster.siblingSlowdown=1..2.5:lin:4", ["1", "1.5", "2", "2.5"]],
    ["workload.a.arrival.poisson.rate=1k/s..4k/s:lin:4", ["1k/s", "2k/s", "3k/s", "4k/s"]],
  ])("%s", (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  test.each([
    ["cluster.storages", /form path=values/],
    ["cluster.storages=3,,5", /a value is missing/],
    ["cluster.storages=3,5,3", /3 is there twice/],
    ["boki.globalCut=1ms..2ms", /how many values/],
    ["boki.globalCut=2ms..1ms:log:3", /2ms is not below 1ms/],
    ["boki.globalCut=0us..1ms:log:3", /cannot begin at 0us/],
    ["boki.globalCut=1ms..3KiB:lin:3", /not two values of one kind/],
    ["boki.globalCut=1ms..2ms:lin:1", /2 to 1000 values, not 1/],
  ])("%s is refused", (text, reason) => {
    const over = parseOver(text);
    expect(over.ok ? "" : over.reason).toMatch(reason);
  });

  test("a range begins and ends where it says, and rises", () => {
    const whole = fc.tuple(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 2, max: 20 }),
    );
    fc.assert(
      fc.property(whole, fc.constantFrom("lin", "log"), ([from, more, count], spacing) => {
        const values = valuesOf(`boki.localCut=${from}us..${from + more}us:${spacing}:${count}`);
        expect([values[0], values.at(-1)]).toEqual([`${from}us`, `${from + more}us`]);
        const nanos = values.map((each) => {
          const parsed = parseQuantity(TIME, each);
          return parsed.ok ? parsed.value : Number.NaN;
        });
        expect(nanos.every((each, i) => i === 0 || each > nanos[i - 1]!)).toBe(true);
      }),
      { seed: 1 },
    );
  });
});
