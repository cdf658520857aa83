/** The format of a case of the runtime in a file: plain data as the simulator has it, times in nanoseconds, with every default left out. */

import { z } from "zod";
import { LANGUAGES } from "../../../models/applications/application.ts";
import { NETWORK_DEFAULTS } from "../../../models/applications/network.ts";
import {
  BALANCINGS,
  DROPS,
  GATEWAY_LOSSES,
  GROWTH_THROTTLES,
  LIMIT_ROUNDINGS,
  LIMIT_TIMES,
  MEMBERSHIPS,
  NIGHTCORE_DEFAULTS,
  WORKER_LOSSES,
} from "../../../models/nightcore/config.ts";
import { Bug, type BugName } from "../../../models/nightcore/mutations.ts";
import { count, distribution, expectedFields, faultPlan, nanos } from "../case-schema.ts";
import { EMPTY_RUNTIME_CASE } from "./case.ts";

const call = { fn: z.string(), inputBytes: count.default(0) };
const step = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("work"), micros: z.number().min(0) }),
  z.strictObject({ op: z.literal("store") }),
  z.strictObject({ op: z.enum(["call", "callAsync"]), ...call }),
  z.strictObject({ op: z.literal("parallel"), calls: z.array(z.strictObject(call)).min(1) }),
]);

const WORDS: Readonly<Record<string, readonly string[]>> = {
  balancing: BALANCINGS,
  growthThrottle: GROWTH_THROTTLES,
  limitTime: LIMIT_TIMES,
  limitRounding: LIMIT_ROUNDINGS,
  membership: MEMBERSHIPS,
  gatewayLost: GATEWAY_LOSSES,
  workerLost: WORKER_LOSSES,
  droppedCalls: DROPS,
};

function setting(name: string, value: unknown): z.ZodType {
  if (typeof value === "boolean") return z.boolean();
  if (typeof value === "number") return z.number().min(0);
  if (WORDS[name] !== undefined) return z.enum(WORDS[name]);
  return z.strictObject(Object.fromEntries(LANGUAGES.map((language) => [language, distribution])));
}

const settings = Object.fromEntries(
  Object.entries(NIGHTCORE_DEFAULTS).map(([name, value]) => [name, setting(name, value).optional()]),
);
const network = Object.fromEntries(
  Object.entries(NETWORK_DEFAULTS).map(([name, value]) => [
    name,
    (typeof value === "number" ? z.number().min(0) : distribution).optional(),
  ]),
);

export const runtimeCaseFileFields = z.strictObject({
  case: z.strictObject({
    system: z.literal("nightcore"),
    seed: count.default(EMPTY_RUNTIME_CASE.seed),
    mutation: z.enum(Object.keys(Bug) as BugName[]).default("none"),
    shuffleTies: z.boolean().default(false),
    costs: z.boolean().default(EMPTY_RUNTIME_CASE.costs),
    nodes: z.int().min(1).default(EMPTY_RUNTIME_CASE.nodes),
    settings: z.strictObject(settings).default({}),
    network: z.strictObject(network).default({}),
    functions: z
      .array(
        z.strictObject({
          name: z.string(),
          language: z.enum(LANGUAGES),
          minWorkers: count.optional(),
          maxWorkers: count.optional(),
          outputBytes: count.default(0),
          steps: z.array(step).default([]),
        }),
      )
      .min(1),
    loads: z.array(
      z.strictObject({
        ...call,
        atNanos: nanos.default(0),
        count: z.int().min(1),
        gapNanos: nanos.default(0),
        connections: z.int().min(1),
      }),
    ),
    faults: faultPlan.pick({ timed: true }).default({ timed: [] }),
    healNanos: nanos.default(EMPTY_RUNTIME_CASE.healNanos),
  }),
  expected: expectedFields.optional(),
});
