/**
 * Draws cases of the runtime. Run i of campaign seed s is the same wherever and whenever it is drawn; each part of a case has a
 * stream of its own. Every case leaves out some kinds of faults and steps (swarm testing, Groce et al., ISSTA 2012).
 */

import { LANGUAGES, type Language } from "../../../models/applications/application.ts";
import type { NetworkConfig } from "../../../models/applications/network.ts";
import { BALANCINGS, type NightcoreConfig, RELEASED } from "../../../models/nightcore/config.ts";
import { INLINE_BYTES_MAX } from "../../../models/nightcore/messages.ts";
import type { Fault, Selector, TimedFault } from "../../../sim/faults/fault.ts";
import { numbered } from "../../../sim/faults/injector.ts";
import { streamFor } from "../../../sim/random.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { type Draw, drawFrom } from "../draw.ts";
import { type CaseFunction, type CaseLoad, type CaseStep, callsIn, type RuntimeCase } from "./case.ts";

/** What all cases of a campaign have in common. */
export interface RuntimeCampaign {
  readonly system: "nightcore";
  readonly seed: number;
  readonly mutation: number;
  /** No faults. */
  readonly calm?: boolean;
  /** With all settings of the released code. */
  readonly released?: boolean;
}

const FAULTY = 0.5;
const COSTED = 0.4;

/** Run `index` of a campaign. */
export function generateRuntimeCase(
  { seed, mutation, calm = false, released = false }: RuntimeCampaign,
  index: number,
): RuntimeCase {
  const streamOf = (part: string): Draw => drawFrom(streamFor(seed, `runtime run ${index} ${part}`));
  const general = streamOf("general");
  const functions = drawFunctions(streamOf("functions"));
  const nodes = general.pick([1, 1, 2, 3]);
  const loads = drawLoads(streamOf("loads"), functions);
  const settings = drawSettings(streamOf("settings"));
  const ends = loads.map(({ atNanos, count, gapNanos }) => atNanos + count * gapNanos);
  const spanNanos = Math.max(MILLISECOND, ...ends);
  const timed =
    general.chance(FAULTY) && !calm
      ? drawFaults(streamOf("faults"), { functions, loads, nodes }, spanNanos)
      : [];
  return {
    seed: general.between(1, 1_000_000_000),
    mutation,
    shuffleTies: general.chance(0.5),
    costs: general.chance(COSTED),
    nodes,
    settings: released ? { ...settings, ...RELEASED } : settings,
    network: drawNetwork(streamOf("network")),
    functions,
    loads,
    faults: { timed: numbered({ timed }).timed },
    healNanos: Math.max(0, ...timed.map(({ atNanos, forNanos = 0 }) => atNanos + forNanos)),
  };
}

// ---- Applications ----------------------------------------------------------------------------------------------------

const LEVELS_MAX = 4;
const FAN_OUT_MAX = 4;
/** A request makes no more calls than this: a campaign is of many small runs. */
const CALLS_MAX = 24;

/** Functions in levels, each calling only those of the next: a graph of calls without circles. */
function drawFunctions(draw: Draw): CaseFunction[] {
  const levels = draw.between(1, LEVELS_MAX);
  const languages = draw.some(LANGUAGES, draw.between(1, LANGUAGES.length));
  const withAsync = draw.chance(0.2);
  const functions: CaseFunction[] = [];
  const callsOf = new Map<string, number>();
  let below: string[] = [];
  for (let level = levels; level >= 1; level--) {
    const here: CaseFunction[] = [];
    for (let i = draw.between(1, level === 1 ? 1 : 2); i > 0; i--) {
      const language = draw.pick(languages);
      const name = `f${level}${"abc"[here.length]}`;
      const steps = drawSteps(draw, language, below, callsOf, withAsync);
      const made = callsIn(steps).reduce((sum, fn) => sum + 1 + callsOf.get(fn)!, 0);
      callsOf.set(name, made);
      const minWorkers = draw.pick([undefined, 0, 1, 1, 2, 4]);
      const maxWorkers = draw.pick([
        1,
        2,
        minWorkers ?? 4,
        minWorkers ?? 4,
        20,
        ...(draw.chance(0.2) ? [undefined] : []),
      ]);
      here.push({
        name,
        language,
        minWorkers:
          maxWorkers === undefined || minWorkers === undefined
            ? minWorkers
            : Math.min(minWorkers, maxWorkers || minWorkers),
        maxWorkers,
        outputBytes: drawBytes(draw),
        steps,
      });
    }
    functions.unshift(...here);
    below = here.map(({ name }) => name);
  }
  return functions;
}

