/**
 * Liveness: L1 and L2. Both hold while nothing fails and the network delivers everything: from `calmFromNanos` on, which is
 * when the last fault has ended, and 0 in a run without faults.
 *
 * Every log operation completes (L1): at the end of the run none may be under way that began long before, unless its worker
 * has died; and nobody gives up. A blocking read
 * returns when its limit has passed, and soon after the index it waits in shows a match (L2); "soon" is what the cluster
 * takes for two hops and a read from a storage node under load.
 */

import type { Address, OperationId } from "../../../sim/machine.ts";
import { type Nanos, SECOND } from "../../../sim/units.ts";
import type { EngineState } from "../engine-state.ts";
import {
  highOf,
  join,
  type LogspaceId,
  type NodeId,
  positionOf,
  type Seqnum,
  viewOf,
} from "../identifiers.ts";
import type { Observation } from "../observations.ts";
import { logspaceOfLogBook } from "../view.ts";
import type { WorkerState } from "../worker.ts";
import type { CheckContext } from "./context.ts";
import type { OpenRead, OpenReads } from "./open-reads.ts";
import { describeQuestion } from "./read-checks.ts";
import { answerOf, entryOf, seconds } from "./reference.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

export interface LivenessLimits {
  readonly blockingReadLimitNanos: Nanos;
  /** An operation that takes longer is taken to be stuck. Blocking reads may take their limit in addition. */
  readonly stuckNanos: Nanos;
  /** How long a blocking read may take to return once it has a match or its limit has passed. */
  readonly promptNanos: Nanos;
  /** When the last fault ends; what is promised counts from there. Infinity: nothing is promised. */
  readonly calmFromNanos: Nanos;
}

