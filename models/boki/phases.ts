/**
 * What the pieces of an operation's critical path are called, by message and timer of the log (docs/models/boki.md, "Where the time of an
 * operation goes"), and which steps take up what has come before them.
 */

import type { Tagged } from "../../sim/machine.ts";
import { createPhases, type PhaseRow, type Phases } from "../phases.ts";
import { APPEND_PHASES } from "./append-anatomy.ts";
import type { BokiMessage } from "./messages.ts";

const [
  FUNCTION_TO_ENGINE,
  ENGINE_TO_STORAGE,
  LOCAL_CUT,
  STORAGE_TO_PRIMARY,
  GLOBAL_CUT,
  QUORUM,
  PRIMARY_TO_ENGINE,
  ENGINE_TO_FUNCTION,
] = APPEND_PHASES;

const INDEX = "wait for the index";
const EARLIER_ENTRY = "wait for an earlier entry";
const WORKER = "wait for a function worker";
const REPAIR = "repair";
const VIEW = "wait for the view";
const RECONFIGURATION = "reconfiguration";
const TO_INDEX = "engine to index engine";

/** Everything that may have come for a view that its receiver had not installed yet. */
const HELD = [
  "append",
  "read",
  "trim",
  "remoteRead",
  "dispatch",
  "invoke",
  "replicate",
  "readAt",
  "metalogs",
  "shardProgress",
  "metalogReplicate",
  "trimRequest",
];

/** A read that an index could not answer yet goes on with the entry or the records that it lacked. */
const READS = {
  waiting: INDEX,
  waitingWith: { metalogs: EARLIER_ENTRY },
  takesUp: ["read", "remoteRead", "metalogs"],
  sends: ["readAt", "readResult"],
  answers: ["opResult"],
};
/** A worker that is free takes the next call. */
const CALLS = { takesUp: ["invoke", "dispatch"], sends: ["call"] };
/** Taken up only where the cause of the step leads nowhere. */
const ifNothingElse = (takesUp: readonly string[]) => ({ takesUp, sends: [] });

type Timer =
  | "localCut"
  | "globalCut"
  | "journal"
  | "flush"
  | "collect"
  | "tables"
  | "repair"
  | "retry"
  | "sleep"
  | "timeout"
  | "arrival"
  | "giveUp"
  | "#client"
  | "#engine"
  | "#operator";