function drawSteps(
  draw: Draw,
  language: Language,
  below: readonly string[],
  callsOf: ReadonlyMap<string, number>,
  withAsync: boolean,
): CaseStep[] {
  const steps: CaseStep[] = [];
  let left = CALLS_MAX;
  const drawCall = () => {
    const fn = draw.pick(below);
    left -= 1 + callsOf.get(fn)!;
    return { fn, inputBytes: drawBytes(draw) };
  };
  if (draw.chance(0.6))
    steps.push({ op: "work", micros: draw.spread(MICROSECOND, MILLISECOND) / MICROSECOND });
  if (draw.chance(0.4)) steps.push({ op: "store" });
  if (below.length === 0) return steps;
  for (let calls = draw.between(1, FAN_OUT_MAX); calls > 0 && left > 0; calls--) {
    if (language !== "cpp" && calls > 1 && draw.chance(0.3)) {
      const together = [];
      for (; calls > 0 && left > 0; calls--) together.push(drawCall());
      steps.push({ op: "parallel", calls: together });
      break;
    }
    steps.push({ op: withAsync && draw.chance(0.3) ? "callAsync" : "call", ...drawCall() });
    if (draw.chance(0.2)) steps.push({ op: "store" });
  }
  return steps;
}

/** Around the bound between a message and a file, mostly. */
function drawBytes(draw: Draw): number {
  if (draw.chance(0.4)) return draw.between(0, 400);
  return INLINE_BYTES_MAX + draw.pick([-1, 0, 1, 2, 500, 10_000]);
}

/** Bursts, and steps of load with quiet gaps between. */
function drawLoads(draw: Draw, functions: readonly CaseFunction[]): CaseLoad[] {
  const loads: CaseLoad[] = [];
  const together = draw.chance(0.5);
  let at = draw.pick([0, MILLISECOND]);
  for (let i = draw.between(1, 4); i > 0; i--) {
    const isBurst = draw.chance(0.35);
    const count = draw.between(1, isBurst ? 20 : 40);
    const gapNanos = isBurst ? 0 : draw.spread(20 * MICROSECOND, 4 * MILLISECOND);
    loads.push({
      fn: draw.chance(0.7) ? functions[0]!.name : draw.pick(functions).name,
      inputBytes: drawBytes(draw),
      atNanos: at,
      count,
      gapNanos,
      connections: draw.chance(0.3) ? draw.between(1, 3) : count,
    });
    if (!together) at += count * gapNanos;
    if (draw.chance(0.7)) at += draw.spread(100 * MICROSECOND, 300 * MILLISECOND);
  }
  return loads;
}

// ---- Deployments -----------------------------------------------------------------------------------------------------

function drawSettings(draw: Draw): Partial<NightcoreConfig> {
  const maxRunningPerNode = draw.pick([0, 0, 0, 1, 2, 5, 12]);
  return {
    engineThreads: draw.pick([1, 1, 2, 4]),
    gatewayThreads: draw.pick([1, 1, 2, 4]),
    connectionsPerThread: draw.pick([1, 2, 3]),
    balancing: draw.pick(BALANCINGS),
    maxRunningPerNode,
    rateExponent: draw.pick([0, 0.5, 1]),
    averageWeight: draw.pick([0.001, 0.05, 0.5]),
    averageSamplesMin: draw.pick([2, 8, 32]),
    rateTimeConstantNanos: draw.chance(0.2) ? draw.spread(MILLISECOND, 100 * MILLISECOND) : 0,
    limitCoefficient: draw.pick([0.3, 1, 1, 1.5]),
    expectedCoefficient: draw.pick([1, 1, 2]),
    concurrencyLimiter: draw.chance(0.9),
    growthIntervalNanos: draw.spread(MILLISECOND, 50 * MILLISECOND),
    alwaysGrow: draw.chance(0.1),
    shrinking: draw.chance(0.8),
    ...(draw.chance(0.25) ? { queueingLimit: draw.pick([0.5, 1, 4]) } : {}),
    ...(draw.chance(0.2) ? { directWrite: true } : {}),
    ...(draw.chance(0.1) ? { socketChannels: true } : {}),
    ...(draw.chance(0.15) ? { nestedPipes: true } : {}),
    // With nested calls among those that are admitted, callers may keep out what they wait for.
    ...(draw.chance(0.1) && maxRunningPerNode === 0 ? { internalFastPath: false } : {}),
    goSlotsPerThread: draw.pick([1, 8]),
    ...(draw.chance(0.1) ? { callTimeoutNanos: draw.spread(5 * MILLISECOND, SECOND) } : {}),
  };
}