export interface LivenessChecks {
  aborted(observation: Of<"aborted">, nowNanos: Nanos): void;
  readBlocked(observation: Of<"readBlocked">, nowNanos: Nanos): void;
  indexAdvanced(observation: Of<"indexAdvanced">, nowNanos: Nanos): void;
  readDone(read: OpenRead, observation: Of<"readDone">, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

/** What L1 watches. Function calls are left out: they wait for a free worker, which the log does not promise. */
const OPERATIONS = new Set([
  "append",
  "readNext",
  "readPrev",
  "checkTail",
  "readNextBlock",
  "setAuxData",
  "trim",
]);

export function createLivenessChecks(
  { reference, violations, inspected }: CheckContext,
  open: OpenReads,
  limits: LivenessLimits,
): LivenessChecks {
  const { blockingReadLimitNanos, stuckNanos, promptNanos, calmFromNanos } = limits;
  /** By log and engine: when its index went past each metalog position. */
  const advances = new Map<LogspaceId, (Nanos[] | undefined)[]>();

  /** When the index that a blocked read waits in came to show a record. */
  function shownNanos(read: OpenRead, seqnum: Seqnum): Nanos {
    const log = reference.log(highOf(seqnum));
    const times = advances.get(log.logspace)?.[read.blockedAt!];
    return Math.max(times?.[entryOf(log, positionOf(seqnum))] ?? 0, read.blockedNanos);
  }

  function checkLimit(read: OpenRead, nowNanos: Nanos, done: boolean): void {
    const waitedNanos = nowNanos - Math.max(read.blockedNanos, calmFromNanos);
    if (waitedNanos <= blockingReadLimitNanos + promptNanos) return;
    const { started } = read;
    violations.report(
      "L2",
      nowNanos,
      `${describeQuestion(started, started.engine)} ${done ? "returns after it was" : "is still"} blocked for ${seconds(waitedNanos)}; the limit is ${seconds(blockingReadLimitNanos)}`,
    );
  }

  /** A blocking read without a match has to wait for one. None can come behind the newest view. */
  function checkWaited({ started }: OpenRead, nowNanos: Nanos): void {
    const newest = reference.view()?.viewId ?? 0;
    if (started.direction !== "nextBlock" || viewOf(highOf(started.seqnum)) > newest) return;
    violations.report(
      "L2",
      nowNanos,
      `${describeQuestion(started, started.engine)} is answered that there is none, and has not waited for one`,
    );
  }

  function checkMatch(read: OpenRead, seqnum: Seqnum, nowNanos: Nanos, done: boolean): void {
    const sinceNanos = nowNanos - Math.max(shownNanos(read, seqnum), calmFromNanos);
    if (sinceNanos <= promptNanos) return;
    const { started } = read;
    violations.report(
      "L2",
      nowNanos,
      `${describeQuestion(started, started.engine)} ${done ? "returns" : "has not returned"} ${seconds(sinceNanos)} after the index of engine ${read.blockedAt} shows a match`,
    );
  }

  /** Whether the worker that began an operation still waits for it. One that died does not. */
  function isAwaited(process: Address, operation: OperationId): boolean {
    const worker = inspected().simulation.stateOf(process) as WorkerState | undefined;
    if (worker === undefined) return false;
    for (const { measured } of worker.open.values()) if (measured === operation) return true;
    return false;
  }

  /** Whether the engine that was asked for a read still knows of it. One that has booted since does not. */
  function isKnown({ started }: OpenRead): boolean {
    const { simulation, engines } = inspected();
    const engine = simulation.stateOf(engines[started.engine - 1]!) as EngineState | undefined;
    return engine?.reads.has(started.op) ?? false;
  }

  return {
    aborted({ role, node, reason }, nowNanos) {
      violations.report("L1", nowNanos, `${role} ${node} gives up: ${reason}`);
    },

    readBlocked({ engine, origin, op }, nowNanos) {
      const read = open.get(origin, op);
      if (read === undefined) return;
      read.blockedAt = engine;
      read.blockedNanos = nowNanos;
    },

    indexAdvanced({ engine, logspace, metalogPosition }, nowNanos) {
      let ofLog = advances.get(logspace);
      if (ofLog === undefined) {
        ofLog = [];
        advances.set(logspace, ofLog);
      }
      const times = (ofLog[engine] ??= []);
      while (times.length < metalogPosition) times.push(nowNanos);
    },

    readDone(read, { outcome, seqnum }, nowNanos) {
      if (read.blockedAt === undefined) {
        if (outcome === "empty") checkWaited(read, nowNanos);
        return;
      }
      checkLimit(read, nowNanos, true);
      if (outcome === "ok") checkMatch(read, seqnum, nowNanos, true);
    },

    finish(nowNanos) {
      for (const { name, process, startNanos, operation } of inspected().simulation.recorder.pending()) {
        const mayTakeNanos = stuckNanos + (name === "readNextBlock" ? blockingReadLimitNanos : 0);
        const openNanos = nowNanos - Math.max(startNanos, calmFromNanos);
        if (!OPERATIONS.has(name) || openNanos <= mayTakeNanos) continue;
        if (!isAwaited(process, operation)) continue;
        const who = inspected().simulation.processes[process]!.name;
        violations.report(
          "L1",
          nowNanos,
          `${name} of ${who}, begun at ${seconds(startNanos)}, has no result`,
        );
      }
      for (const read of open.all()) {
        if (read.blockedAt === undefined || !isKnown(read)) continue;
        checkLimit(read, nowNanos, false);
        const match = matchIn(read);
        if (match !== undefined) checkMatch(read, match, nowNanos, false);
      }
    },
  };

  /** What the index that a read waits in has to offer by now. */
  function matchIn({ started, blockedAt }: OpenRead): Seqnum | undefined {
    const newest = reference.view();
    if (newest === undefined) return undefined;
    const logspace = logspaceOfLogBook(newest, started.logBook);
    const shown = advances.get(logspace)?.[blockedAt as NodeId]?.length ?? 0;
    return answerOf(reference, started, join(logspace, shown));
  }
}

/** Generous bounds for a cluster under load; a test of a quiet one sets its own. */
export const STUCK_NANOS: Nanos = SECOND;
export const PROMPT_NANOS: Nanos = SECOND / 10;
