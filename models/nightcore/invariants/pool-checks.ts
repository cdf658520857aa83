/**
 * I3 to I8, I10, I11, I13, I14: calls and workers of one function at one engine. Everything is counted once more from what the
 * engine reports, call by call, and compared with what it says of itself at the end of each step.
 */

import type { Nanos } from "../../../sim/units.ts";
import type { NightcoreConfig } from "../config.ts";
import type { CallId, ClientId } from "../messages.ts";
import type { EngineObservation } from "../observations.ts";
import {
  delayOf,
  type ExpectedAverages,
  limitsOf,
  noAverages,
  noteArrival,
  noteCompletion,
  rateOf,
} from "./averages.ts";
import type { Violations } from "./violations.ts";

/** Relative difference between two ways to compute an average in doubles. */
const CLOSE = 1e-6;

interface KnownCall {
  readonly parent: CallId;
  /** From its arrival to its dispatch, in microseconds. */
  queueingMicros: number;
  /** Of finished calls below it. */
  childQueueingMicros: number;
}

const NO_QUEUEING = { queueingMicros: 0, childQueueingMicros: 0 };

interface Pool {
  /** Calls that wait, in the order of their arrival. */
  readonly waiting: Set<CallId>;
  /** Connected workers, and the call that each runs; 0: none. */
  readonly workers: Map<ClientId, CallId>;
  readonly averages: ExpectedAverages;
  /** The limit that the arrival under way goes by. */
  limit: number;
  lastGrowthNanos: Nanos;
}

type Of<Kind extends EngineObservation["kind"]> = Extract<EngineObservation, { kind: Kind }>;

export interface PoolChecks {
  observe(observation: EngineObservation, nowNanos: Nanos): void;
}

