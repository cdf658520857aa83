/** What faults did, built by formula, for the tests of what is shown of it. */

import type { Impact, Stretch } from "../../scenarios/fault-impact.ts";
import type { FaultPeriodResult, FaultsResult, ScenarioResult } from "../../scenarios/result.ts";
import { quickstartResult } from "./fixture.ts";

const MILLISECOND = 1_000_000;
const SECOND = 1_000 * MILLISECOND;

const stretch = (fromNanos: number, untilNanos: number, perSecond: number): Stretch => ({
  fromNanos,
  untilNanos,
  completed: Math.round((perSecond * (untilNanos - fromNanos)) / SECOND),
  throughputPerSecond: perSecond,
  p50Nanos: perSecond === 0 ? null : 950_000,
  p99Nanos: perSecond === 0 ? null : 2_400_000,
  maxNanos: perSecond === 0 ? null : 9_000_000,
});

const impact = (
  operation: string,
  fromNanos: number,
  untilNanos: number,
  recovery: Impact["recovery"],
): Impact => ({
  operation,
  before: stretch(fromNanos - SECOND, fromNanos, 46_000),
  during: stretch(fromNanos, untilNanos, 0),
  after: stretch(untilNanos, untilNanos + SECOND, 45_000),
  recovery,
});

const period = (
  replication: number,
  fault: string,
  struck: readonly string[],
  fromNanos: number,
  untilNanos: number | null,
  recovery: Impact["recovery"],
): FaultPeriodResult => ({
  replication,
  fault,
  kind: "crash",
  struck,
  fromNanos,
  untilNanos,
  operations: [
    impact("append", fromNanos, untilNanos ?? fromNanos + 2 * SECOND, recovery),
    impact("readNext", fromNanos, untilNanos ?? fromNanos + SECOND, { kind: "untold" }),
  ],
});

const storages = ["storage-1", "storage-2", "storage-3"];

/** A crash that took two seconds to get over, a fault of all storage nodes, pauses at random, and an order, in two replications. */
export const faults: FaultsResult = {
  periods: [0, 1].flatMap((replication) => [
    period(replication, "crash primary", ["sequencer-1"], 3 * SECOND, null, {
      kind: "recovered",
      nanos: (2_010 + replication * 20) * MILLISECOND,
    }),
    period(replication, "loss 1% storages", storages, 6 * SECOND, 6.5 * SECOND, {
      kind: "recovered",
      nanos: 0,
    }),
    ...Array.from({ length: 12 }, (_, i) =>
      period(
        replication,
        "pause any storage",
        [storages[i % 3]!],
        (2 + i * 0.61) * SECOND,
        (2 + i * 0.61) * SECOND + (i + 1) * 5 * MILLISECOND,
        { kind: "untold" },
      ),
    ),
    {
      ...period(replication, "reconfiguration", [], 8 * SECOND, 8 * SECOND, { kind: "notRecovered" }),
      kind: "reconfigure",
    },
  ]),
  viewChanges: [0, 1].flatMap((replication) => [
    {
      replication,
      viewId: 0,
      cause: "crash primary",
      causeNanos: 3 * SECOND,
      frozenNanos: 5 * SECOND + replication * MILLISECOND,
      sealedNanos: 5.006 * SECOND + replication * MILLISECOND,
      nextViewNanos: 5.01 * SECOND + replication * MILLISECOND,
      firstAppendNanos: 5.013 * SECOND + replication * MILLISECOND,
    },
    {
      replication,
      viewId: 1,
      cause: "reconfiguration",
      causeNanos: 8 * SECOND,
      frozenNanos: 8.003 * SECOND,
      sealedNanos: 8.009 * SECOND,
      nextViewNanos: null,
      firstAppendNanos: null,
    },
  ]),
  outages: [
    {
      operation: "append",
      longestNanos: { mean: 2.013 * SECOND, low: 2 * SECOND, high: 2.026 * SECOND },
      maxNanos: 2.02 * SECOND,
    },
    {
      operation: "readNext",
      longestNanos: { mean: MILLISECOND, low: null, high: null },
      maxNanos: MILLISECOND,
    },
  ],
  closeUps: [
    {
      fault: "crash primary",
      atNanos: 3 * SECOND,
      fromNanos: 2.5 * SECOND,
      intervalNanos: 50 * MILLISECOND,
      operations: [
        {
          operation: "append",
          completedPerSecond: Array.from({ length: 60 }, (_, i) => (i > 9 && i < 50 ? 0 : 46_000)),
          p50Nanos: Array.from({ length: 60 }, (_, i) => (i > 9 && i < 50 ? null : 950_000)),
          maxNanos: Array.from({ length: 60 }, (_, i) =>
            i > 9 && i < 50 ? null : i === 50 ? 2 * SECOND : 2_400_000,
          ),
        },
      ],
    },
  ],
};

/** The result of one variant with these faults. */
export function faultsResult(more: Partial<FaultsResult> = {}): ScenarioResult {
  const result = quickstartResult();
  return { ...result, variants: [{ ...result.variants[0]!, faults: { ...faults, ...more } }] };
}

/** Two variants, each with these faults. */
export function comparedFaultsResult(): ScenarioResult {
  const { variants, ...rest } = faultsResult();
  return { ...rest, variants: ["one", "two"].map((variant) => ({ ...variants[0]!, variant })) };
}
