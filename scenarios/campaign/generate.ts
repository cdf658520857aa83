/**
 * Draws cases. Run i of campaign seed s is the same wherever and whenever it is drawn: everything comes from streams that are
 * named after both, and nothing from the runs before.
 *
 * Swarm testing (Groce et al., ISSTA 2012): each run leaves out a random part of the kinds of operations and faults, because a run
 * with a bit of everything seldom has much of anything.
 */

import type { BokiConfig, NetworkConfig } from "../../models/boki/config.ts";
import type { DefectId } from "../../models/boki/defects.ts";
import type { Reconfiguration } from "../../models/boki/operator.ts";
import type { Distribution } from "../../sim/distribution.ts";
import { numbered } from "../../sim/faults/injector.ts";
import { streamFor } from "../../sim/random.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../../sim/units.ts";
import {
  CASE_CLUSTER,
  type Case,
  type CaseCall,
  type CaseCluster,
  EMPTY_CASE,
  hasFaults,
  type LogOperation,
  NO_FAULTS,
  type Operation,
  type Place,
} from "./case.ts";
import { type Draw, drawFrom } from "./draw.ts";
import { drawFaults, drawLost } from "./generate-faults.ts";

/** What all cases of a campaign have in common. */
export interface Campaign {
  readonly seed: number;
  readonly mutation: number;
  readonly defects: readonly DefectId[];
  /** Parts of the deployment that are given and not drawn. */
  readonly base?: Pick<Case, "cluster" | "boki" | "network">;
  /** Only workloads: no faults, no reconfigurations. */
  readonly calm?: boolean;
  /** Log operations of a case, about; default: drawn. */
  readonly operations?: number;
}

/** Run `index` of a campaign. */
export function generateCase(campaign: Campaign, index: number): Case {
  // A stream for each part: what one draws, or is given, changes nothing in the others.
  const streamOf = (part: string): Draw =>
    drawFrom(streamFor(campaign.seed, `campaign run ${index} ${part}`));
  const { mutation, defects, calm = false, base } = campaign;
  const general = streamOf("general");
  const seed = general.between(1, 1_000_000_000);
  const shuffleTies = general.chance(0.5);
  const spanNanos = general.spread(2 * MILLISECOND, 40 * MILLISECOND);
  const isFaulty = general.chance(FAULTY) && !calm;
  const cluster = base?.cluster ?? drawCluster(streamOf("cluster"));
  const flags = base?.boki ?? drawBoki(streamOf("boki"), { ...CASE_CLUSTER, ...cluster });
  const boki = { ...flags, ...drawPatience(streamOf("patience"), isFaulty) };
  const costs = streamOf("costs").chance(COSTED);
  const faults = isFaulty
    ? drawFaults(streamOf("faults"), { cluster, boki, costs }, spanNanos, KEPT)
    : NO_FAULTS;
  const network = base?.network ?? drawNetwork(streamOf("network"));
  return {
    ...EMPTY_CASE,
    seed,
    mutation,
    defects,
    shuffleTies,
    cluster,
    boki,
    network: costs ? { ...network, bitsPerSecond: LINE_BITS_PER_SECOND } : network,
    costs,
    calls: drawCalls(streamOf("calls"), spanNanos, campaign.operations),
    reconfigurations: calm ? [] : drawReconfigurations(streamOf("reconfigurations"), spanNanos),
    faults: faults.repeated === undefined ? { timed: numbered(faults).timed } : numbered(faults),
    staysDown: drawLost(streamOf("lost"), { cluster, boki }, faults),
    // What was to last longer is cut short: liveness begins here.
    healNanos: hasFaults(faults) ? spanNanos + streamOf("heal").spread(MILLISECOND, LONGEST_FAULT_NANOS) : 0,
  };
}

/** Share of the runs in which something goes wrong: what breaks in the others needs no fault. */
const FAULTY = 0.65;
/** Share of the runs in which steps take CPU time: processors and lines can be slow only there. */
const COSTED = 0.15;
const LINE_BITS_PER_SECOND = 10e9;
const LONGEST_FAULT_NANOS: Nanos = 100 * MILLISECOND;

// ---- The deployment ------------------------------------------------------------------------------------------------

const WILD: readonly Distribution[] = [
  { kind: "constant", value: 60 * MICROSECOND },
  { kind: "exponential", mean: 60 * MICROSECOND, floor: 20 * MICROSECOND },
  { kind: "exponential", mean: 150 * MICROSECOND },
  { kind: "lognormal", median: 60 * MICROSECOND, sigma: 1 },
  { kind: "uniform", low: 10 * MICROSECOND, high: 400 * MICROSECOND },
  { kind: "constant", value: 400 * MICROSECOND },
  {
    kind: "mixture",
    weights: [0.97, 0.03],
    parts: [
      { kind: "constant", value: 50 * MICROSECOND },
      { kind: "constant", value: 3 * MILLISECOND },
    ],
  },
];