export function createPoolChecks(
  settings: NightcoreConfig,
  nameOf: (fn: number) => string,
  violations: Violations,
): PoolChecks {
  const pools = new Map<number, Map<number, Pool>>();
  /** By node: calls that have arrived and not ended. */
  const calls = new Map<number, Map<CallId, KnownCall>>();

  function poolOf({ node, fn }: { readonly node: number; readonly fn: number }): Pool {
    const ofNode = pools.get(node) ?? new Map<number, Pool>();
    pools.set(node, ofNode);
    let pool = ofNode.get(fn);
    if (pool === undefined) {
      pool = {
        waiting: new Set(),
        workers: new Map(),
        averages: noAverages(),
        limit: 0,
        lastGrowthNanos: Number.NEGATIVE_INFINITY,
      };
      ofNode.set(fn, pool);
    }
    return pool;
  }

  function callsOf(node: number): Map<CallId, KnownCall> {
    const known = calls.get(node) ?? new Map<CallId, KnownCall>();
    calls.set(node, known);
    return known;
  }

  function arrived(seen: Of<"callArrived">, nowNanos: Nanos): void {
    const { node, call, parent } = seen;
    callsOf(node).set(call, { parent, queueingMicros: 0, childQueueingMicros: 0 });
    const pool = poolOf(seen);
    pool.waiting.add(call);
    noteArrival(pool.averages, nowNanos, settings);
  }

  function limited(seen: Of<"limitComputed">, nowNanos: Nanos): void {
    const { fn, limit, ratePerSecond, delayMicros, min, max } = seen;
    const pool = poolOf(seen);
    pool.limit = limit;
    const name = nameOf(fn);
    const [rate, delay] = [rateOf(pool.averages, settings), delayOf(pool.averages, settings)];
    if (!isClose(ratePerSecond, rate)) {
      violations.report(
        "I13",
        nowNanos,
        `${name}: the rate reads ${ratePerSecond}/s, but its arrivals make ${rate}/s`,
      );
    }
    if (!isClose(delayMicros, delay)) {
      violations.report(
        "I13",
        nowNanos,
        `${name}: the ${settings.limitTime} time reads ${delayMicros} us, but its completions make ${delay} us`,
      );
    }
    const expected = limitsOf(pool.averages, settings, min, max);
    if (!expected.includes(limit)) {
      violations.report(
        "I13",
        nowNanos,
        `${name}: the limit is ${limit}, but ${rate}/s of ${delay} us between ${min} and ${max} make ${expected[0]}`,
      );
    }
  }

  function dispatched(seen: Of<"callDispatched">, nowNanos: Nanos): void {
    const { node, fn, call, client, at, running, workers, receivedMicros } = seen;
    const pool = poolOf(seen);
    const known = callsOf(node).get(call);
    if (known !== undefined) known.queueingMicros = Math.floor(nowNanos / 1_000) - receivedMicros;
    const name = `${nameOf(fn)} call ${call}`;
    const [first] = pool.waiting;
    if (pool.waiting.has(call) && first !== call) {
      violations.report(
        "I6",
        nowNanos,
        `${name} begins before call ${first}, which arrived earlier and waits`,
      );
    }
    if (!pool.waiting.delete(call)) {
      violations.report(
        "I7",
        nowNanos,
        `${name} is dispatched, but does not wait: it never came, or has begun`,
      );
    }
    const running0 = pool.workers.get(client);
    if (running0 === undefined) {
      violations.report("I8", nowNanos, `${name} is given to worker ${client}, which is not connected`);
    } else if (running0 !== 0) {
      violations.report("I3", nowNanos, `${name} is given to worker ${client}, which runs call ${running0}`);
    }
    pool.workers.set(client, call);
    if (at === "arrival" && running > pool.limit) {
      violations.report(
        "I4",
        nowNanos,
        `${name} runs on arrival as number ${running}, with a limit of ${pool.limit}`,
      );
    }
    if (running > workers) {
      violations.report("I4", nowNanos, `${name} makes ${running} that run, with ${workers} workers`);
    }
    if (receivedMicros * 1_000 > nowNanos) {
      violations.report("I11", nowNanos, `${name} was received at ${receivedMicros} us, after its dispatch`);
    }
  }

  function finished(seen: Of<"callFinished">, nowNanos: Nanos): void {
    const { node, fn, call, client, ok, receivedMicros, dispatchedMicros, finishedMicros, queueingMicros } =
      seen;
    const pool = poolOf(seen);
    const name = `${nameOf(fn)} call ${call}`;
    if (pool.workers.get(client) !== call) {
      violations.report(
        "I7",
        nowNanos,
        `${name} ends at worker ${client}, which runs call ${pool.workers.get(client) ?? "none"}`,
      );
    } else pool.workers.set(client, 0);
    if (!(receivedMicros <= dispatchedMicros && dispatchedMicros <= finishedMicros)) {
      violations.report(
        "I11",
        nowNanos,
        `${name} was received at ${receivedMicros}, dispatched at ${dispatchedMicros} and ended at ${finishedMicros} us`,
      );
    }
    const expected = dispatchedMicros - receivedMicros + (callsOf(node).get(call)?.childQueueingMicros ?? 0);
    if (queueingMicros !== expected) {
      violations.report(
        "I11",
        nowNanos,
        `${name} and the calls below it waited ${queueingMicros} us as the engine has it, but their waits make ${expected} us`,
      );
    }
    if (ok) noteCompletion(pool.averages, seen, settings);
    forget(node, call, expected);
  }

  /** A call has ended; its caller, if it has not, has waited with it. */
  function forget(node: number, call: CallId, queueingMicros: number): void {
    const known = callsOf(node);
    const parent = known.get(known.get(call)?.parent ?? 0);
    if (parent !== undefined) parent.childQueueingMicros += queueingMicros;
    known.delete(call);
  }

  function dropped(seen: Of<"callDropped">): void {
    const pool = poolOf(seen);
    pool.waiting.delete(seen.call);
    for (const [client, call] of pool.workers) if (call === seen.call) pool.workers.set(client, 0);
    const { queueingMicros, childQueueingMicros } = callsOf(seen.node).get(seen.call) ?? NO_QUEUEING;
    // Only calls that have run count as having waited.
    forget(seen.node, seen.call, seen.reason === "workerLost" ? queueingMicros + childQueueingMicros : 0);
  }

  function settled(seen: Of<"dispatcherSettled">, nowNanos: Nanos): void {
    const { fn, pending, running, idle, workers, limit } = seen;
    const pool = poolOf(seen);
    const name = nameOf(fn);
    let busy = 0;
    for (const call of pool.workers.values()) if (call !== 0) busy++;
    if (pending !== pool.waiting.size || running !== busy) {
      violations.report(
        "I7",
        nowNanos,
        `${name}: ${pending} wait and ${running} run as the engine has it, but of those that came ${pool.waiting.size} wait and ${busy} run`,
      );
    }
    if (workers !== pool.workers.size || idle + busy !== workers) {
      violations.report(
        "I8",
        nowNanos,
        `${name}: ${workers} workers, ${idle} of them idle, as the engine has it, but ${pool.workers.size} are connected and ${busy} run calls`,
      );
    }
    if (pending > 0 && idle > 0 && running < limit) {
      violations.report(
        "I5",
        nowNanos,
        `${name}: ${pending} calls wait while ${idle} workers are idle and ${running} run, fewer than the limit of ${limit}`,
      );
    }
  }

  function requested(seen: Of<"workerRequested">, nowNanos: Nanos): void {
    const { fn, why, workers, requested: asked, max } = seen;
    const pool = poolOf(seen);
    const name = nameOf(fn);
    if (workers + asked + 1 > max) {
      violations.report(
        "I10",
        nowNanos,
        `${name}: one more worker is asked for, with ${workers} there and ${asked} on their way, and ${max} allowed`,
      );
    }
    if (why !== "growth") return;
    const sinceNanos = nowNanos - pool.lastGrowthNanos;
    if (settings.growthThrottle !== "none" && sinceNanos < settings.growthIntervalNanos) {
      violations.report(
        "I14",
        nowNanos,
        `${name}: a worker is asked for ${sinceNanos / 1e6} ms after the last one, less than ${settings.growthIntervalNanos / 1e6} ms`,
      );
    }
    pool.lastGrowthNanos = nowNanos;
  }

  return {
    observe(seen, nowNanos) {
      switch (seen.kind) {
        case "callArrived":
          arrived(seen, nowNanos);
          return;
        case "limitComputed":
          limited(seen, nowNanos);
          return;
        case "callDispatched":
          dispatched(seen, nowNanos);
          return;
        case "callFinished":
          finished(seen, nowNanos);
          return;
        case "callDropped":
          dropped(seen);
          return;
        case "dispatcherSettled":
          settled(seen, nowNanos);
          return;
        case "workerConnected":
          poolOf(seen).workers.set(seen.client, 0);
          return;
        case "workerDisconnected":
          poolOf(seen).workers.delete(seen.client);
          return;
        case "workerRequested":
          requested(seen, nowNanos);
          return;
        case "engineStarted":
          pools.delete(seen.node);
          calls.delete(seen.node);
          return;
        default:
      }
    },
  };
}

function isClose(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= CLOSE * Math.max(1e-9, Math.abs(expected));
}
