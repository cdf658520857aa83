/**
 * An engine node: runs function calls on its host's workers and carries out their log operations
 * (docs/models/boki.md, "The engine"). Appends are in engine-appends.ts, reads in engine-reads.ts and, where an index is
 * asked, in engine-index.ts, trims in engine-trims.ts, calls in engine-calls.ts, the state in engine-state.ts; here are the
 * node's views and who gets which message.
 *
 * From the freeze of a view on it takes no appends. At its end it comes to the end of each log, and at the next view it
 * takes part again, if the view counts on this life of it (docs/models/reconfiguration.md, "Phases of a view").
 */

import type { Machine } from "../../sim/machine.ts";
import { lru } from "../../sim/structures/lru.ts";
import { doneAppends, endAppends, lacksEntries, startAppend } from "./engine-appends.ts";
import { setAux } from "./engine-aux.ts";
import {
  endCall,
  greetWorkers,
  loseCalls,
  startExternalCall,
  startNestedCall,
  takeWorkerStarted,
} from "./engine-calls.ts";
import { fetchEntries } from "./engine-fetch.ts";
import { expireReads, putBlockedToCurrentView, takeRemoteRead, updateIndex } from "./engine-index.ts";
import { releaseHeldReads, startRead, takeReadResult } from "./engine-reads.ts";
import { repair } from "./engine-repair.ts";
import { type EngineConfig, type EngineEffects, type EngineState, indexOf, REPAIR } from "./engine-state.ts";
import { failTrims, startTrim, takeTrimResult } from "./engine-trims.ts";
import { type LogspaceId, viewOf, viewOfJoined } from "./identifiers.ts";
import { endIndex, takeCut, takeIndexData } from "./log-index.ts";
import type { BokiMessage, FinalLog } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { View } from "./view.ts";
import { abort, beforeAnyView, belongsTo, followZooKeeper, holdsFor, takeHeld } from "./view-gate.ts";
import { PING, ping } from "./zookeeper-session.ts";