function drawCluster(draw: Draw): Partial<CaseCluster> {
  // A third of the runs have the shape that people deploy.
  const typical = draw.chance(0.3);
  const nodes = (): number => (typical ? 3 : draw.between(1, 5));
  const spares = (): number => (draw.chance(0.6) ? 0 : draw.between(1, 2));
  return {
    engines: nodes(),
    storages: nodes(),
    sequencers: nodes(),
    spareEngines: spares(),
    spareStorages: spares(),
    spareSequencers: spares(),
  };
}

function drawBoki(draw: Draw, { engines, storages, sequencers }: CaseCluster): Partial<BokiConfig> {
  const interval = (): Nanos => draw.spread(10 * MICROSECOND, 400 * MICROSECOND);
  const replicas = (nodes: number): number =>
    draw.chance(0.6) ? Math.min(3, nodes) : draw.between(1, nodes);
  const indexReplicas = replicas(engines);
  return {
    localCutNanos: interval(),
    globalCutNanos: interval(),
    metalogReplicas: replicas(sequencers),
    userlogReplicas: replicas(storages),
    indexReplicas,
    physicalLogs: draw.chance(0.6) ? 1 : draw.between(1, Math.min(3, sequencers)),
    sealTailEntries: draw.pick([32, 32, 8, 2]),
    maxLiveRecords: draw.pick([65_536, 20, 4, 1]),
    flushIntervalNanos: draw.spread(200 * MICROSECOND, 5 * MILLISECOND),
    engineCache: draw.chance(0.6),
    propagateAuxData: draw.chance(0.5),
    journal: draw.chance(0.2),
    blockingReadLimitNanos: draw.spread(300 * MICROSECOND, 60 * MILLISECOND),
    sequencerThreads: draw.pick([1, 2]),
    connectionsPerPeer: draw.pick([0, 1, 8]),
    // A read that is sent away needs another index to go to.
    remoteIndexShare: indexReplicas > 1 ? draw.pick([0, 0, 0.3, 1]) : 0,
  };
}

/** Longer than any run: what waits for it waits for ever. */
const NEVER_NANOS: Nanos = 60 * SECOND;

/**
 * Where nothing fails, nothing needs to be sent or asked again, and every operation ends by itself: so in most of those runs nobody
 * repairs or gives up, and a seal tells everything. In half of the others operations do not give up: what got lost has to be found.
 */
function drawPatience(draw: Draw, isFaulty: boolean): Partial<BokiConfig> {
  if (isFaulty) return draw.chance(0.5) ? { operationTimeoutNanos: NEVER_NANOS } : {};
  if (draw.chance(0.3)) return {};
  return {
    repairIntervalNanos: NEVER_NANOS,
    readRetryNanos: NEVER_NANOS,
    operationTimeoutNanos: NEVER_NANOS,
    sealTailEntries: 1_000,
  };
}

function drawNetwork(draw: Draw): Partial<NetworkConfig> {
  return {
    latency: draw.pick(WILD),
    zookeeperDelay: draw.pick<Distribution>([
      { kind: "exponential", mean: 300 * MICROSECOND, floor: 100 * MICROSECOND },
      { kind: "constant", value: 300 * MICROSECOND },
      { kind: "uniform", low: 50 * MICROSECOND, high: 3 * MILLISECOND },
    ]),
  };
}

// ---- The workload --------------------------------------------------------------------------------------------------

const WEIGHTS = {
  append: 5,
  readNext: 2,
  readPrev: 2,
  checkTail: 1,
  readNextBlock: 1,
  setAuxData: 1,
  trim: 0.5,
  sleep: 1,
  all: 1,
  invoke: 1,
} as const;
type Kind = keyof typeof WEIGHTS;
type LogKind = Exclude<Kind, "sleep" | "all" | "invoke">;

/** Share of the kinds of operations and faults that a run keeps. */
const KEPT = 0.65;

/** Share of the runs in which several calls follow the log like consumers of a queue. */
const FOLLOWED = 0.25;

interface Swarm {
  readonly weights: Readonly<Record<Kind, number>>;
  readonly tags: number;
  readonly logBooks: number;
  readonly longestSleepNanos: Nanos;
}

