/** Draws what goes wrong in a case: kinds by swarm, victims within the fault budget, times within the span of the workload. */

import type {
  DiskRule,
  Fault,
  FaultPlan,
  LinkRule,
  RepeatedFault,
  Selector,
  TimedFault,
} from "../../sim/faults/fault.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../../sim/units.ts";
import { CASE_BOKI, CASE_CLUSTER, type Case, type CaseCluster } from "./case.ts";
import type { Draw } from "./draw.ts";
import { budgetOf, leavesEnough } from "./fault-budget.ts";

/** What can be drawn, with how often; the kinds of sim/faults/fault.ts, told apart by whom they strike. */
const WEIGHTS = {
  crashSequencer: 3,
  crashStorage: 3,
  crashEngine: 2,
  crashController: 1,
  pauseNode: 2,
  pauseZooKeeper: 1,
  partition: 2,
  partitionFromZooKeeper: 2,
  reset: 1,
  loss: 2,
  duplication: 2,
  delay: 2,
  delayToZooKeeper: 2,
  reordering: 1,
  /** Altered messages: the checksum of the connection finds them, and they are lost. */
  corruption: 1,
  slowDisk: 1,
  stalledDisk: 1,
  refusedWrites: 1,
  failedReads: 1,
  corruptedWrites: 2,
  /** These two show when the host loses power, so that comes with them. */
  forgottenWrites: 1,
  tornWrites: 1,
  clock: 1,
  slowCpu: 2,
  slowLine: 1,
} as const;
type DrawnFault = keyof typeof WEIGHTS;
/** Nobody notices these where steps take no time and messages have no size. */
const NEED_COSTS: ReadonlySet<DrawnFault> = new Set(["slowCpu", "slowLine"]);
/** One of each is enough: they multiply, and a step, a message or a sync that has begun is not cut short by the healing. */
const SLOWNESSES: ReadonlySet<DrawnFault> = new Set(["slowDisk", "slowCpu", "slowLine"]);
const DRAWN_FAULTS = Object.keys(WEIGHTS) as readonly DrawnFault[];

const FAULTS_MAX = 6;
/** Share of the faults that come again and again. */
const REPEATED = 0.12;
/** Share of the runs in which one node more of each role may lose its memory than the budget has. */
const BEYOND = 0.1;

/** Share of the nodes that crash and never come back. */
const LOST = 0.3;

/**
 * Every engine, storage node and sequencer. The gateway is not among them: a call that is lost on its way to an engine is lost, as
 * nobody promises anything of calls, and what is asked here is whether the log keeps its promises.
 */
const EVERYONE: Selector = { part: "nodes" };

/** Everything that is needed to name victims. */
interface Targets {
  readonly journal: boolean;
  readonly sequencers: readonly string[];
  readonly storages: readonly string[];
  readonly engines: readonly string[];
  /** Those of each role that may lose their memory. */
  readonly victims: Readonly<Record<"sequencers" | "storages" | "engines", readonly string[]>>;
  /** Storage nodes whose disks may spoil what was written to them. */
  readonly spoilt: readonly string[];
}

