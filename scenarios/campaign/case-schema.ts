/** The format of a case in a file: plain data as the simulator has it, times in nanoseconds, with every default left out. */

import { z } from "zod";
import { BOKI_DEFAULTS } from "../../models/boki/config.ts";
import { DEFECT_IDS } from "../../models/boki/defects.ts";
import { Mutation, type MutationName } from "../../models/boki/mutations.ts";
import { CASE_CLUSTER, EMPTY_CASE } from "./case.ts";

export const nanos = z.int().min(0);
export const count = z.int().min(0);
const share = z.number().min(0).max(1);

export const distribution: z.ZodType = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("constant"), value: z.number() }),
    z.strictObject({ kind: z.literal("uniform"), low: z.number(), high: z.number() }),
    z.strictObject({ kind: z.literal("exponential"), mean: z.number(), floor: z.number().optional() }),
    z.strictObject({
      kind: z.literal("lognormal"),
      median: z.number(),
      sigma: z.number(),
      floor: z.number().optional(),
    }),
    z.strictObject({
      kind: z.literal("quantiles"),
      probabilities: z.array(z.number()),
      values: z.array(z.number()),
    }),
    z.strictObject({
      kind: z.literal("mixture"),
      weights: z.array(z.number()),
      parts: z.array(distribution),
    }),
  ]),
);

// ---- Operations ----------------------------------------------------------------------------------------------------

const place = z.union([z.enum(["start", "end"]), z.strictObject({ back: count, plus: z.int().optional() })]);
const tag = count;
const logOperations = [
  z.strictObject({
    op: z.literal("append"),
    tags: z.array(tag).default([]),
    dataBytes: z.int().min(1).optional(),
  }),
  z.strictObject({ op: z.enum(["readNext", "readPrev", "readNextBlock"]), tag, at: place }),
  z.strictObject({ op: z.literal("checkTail"), tag }),
  z.strictObject({ op: z.literal("setAuxData"), at: place }),
  z.strictObject({ op: z.literal("trim"), tag, at: place }),
] as const;
const logOperation = z.discriminatedUnion("op", logOperations);
const operation: z.ZodType = z.lazy(() =>
  z.discriminatedUnion("op", [
    ...logOperations,
    z.strictObject({ op: z.literal("sleep"), nanos }),
    z.strictObject({ op: z.literal("all"), operations: z.array(logOperation) }),
    z.strictObject({ op: z.literal("invoke"), operations: z.array(operation) }),
  ]),
);

// ---- Faults --------------------------------------------------------------------------------------------------------

const selector = z.strictObject({
  names: z.array(z.string()).optional(),
  role: z.string().optional(),
  part: z.string().optional(),
  count: z.int().min(1).optional(),
});
const fault = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("crash"),
    of: selector,
    wholeHost: z.boolean().optional(),
    disk: z.enum(["kept", "lost"]).optional(),
  }),
  z.strictObject({ kind: z.literal("pause"), of: selector }),
  z.strictObject({ kind: z.literal("slowCpu"), of: selector, factor: z.number().positive() }),
  z.strictObject({ kind: z.literal("reset"), of: selector, and: selector.optional() }),
  z.strictObject({
    kind: z.literal("partition"),
    shape: z.enum(["symmetric", "oneWay", "ring", "partial"]),
    of: selector,
    from: selector.optional(),
  }),
  z.strictObject({
    kind: z.literal("link"),
    of: selector,
    to: selector.optional(),
    bothWays: z.boolean().optional(),
    rule: z.strictObject({
      blocked: z.boolean().optional(),
      lossShare: share.optional(),
      duplicateShare: share.optional(),
      corruptShare: share.optional(),
      extraLatency: distribution.optional(),
      reorder: z.boolean().optional(),
      slowdown: z.number().positive().optional(),
    }),
  }),
  z.strictObject({
    kind: z.literal("disk"),
    of: selector,
    rule: z.strictObject({
      slowdown: z.number().positive().optional(),
      stalled: z.boolean().optional(),
      full: z.boolean().optional(),
      writeErrorShare: share.optional(),
      unsyncedLossShare: share.optional(),
      tornShare: share.optional(),
      misdirectedShare: share.optional(),
      corruptShare: share.optional(),
      readErrorShare: share.optional(),
    }),
  }),
  z.strictObject({
    kind: z.literal("clock"),
    of: selector,
    offsetNanos: z.int().optional(),
    driftPpm: z.number().optional(),
  }),
]);
export const faultPlan = z.strictObject({
  timed: z
    .array(z.strictObject({ number: count.optional(), atNanos: nanos, forNanos: nanos.optional(), fault }))
    .default([]),
  repeated: z
    .array(
      z.strictObject({
        number: count.optional(),
        fromNanos: nanos,
        untilNanos: nanos.optional(),
        everyNanos: distribution,
        lengthNanos: distribution,
        fault,
      }),
    )
    .optional(),
  healAtNanos: nanos.optional(),
});

// ---- The case ------------------------------------------------------------------------------------------------------

const bokiSettings = Object.fromEntries(
  Object.entries(BOKI_DEFAULTS).map(([name, value]) => [
    name,
    (typeof value === "boolean" ? z.boolean() : z.number().min(0)).optional(),
  ]),
);

export const caseFields = z.strictObject({
  seed: count.default(EMPTY_CASE.seed),
  mutation: z.enum(Object.keys(Mutation) as MutationName[]).default("none"),
  defects: z.array(z.enum(DEFECT_IDS)).default([]),
  shuffleTies: z.boolean().default(false),
  cluster: z
    .strictObject(Object.fromEntries(Object.keys(CASE_CLUSTER).map((name) => [name, count.optional()])))
    .default({}),
  boki: z.strictObject(bokiSettings).default({}),
  network: z
    .strictObject({
      latency: distribution.optional(),
      bitsPerSecond: z.number().min(0).optional(),
      pipeLatency: distribution.optional(),
      zookeeperDelay: distribution.optional(),
      wakeLatency: distribution.optional(),
      cpuJitter: distribution.optional(),
    })
    .default({}),
  costs: z.boolean().default(EMPTY_CASE.costs),
  calls: z
    .array(
      z.strictObject({
        atNanos: nanos.default(0),
        logBook: count.default(1),
        operations: z.array(operation),
      }),
    )
    .default([]),
  reconfigurations: z
    .array(z.strictObject({ atNanos: nanos, sequencers: z.array(z.int().min(1)).optional() }))
    .default([]),
  faults: faultPlan.default({ timed: [] }),
  healNanos: nanos.default(EMPTY_CASE.healNanos),
  staysDown: z.array(z.string()).default([]),
  settleNanos: nanos.default(EMPTY_CASE.settleNanos),
});

/** What the run of the case came to when it was written; with another version of bokisim it may differ. */
export const expectedFields = z.strictObject({
  version: z.string(),
  digest: z.string(),
  failures: z.array(z.string()),
});

export const caseFileFields = z.strictObject({ case: caseFields, expected: expectedFields.optional() });
