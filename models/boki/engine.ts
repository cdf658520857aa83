/**
 * An engine node: runs function calls on its host's workers and carries out their log operations
 * (docs/models/boki.md, "The engine"). Appends are in engine-appends.ts, reads in engine-reads.ts, calls in
 * engine-calls.ts, the state in engine-state.ts; here are the node's views and who gets which message.
 */

import type { Machine } from "../../sim/machine.ts";
import { lru } from "../../sim/structures/lru.ts";
import { doneAppends, startAppend } from "./engine-appends.ts";
import { endCall, startExternalCall, startNestedCall } from "./engine-calls.ts";
import {
  expireReads,
  finishRead,
  resumeRead,
  setAux,
  startRead,
  takeRemoteRead,
  updateIndex,
} from "./engine-reads.ts";
import type { EngineConfig, EngineEffects, EngineState } from "./engine-state.ts";
import { viewOf, viewOfJoined } from "./identifiers.ts";
import { takeCut, takeIndexData } from "./log-index.ts";
import type { BokiMessage } from "./messages.ts";
import type { View } from "./view.ts";
import { beforeAnyView, followZooKeeper, holdsFor, takeHeld } from "./view-gate.ts";
import { PING, ping } from "./zookeeper-session.ts";

export const engine: Machine<EngineConfig, EngineState, BokiMessage> = {
  start(config, out) {
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
      nextOp: 0,
      cache: config.cache ? lru(config.cacheBytes) : undefined,
      turns: new Map(),
      heldReads: [],
    };
  },

  receive(state, from, message, out) {
    if (state.aborted !== undefined) return;
    const { mutation } = state.config;
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        followZooKeeper(
          state,
          message,
          { install: (view) => installView(state, view, out), freeze: () => {}, finalize: () => {} },
          out,
        );
        return;

      case "dispatch":
        return startExternalCall(state, from, message, out);
      case "invoke":
        return startNestedCall(state, from, message, out);
      case "callDone":
        return endCall(state, from, message, out);

      case "append":
        return startAppend(state, from, message, out);
      case "read":
        return startRead(state, from, message, out);
      case "setAux":
        return setAux(state, from, message, out);

      case "metalogs": {
        const { logspace } = message.entry;
        if (holdsFor(state, viewOf(logspace), from, message, mutation)) return;
        // The appender hears of its append before the index shows it.
        doneAppends(state, message.entry, out);
        return updateIndex(state, logspace, (index) => takeCut(index, message.entry, out), out);
      }
      case "indexData": {
        if (holdsFor(state, viewOf(message.logspace), from, message, mutation)) return;
        const { logspace, positions, records } = message;
        return updateIndex(state, logspace, (index) => takeIndexData(index, positions, records, out), out);
      }
      case "remoteRead": {
        if (holdsFor(state, viewOf(message.query.logspace), from, message, mutation)) return;
        return takeRemoteRead(state, message.query, out);
      }
      case "readResult":
        return finishRead(state, message, out);

      default:
        throw new Error(`an engine does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (state.aborted !== undefined) return;
    if (timer === PING) {
      ping(state.session, out);
      return;
    }
    expireReads(state, Number(timer), out);
  },
};

function installView(state: EngineState, view: View, out: EngineEffects): void {
  state.view = view;
  state.active = view.enginePositions.has(state.config.id);
  for (const { from, message } of takeHeld(state, view.viewId)) engine.receive(state, from, message, out);
  const reads = state.heldReads.filter((op) => viewOfJoined(state.reads.get(op)!.progress) <= view.viewId);
  state.heldReads = state.heldReads.filter((op) => !reads.includes(op));
  for (const op of reads) resumeRead(state, op, out);
}