function targetsOf(draw: Draw, subject: Pick<Case, "cluster" | "boki">, beyond: number): Targets {
  const cluster: CaseCluster = { ...CASE_CLUSTER, ...subject.cluster };
  const budget = budgetOf(subject);
  const journal = subject.boki.journal ?? CASE_BOKI.journal;
  const named = (role: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${role}-${i + 1}`);
  const sequencers = named("sequencer", cluster.sequencers + cluster.spareSequencers);
  const storages = named("storage", cluster.storages + cluster.spareStorages);
  const engines = named("engine", cluster.engines + cluster.spareEngines);
  const spoilt = draw.some(storages, budget.storages + beyond);
  return {
    journal,
    sequencers,
    storages,
    engines,
    victims: {
      sequencers: draw.some(sequencers, budget.sequencers + beyond),
      // With a journal a storage node forgets nothing that counts.
      storages: journal ? storages : spoilt,
      engines: draw.some(engines, budget.engines + beyond),
    },
    spoilt,
  };
}

/** Faults that begin within `spanNanos`; `kept`: share of the kinds that are drawn from. */
export function drawFaults(
  draw: Draw,
  subject: Pick<Case, "cluster" | "boki" | "costs">,
  spanNanos: Nanos,
  kept: number,
): FaultPlan {
  // Now and then more is lost than the protocol promises to survive: then it must say so.
  const targets = targetsOf(draw, subject, draw.chance(BEYOND) ? 1 : 0);
  const weights = Object.fromEntries(
    DRAWN_FAULTS.map((name) => {
      const isKept = draw.chance(kept) && (subject.costs || !NEED_COSTS.has(name));
      return [name, isKept ? WEIGHTS[name] : 0];
    }),
  ) as Record<DrawnFault, number>;
  const timed: TimedFault[] = [];
  const repeated: RepeatedFault[] = [];
  for (let left = draw.between(1, FAULTS_MAX); left > 0; left--) {
    if (Object.values(weights).every((weight) => weight === 0)) break;
    const name = draw.weighted(weights);
    const [fault, meanwhile] = drawFault(draw, name, targets);
    if (fault === undefined) continue;
    const isSlowness = SLOWNESSES.has(name);
    if (isSlowness) weights[name] = 0;
    const atNanos = draw.between(0, Math.floor(spanNanos / MICROSECOND)) * MICROSECOND;
    if (meanwhile === undefined && !isSlowness && draw.chance(REPEATED)) {
      repeated.push({ fromNanos: atNanos, ...drawRhythm(draw, fault), fault });
      continue;
    }
    // A reset takes no time; one in five of the others lasts until everything heals.
    const endless = fault.kind === "reset" || draw.chance(0.2);
    timed.push({ atNanos, ...(endless ? {} : { forNanos: drawLength(draw) }), fault });
    if (meanwhile === undefined) continue;
    const afterNanos = draw.spread(10 * MICROSECOND, 10 * MILLISECOND);
    timed.push({
      atNanos: Math.min(atNanos + afterNanos, spanNanos),
      forNanos: drawLength(draw),
      fault: meanwhile,
    });
  }
  timed.sort((a, b) => a.atNanos - b.atNanos);
  return repeated.length === 0 ? { timed } : { timed, repeated };
}

function drawLength(draw: Draw): Nanos {
  return draw.spread(200 * MICROSECOND, 100 * MILLISECOND);
}

/**
 * How often something comes, and how long it stays: some of it overlaps with itself. Wrong clocks do not: slow ones add up until they
 * hardly move, and a timer that is set by such a clock outlasts the healing.
 */
function drawRhythm(draw: Draw, { kind }: Fault): Pick<RepeatedFault, "everyNanos" | "lengthNanos"> {
  const everyNanos = draw.spread(500 * MICROSECOND, 20 * MILLISECOND);
  const drawnNanos = draw.spread(50 * MICROSECOND, 10 * MILLISECOND);
  const isClock = kind === "clock";
  const lengthNanos = isClock ? Math.min(drawnNanos, everyNanos) : drawnNanos;
  return draw.chance(0.5) || isClock
    ? {
        everyNanos: { kind: "constant", value: everyNanos },
        lengthNanos: { kind: "constant", value: lengthNanos },
      }
    : {
        everyNanos: { kind: "exponential", mean: everyNanos },
        lengthNanos: { kind: "exponential", mean: lengthNanos },
      };
}

/** A fault, and one that strikes while it lasts. None: there is nobody whom it may strike. */
function drawFault(draw: Draw, name: DrawnFault, targets: Targets): readonly [Fault?, Fault?] {
  const { storages, victims, spoilt } = targets;
  const disk = (
    of: readonly string[],
    rule: () => DiskRule,
    losesPower: boolean,
  ): readonly [Fault?, Fault?] => {
    if (of.length === 0) return [];
    const struck: Selector = { names: [draw.pick(of)] };
    const fault: Fault = { kind: "disk", of: struck, rule: rule() };
    return losesPower ? [fault, { kind: "crash", of: struck, wholeHost: true, disk: "kept" }] : [fault];
  };
  const share = (): number => draw.pick([0.1, 0.5, 1]);
  switch (name) {
    case "slowDisk":
      return disk(storages, () => ({ slowdown: draw.pick([10, 100]) }), false);
    case "stalledDisk":
      return disk(storages, () => ({ stalled: true }), false);
    case "refusedWrites":
      return disk(storages, () => (draw.chance(0.5) ? { full: true } : { writeErrorShare: share() }), false);
    case "failedReads":
      return disk(storages, () => ({ readErrorShare: share() }), false);
    case "corruptedWrites":
      return disk(spoilt, () => ({ corruptShare: share() }), false);
    case "forgottenWrites":
      return disk(spoilt, () => ({ unsyncedLossShare: share() }), true);
    case "tornWrites":
      return disk(victims.storages, () => ({ tornShare: share() }), true);
    default: {
      const fault = drawOther(draw, name, targets);
      return fault === undefined ? [] : [fault];
    }
  }
}

type DrawnDiskFault =
  | "slowDisk"
  | "stalledDisk"
  | "refusedWrites"
  | "failedReads"
  | "corruptedWrites"
  | "forgottenWrites"
  | "tornWrites";

/** What has nothing to do with disks. Undefined: there is nobody whom it may strike. */
function drawOther(
  draw: Draw,
  name: Exclude<DrawnFault, DrawnDiskFault>,
  targets: Targets,
): Fault | undefined {
  const { sequencers, storages, engines, victims, journal, spoilt } = targets;
  const nodes = [...sequencers, ...storages, ...engines];
  const one = (names: readonly string[]): Selector => ({ names: [draw.pick(names)] });
  const several = (names: readonly string[]): Selector => ({
    names: draw.some(names, draw.between(1, Math.min(3, names.length))),
  });
  const link = (rule: LinkRule): Fault => {
    const bothWays = draw.chance(0.5);
    const to = draw.chance(0.5) ? EVERYONE : several(nodes);
    return { kind: "link", of: several(nodes), to, bothWays, rule };
  };
  switch (name) {
    case "crashSequencer":
      return victims.sequencers.length === 0
        ? undefined
        : { kind: "crash", of: one(victims.sequencers), wholeHost: true };
    case "crashStorage": {
      if (victims.storages.length === 0) return undefined;
      const of = one(victims.storages);
      const mayLoseDisk = !journal || of.names!.every((struck) => spoilt.includes(struck));
      const disk = mayLoseDisk ? draw.pick(["kept", "kept", "lost"] as const) : "kept";
      return { kind: "crash", of, wholeHost: draw.chance(0.7), disk };
    }
    case "crashEngine":
      // The workers of an engine go with it, or are left with calls that nobody knows of.
      return victims.engines.length === 0
        ? undefined
        : { kind: "crash", of: one(victims.engines), wholeHost: draw.chance(0.7) };
    case "crashController":
      return { kind: "crash", of: { names: ["controller"] } };
    case "pauseNode":
      return { kind: "pause", of: several([...nodes, "controller"]) };
    case "pauseZooKeeper":
      return { kind: "pause", of: { names: ["zookeeper"] } };
    case "partition": {
      const shape = draw.pick(["symmetric", "oneWay", "partial", "ring"] as const);
      return shape === "ring"
        ? { kind: "partition", shape, of: EVERYONE }
        : { kind: "partition", shape, of: several(nodes), from: EVERYONE };
    }
    case "partitionFromZooKeeper":
      return {
        kind: "partition",
        shape: draw.pick(["symmetric", "oneWay"] as const),
        of: several([...nodes, "controller"]),
        from: { names: ["zookeeper"] },
      };
    case "reset":
      return { kind: "reset", of: several(nodes), and: draw.chance(0.5) ? EVERYONE : several(nodes) };
    case "loss":
      return link({ lossShare: draw.pick([0.02, 0.1, 0.3]) });
    case "duplication":
      return link({ duplicateShare: draw.pick([0.1, 0.5]) });
    case "delay":
      return link({
        extraLatency: draw.pick([
          { kind: "constant" as const, value: draw.spread(200 * MICROSECOND, 20 * MILLISECOND) },
          { kind: "exponential" as const, mean: draw.spread(200 * MICROSECOND, 5 * MILLISECOND) },
        ]),
      });
    case "delayToZooKeeper":
      return {
        kind: "link",
        of: several([...nodes, "controller"]),
        to: { names: ["zookeeper"] },
        bothWays: draw.chance(0.5),
        rule: { extraLatency: { kind: "constant", value: draw.spread(500 * MICROSECOND, 20 * MILLISECOND) } },
      };
    case "reordering":
      return link({ reorder: true });
    case "corruption":
      return link({ corruptShare: draw.pick([0.02, 0.1, 0.3]) });
    case "slowLine":
      return link({ slowdown: draw.pick([100, 1_000, 10_000]) });
    case "slowCpu":
      return { kind: "slowCpu", of: several([...nodes, "controller"]), factor: draw.pick([10, 100, 1_000]) };
    case "clock":
      return {
        kind: "clock",
        of: several([...nodes, "controller"]),
        offsetNanos: draw.pick([-1, 1]) * draw.spread(10 * MICROSECOND, 50 * MILLISECOND),
        driftPpm: draw.pick([0, -100_000, 100_000, 400_000]),
      };
  }
}

/**
 * Of those that crash, some that never come back, as long as nodes enough are left. What comes again and again is ended by a
 * healing of the whole plan, which brings everybody back.
 */
export function drawLost(
  draw: Draw,
  subject: Pick<Case, "cluster" | "boki">,
  { timed, repeated }: FaultPlan,
): string[] {
  if (repeated !== undefined) return [];
  const staysDown: string[] = [];
  for (const { fault } of timed) {
    const name = fault.kind === "crash" ? fault.of.names?.[0] : undefined;
    if (name === undefined || name === "controller" || staysDown.includes(name) || !draw.chance(LOST))
      continue;
    // A storage node with a journal may crash beyond the budget because it comes back.
    if (subject.boki.journal === true && name.startsWith("storage-")) continue;
    if (leavesEnough({ ...subject, staysDown: [...staysDown, name] })) staysDown.push(name);
  }
  return staysDown;
}