function drawCalls(draw: Draw, spanNanos: Nanos, operations: number | undefined): CaseCall[] {
  const weights = Object.fromEntries(
    Object.entries(WEIGHTS).map(([kind, weight]) => [
      kind,
      kind === "append" || draw.chance(KEPT) ? weight : 0,
    ]),
  ) as Swarm["weights"];
  const swarm: Swarm = {
    weights,
    tags: draw.between(1, 4),
    logBooks: draw.between(1, 4),
    longestSleepNanos: draw.spread(50 * MICROSECOND, 3 * MILLISECOND),
  };
  let left = operations ?? draw.between(60, 220);
  const perCall = draw.between(6, 20);
  const calls: CaseCall[] = [];
  while (left > 0) {
    const list = drawOperations(draw, swarm, Math.min(left, perCall), true);
    left -= perCall;
    calls.push({
      atNanos: draw.between(0, Math.floor(spanNanos / MICROSECOND)) * MICROSECOND,
      logBook: draw.between(1, swarm.logBooks),
      operations: list,
    });
  }
  // Some follow the log, all of them the same records.
  if (draw.chance(FOLLOWED)) {
    const logBook = draw.between(1, swarm.logBooks);
    const tag = draw.between(0, swarm.tags);
    const next: Operation = { op: "readNextBlock", tag, at: { back: 0, plus: 1 } };
    const operations = Array.from({ length: draw.between(2, 6) }, () => next);
    for (let left = draw.between(2, 5); left > 0; left--) calls.push({ atNanos: 0, logBook, operations });
  }
  return calls;
}

function drawOperations(draw: Draw, swarm: Swarm, count: number, mayInvoke: boolean): Operation[] {
  const list: Operation[] = [];
  for (let left = count; left > 0; ) {
    const kind = draw.weighted(swarm.weights);
    switch (kind) {
      case "sleep":
        list.push({ op: "sleep", nanos: draw.spread(5 * MICROSECOND, swarm.longestSleepNanos) });
        left--;
        break;
      case "all": {
        const width = Math.min(left, draw.between(2, 6));
        list.push({ op: "all", operations: Array.from({ length: width }, () => logOperation(draw, swarm)) });
        left -= width;
        break;
      }
      case "invoke": {
        const width = Math.min(left, draw.between(1, 4));
        list.push(
          mayInvoke
            ? { op: "invoke", operations: drawOperations(draw, swarm, width, false) }
            : logOperation(draw, swarm),
        );
        left -= width;
        break;
      }
      default:
        list.push(logOperation(draw, swarm, kind));
        left--;
    }
  }
  return list;
}

function logOperation(draw: Draw, swarm: Swarm, wanted?: LogKind): LogOperation {
  const { sleep: _, all: _all, invoke: _invoke, ...weights } = swarm.weights;
  const kind = wanted ?? draw.weighted<LogKind>(weights);
  switch (kind) {
    case "append": {
      const tags = draw.some(
        Array.from({ length: swarm.tags }, (_, i) => i + 1),
        draw.between(0, Math.min(3, swarm.tags)),
      );
      return { op: "append", tags };
    }
    case "checkTail":
      return { op: "checkTail", tag: draw.between(0, swarm.tags) };
    case "setAuxData":
      return { op: "setAuxData", at: { back: draw.chance(0.7) ? 0 : draw.between(1, 8) } };
    case "trim":
      // Everything or a tag, up to somewhere that leaves something.
      return { op: "trim", tag: draw.chance(0.5) ? 0 : draw.between(1, swarm.tags), at: drawPlace(draw) };
    default:
      return { op: kind, tag: draw.between(0, swarm.tags), at: drawPlace(draw) };
  }
}

function drawPlace(draw: Draw): Place {
  const kind = draw.weighted({ newest: 5, after: 3, older: 4, start: 2, end: 1 });
  switch (kind) {
    case "newest":
      return { back: 0 };
    case "after":
      return { back: draw.between(0, 3), plus: draw.pick([1, -1]) };
    case "older":
      return { back: draw.between(1, 12) };
    default:
      return kind;
  }
}

// ---- Views ---------------------------------------------------------------------------------------------------------

/** None in half of the runs; else one, or several at distances of one order: back to back, or one view after the other. */
function drawReconfigurations(draw: Draw, spanNanos: Nanos): Reconfiguration[] {
  if (draw.chance(0.5)) return [];
  const count = draw.pick([1, 1, 1, 2, 2, 3, 6]);
  const gapNanos = draw.spread(300 * MICROSECOND, 15 * MILLISECOND);
  let atNanos = draw.between(0, Math.floor(spanNanos / MICROSECOND)) * MICROSECOND;
  return Array.from({ length: count }, () => {
    const at = atNanos;
    atNanos += draw.spread(gapNanos / 2, 2 * gapNanos);
    return { atNanos: at };
  });
}