export const engine: Machine<EngineConfig, EngineState, BokiMessage> = {
  start(config, out) {
    greetWorkers(config, out);
    return {
      ...beforeAnyView("engine", config, out),
      config,
      active: false,
      producers: new Map(),
      indexes: new Map(),
      contexts: new Map(),
      idleWorkers: [...config.workers],
      queuedCalls: [],
      reads: new Map(),
      trims: new Map(),
      // No two lives count from the same: what comes late for an earlier one belongs to nothing here.
      nextOp: out.now,
      cache: config.cache ? lru(config.cacheBytes) : undefined,
      turns: new Map(),
      heldReads: [],
      repairArmed: false,
    };
  },

  receive(state, from, message, out) {
    if (state.aborted !== undefined) return;
    const { mutation } = state.config;
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        if (message.kind === "zkExpired" && message.boot === state.session.boot) loseCalls(state, out);
        followZooKeeper(
          state,
          message,
          {
            install: (view) => installView(state, view, out),
            freeze: () => {
              // The slip that is none: appends are taken to the end, and discarded then.
              if (mutation !== Mutation.activeUntilFinalize) state.active = false;
            },
            finalize: (view, { logs }) => finalizeView(state, view, logs, out),
          },
          out,
        );
        return;

      case "dispatch":
        return startExternalCall(state, from, message, out);
      case "invoke":
        return startNestedCall(state, from, message, out);
      case "callDone":
        return endCall(state, from, message, out);
      case "workerStarted":
        return takeWorkerStarted(state, from, out);

      case "append":
        return startAppend(state, from, message, out);
      case "read":
        return startRead(state, from, message, out);
      case "setAux":
        return setAux(state, from, message, out);
      case "trim":
        return startTrim(state, from, message, out);

      case "metalogs": {
        const view = viewOf(message.entry.logspace);
        if (holdsFor(state, view, from, message, mutation)) return;
        if (view === state.view!.viewId) takeEntry(state, message.entry, out);
        return;
      }
      case "metalogFetched": {
        const { logspace } = message;
        const before = entriesApplied(state, logspace);
        for (const entry of message.entries) takeEntry(state, entry, out);
        // Who got nothing new out of it asks again at the next look, not at once.
        if (entriesApplied(state, logspace) > before) fetchOn(state, logspace, out);
        return;
      }
      case "indexData": {
        const { logspace, positions, records } = message;
        const view = viewOf(logspace);
        if (holdsFor(state, view, from, message, mutation)) return;
        // The slip: what is late for a view that is past is dropped.
        if (mutation === Mutation.pastIndexDataDropped && view < state.view!.viewId) return;
        return updateIndex(state, logspace, (index) => takeIndexData(index, positions, records, out), out);
      }
      case "remoteRead": {
        // One that comes from a newer view carries what was found there, and may have to go back.
        const { logspace, progress } = message.query;
        const newest = Math.max(viewOf(logspace), viewOfJoined(progress));
        if (holdsFor(state, newest, from, message, mutation)) return;
        return takeRemoteRead(state, message.query, out);
      }
      case "readResult":
        return takeReadResult(state, message, out);
      case "trimResult":
        return takeTrimResult(state, message, out);

      default:
        throw new Error(`an engine does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (state.aborted !== undefined) return;
    if (timer === PING) ping(state.session, out);
    else if (timer === REPAIR) repair(state, out);
    else expireReads(state, Number(timer), out);
  },
};

/** The appender hears of its append before the index shows it. */
function takeEntry(state: EngineState, entry: MetalogEntry, out: EngineEffects): void {
  doneAppends(state, entry, out);
  updateIndex(state, entry.logspace, (index) => takeCut(index, entry, out), out);
}

/** Entries that were asked for have come; asks for those behind them at once as long as there is need of them. */
function fetchOn(state: EngineState, logspace: LogspaceId, out: EngineEffects): void {
  const producer = state.producers.get(logspace);
  const index = state.indexes.get(logspace);
  if (index !== undefined && !index.complete) {
    const { metalogPosition, early } = index.applier;
    const isShort = index.end !== undefined && metalogPosition < index.end.final;
    if (isShort || early.size > 0) fetchEntries(state, logspace, metalogPosition, out);
  } else if (producer !== undefined && lacksEntries(producer)) {
    fetchEntries(state, logspace, producer.applier.metalogPosition, out);
  }
}

/** Grows with every entry of a log that is applied here. */
function entriesApplied(state: EngineState, logspace: LogspaceId): number {
  const producer = state.producers.get(logspace)?.applier.metalogPosition ?? 0;
  return producer + (state.indexes.get(logspace)?.applier.metalogPosition ?? 0);
}

// ---- Views ---------------------------------------------------------------------------------------------------------

function installView(state: EngineState, view: View, out: EngineEffects): void {
  state.active = belongsTo(state, "engines", view);
  for (const [logspace, { complete }] of state.producers) {
    if (complete && viewOf(logspace) < view.viewId - 1) state.producers.delete(logspace);
  }
  for (const { from, message } of takeHeld(state, view.viewId, out))
    engine.receive(state, from, message, out);
  releaseHeldReads(state, out);
  for (const [logspace, index] of state.indexes) {
    if (viewOf(logspace) < view.viewId && index.blocked.length > 0)
      putBlockedToCurrentView(state, index, out);
  }
}

/** Comes to the end of each log of the view, in the order of the view's list. */
function finalizeView(state: EngineState, view: View, logs: readonly FinalLog[], out: EngineEffects): void {
  state.active = state.config.mutation === Mutation.activeAtFinalize;
  for (const log of logs) {
    const producer = state.producers.get(log.logspace);
    if (producer !== undefined) endAppends(state, producer, log, out);
    endIndexOf(state, log, out);
    if (state.aborted !== undefined) return;
  }
  failTrims(state, view.viewId, out);
}

function endIndexOf(state: EngineState, log: FinalLog, out: EngineEffects): void {
  const { logspace } = log;
  if (indexOf(state, logspace) === undefined) return;
  updateIndex(
    state,
    logspace,
    (index) => {
      const { standing, answers } = endIndex(index, log, out);
      const { metalogPosition } = index.applier;
      const isBehind = standing === "behind";
      if (standing === "tooFarAhead" || standing === "oneAhead" || (isBehind && noFetch(state)))
        abort(state, `index of log ${logspace} is at ${metalogPosition}, the end is at ${log.final}`, out);
      else if (isBehind) fetchEntries(state, logspace, metalogPosition, out);
      return answers;
    },
    out,
  );
}

function noFetch({ config }: EngineState): boolean {
  return config.defects.noFetchAtFinalize;
}