function drawNetwork(draw: Draw): Partial<NetworkConfig> {
  const mean = draw.spread(20 * MICROSECOND, 2 * MILLISECOND);
  return draw.chance(0.4)
    ? { latency: { kind: "constant", value: mean } }
    : { latency: { kind: "exponential", mean, floor: Math.round(mean / 4) } };
}

// ---- Faults ----------------------------------------------------------------------------------------------------------

const FAULTS_MAX = 4;
/** A process is not there again sooner than this; */
const DOWN_NANOS_MIN: Nanos = 500 * MICROSECOND;
/** an engine not before its workers, which may be in a long computation, have heard of its end. */
const ENGINE_DOWN_NANOS_MIN: Nanos = 50 * MILLISECOND;
const FAULT_KINDS = [
  "idle",
  "running",
  "launcher",
  "engine",
  "power",
  "gateway",
  "client",
  "reset",
  "pause",
  "slow",
] as const;

function drawFaults(
  draw: Draw,
  { functions, loads, nodes }: Pick<RuntimeCase, "functions" | "loads" | "nodes">,
  spanNanos: Nanos,
): TimedFault[] {
  const kinds = draw.some(FAULT_KINDS, draw.between(1, 4));
  return Array.from({ length: draw.between(1, FAULTS_MAX) }, (): TimedFault => {
    const atNanos = Math.round((spanNanos * draw.between(0, 100)) / 100);
    const forNanos = draw.spread(DOWN_NANOS_MIN, 200 * MILLISECOND);
    const where = draw.chance(0.5) ? "" : ` on node ${draw.between(1, nodes)}`;
    const which = draw.chance(0.5) ? "" : ` of ${draw.pick(functions).name}`;
    const one = (part: string): Selector => ({ part, count: 1 });
    const anyone = draw.pick([one(`engine${where}`), one(`launcher${which}${where}`), one("gateway")]);
    const client = { names: [`client-load${draw.between(0, loads.length - 1)}`] };
    const kind = draw.pick(kinds);
    const fault = ((): Fault => {
      switch (kind) {
        case "idle":
          return { kind: "crash", of: one(`idle worker${which}${where}`) };
        case "running":
          return { kind: "crash", of: one(`running worker${which}${where}`) };
        case "launcher":
          return { kind: "crash", of: one(`launcher${which}${where}`) };
        case "engine":
          return { kind: "crash", of: one(`engine${where}`) };
        case "power":
          return { kind: "crash", of: one(`engine${where}`), wholeHost: true };
        case "gateway":
          return { kind: "crash", of: one("gateway") };
        case "client":
          return { kind: "crash", of: client };
        case "reset":
          return {
            kind: "reset",
            of: draw.chance(0.3) ? client : one("gateway"),
            ...(draw.chance(0.5) ? { and: one(`engine${where}`) } : {}),
          };
        case "pause":
          return { kind: "pause", of: anyone };
        case "slow":
          return { kind: "slowCpu", of: anyone, factor: draw.pick([2, 10, 50]) };
      }
    })();
    const length = kind === "engine" ? Math.max(forNanos, ENGINE_DOWN_NANOS_MIN) : forNanos;
    return { atNanos, ...(fault.kind === "reset" ? {} : { forNanos: length }), fault };
  });
}
