/** Generated fault plans: every kind of fault, aimed at the processes of a toy system, overlapping in any way. */

import fc from "fast-check";
import type { Distribution } from "../../../sim/distribution.ts";
import type { DiskRule, Fault, FaultPlan, LinkRule, Selector } from "../../../sim/faults/fault.ts";

const flag = fc.boolean();
const share = fc.constantFrom(0.1, 0.5, 1);
/** Some of these fields. */
const some = { requiredKeys: [] as [] };

const selectors: fc.Arbitrary<Selector> = fc.oneof(
  fc.constant({}),
  fc.record({ names: fc.subarray(["toy-0", "toy-1"], { minLength: 1 }) }),
  fc.record({ role: fc.constant("toy"), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ part: fc.constant("busiest") }),
);

const lengths: fc.Arbitrary<Distribution> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), value: fc.nat(20_000) }),
  fc.record({ kind: fc.constant("exponential" as const), mean: fc.integer({ min: 1, max: 20_000 }) }),
);

const linkRules: fc.Arbitrary<LinkRule> = fc.record(
  {
    blocked: flag,
    lossShare: share,
    duplicateShare: share,
    corruptShare: share,
    extraLatency: lengths,
    reorder: flag,
    slowdown: fc.constantFrom(2, 100),
  },
  some,
) as fc.Arbitrary<LinkRule>;

const diskRules: fc.Arbitrary<DiskRule> = fc.record(
  {
    slowdown: fc.constantFrom(2, 10),
    stalled: flag,
    full: flag,
    writeErrorShare: share,
    unsyncedLossShare: share,
    tornShare: share,
    misdirectedShare: share,
    corruptShare: share,
    readErrorShare: share,
  },
  some,
) as fc.Arbitrary<DiskRule>;

const kind = <K extends string>(name: K) => fc.constant(name);

const faults: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: kind("crash"),
    of: selectors,
    wholeHost: flag,
    disk: fc.constantFrom("kept", "kept", "lost"),
  }),
  fc.record({ kind: kind("pause"), of: selectors }),
  fc.record({ kind: kind("slowCpu"), of: selectors, factor: fc.constantFrom(1.5, 10) }),
  fc.record({ kind: kind("reset"), of: selectors }),
  fc.record({ kind: kind("reset"), of: selectors, and: selectors }),
  fc.record({
    kind: kind("partition"),
    shape: fc.constantFrom("symmetric", "oneWay", "ring", "partial"),
    of: selectors,
  }),
  fc.record({ kind: kind("partition"), shape: kind("symmetric"), of: selectors, from: selectors }),
  fc.record({ kind: kind("link"), of: selectors, rule: linkRules, bothWays: flag }),
  fc.record({ kind: kind("link"), of: selectors, to: selectors, rule: linkRules }),
  fc.record({ kind: kind("disk"), of: selectors, rule: diskRules }),
  fc.record({
    kind: kind("clock"),
    of: selectors,
    offsetNanos: fc.integer({ min: -30_000, max: 30_000 }),
    driftPpm: fc.constantFrom(-500_000, -200, 0, 300, 400_000),
  }),
);

/** Plans for a run of so many nanoseconds. */
export function faultPlans(runNanos: number): fc.Arbitrary<FaultPlan> {
  const moments = fc.nat(runNanos);
  return fc
    .record({
      timed: fc.array(
        fc.record(
          { atNanos: moments, forNanos: fc.nat(runNanos / 4), fault: faults },
          { requiredKeys: ["atNanos", "fault"] },
        ),
        { maxLength: 5 },
      ),
      repeated: fc.array(
        fc.record({
          fromNanos: moments,
          everyNanos: fc.constant({ kind: "exponential", mean: runNanos / 8 } as const),
          lengthNanos: lengths,
          fault: faults,
        }),
        { maxLength: 2 },
      ),
      heal: fc.option(moments, { nil: undefined }),
    })
    .map(({ timed, repeated, heal }) => ({
      timed: timed as FaultPlan["timed"],
      repeated,
      ...(heal === undefined ? {} : { healAtNanos: heal }),
    }));
}