export const LOG_ROWS: Readonly<Record<BokiMessage["kind"] | Timer, PhaseRow | readonly PhaseRow[]>> = {
  // Functions and their engine.
  append: { way: FUNCTION_TO_ENGINE },
  read: { way: FUNCTION_TO_ENGINE },
  setAux: { way: FUNCTION_TO_ENGINE },
  trim: { way: FUNCTION_TO_ENGINE },
  invoke: { way: FUNCTION_TO_ENGINE },
  callDone: { way: FUNCTION_TO_ENGINE, waiting: WORKER, ...CALLS },
  workerStarted: { way: RECONFIGURATION, waiting: WORKER, ...CALLS },
  call: { way: ENGINE_TO_FUNCTION },
  opResult: { way: ENGINE_TO_FUNCTION },
  invokeResult: { way: ENGINE_TO_FUNCTION },
  engineStarted: { way: RECONFIGURATION },

  // An append becomes part of the log.
  replicate: { way: ENGINE_TO_STORAGE },
  journal: { way: ENGINE_TO_STORAGE, waiting: "storage's journal", takesUp: ["replicate"] },
  localCut: { way: STORAGE_TO_PRIMARY, waiting: LOCAL_CUT, takesUp: ["replicate", "journal"] },
  shardProgress: { way: STORAGE_TO_PRIMARY },
  globalCut: { way: QUORUM, waiting: GLOBAL_CUT, takesUp: ["shardProgress"] },
  metalogReplicate: { way: QUORUM, waiting: QUORUM, ...ifNothingElse(["metalogReplicate"]) },
  metalogProgress: {
    way: QUORUM,
    waiting: "wait for room in the metalog",
    ...ifNothingElse(["trimRequest"]),
  },
  metalogs: [
    {
      at: "storage",
      way: "primary to storage",
      waiting: "wait for the record's place in the log",
      waitingWith: { metalogs: EARLIER_ENTRY },
      takesUp: ["readAt", "metalogs"],
      sends: ["readResult"],
    },
    { way: PRIMARY_TO_ENGINE, ...READS },
  ],
  indexData: {
    way: INDEX,
    ...READS,
  },

  // Reads and trims.
  remoteRead: { way: TO_INDEX },
  readAt: { way: ENGINE_TO_STORAGE },
  readResult: { way: "storage or index to engine" },
  "#engine": {
    way: INDEX,
    waiting: "limit of blocking reads",
    takesUp: ["read", "remoteRead"],
  },
  storeAux: { way: ENGINE_TO_STORAGE },
  trimRequest: { way: "engine to primary" },
  trimResult: { way: PRIMARY_TO_ENGINE },

  // What is lost is asked for again.
  repair: {
    way: REPAIR,
    waiting: "wait for the repair",
    takesUp: ["read", "append", "replicate"],
    sends: ["replicate", "remoteRead", "readAt", "metalogFetch", "indexFetch"],
  },
  metalogFetch: { way: REPAIR },
  metalogFetched: {
    way: REPAIR,
    waiting: REPAIR,
    ...ifNothingElse(["read", "remoteRead", "readAt", "metalogs"]),
  },
  indexFetch: { way: REPAIR },

  // Calls from outside.
  request: { way: "client to gateway" },
  dispatch: { way: "gateway to engine" },
  complete: { way: "engine to gateway" },
  reply: { way: "gateway to client" },
  arrival: { way: "client", waiting: "client" },
  giveUp: { way: "time-out of the call", waiting: "time-out of the call" },
  "#client": { way: "client", waiting: "client" },

  // Timers of functions and of nodes.
  sleep: { way: "function sleeps", waiting: "function sleeps" },
  retry: { way: FUNCTION_TO_ENGINE, waiting: "pause before the next try" },
  timeout: { way: "time-out of the operation", waiting: "time-out of the operation" },
  flush: { way: "flush", waiting: "flush", takesUp: ["replicate", "metalogs"] },
  collect: { way: "collection of what was trimmed", waiting: "collection of what was trimmed" },

  // Views.
  tables: { way: RECONFIGURATION, waiting: "tables of the view", ...ifNothingElse(HELD) },
  "#operator": { way: RECONFIGURATION, waiting: RECONFIGURATION },
  zkEvents: {
    way: RECONFIGURATION,
    waiting: VIEW,
    ...ifNothingElse([...HELD, "request"]),
    answers: ["opResult"],
  },
  zkConnect: { way: RECONFIGURATION },
  zkPing: { way: RECONFIGURATION, waiting: RECONFIGURATION },
  zkExpired: { way: RECONFIGURATION },
  zkCreate: { way: RECONFIGURATION },
  zkCreated: { way: RECONFIGURATION },
  zkFetched: { way: RECONFIGURATION },
};

/**
 * A request of a worker and its answer have the worker's number of it in common, a call and who asked for it the call's. On their way
 * through indexes and storage nodes reads have the engine's number, and records that of their append, however often they are sent.
 */
function keyOf(tagged: Tagged): number | undefined {
  const message = tagged as BokiMessage;
  switch (message.kind) {
    case "append":
    case "read":
    case "setAux":
    case "trim":
    case "opResult":
      return message.client;
    case "invoke":
      return message.child;
    case "dispatch":
    case "call":
      return message.call;
    case "replicate":
      return -1 - message.record.localid;
    case "remoteRead":
      return -1 - message.query.op;
    case "readAt":
    case "readResult":
      return -1 - message.op;
    default:
      return undefined;
  }
}

export const LOG_PHASES: Phases = createPhases(LOG_ROWS, keyOf);
