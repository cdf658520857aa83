/**
 * What the pieces of a request's critical path are called where its functions use the log, and which steps take up what has come before
 * (docs/models/stack.md, "Where the time of a request goes"): as in the two models.
 */

import type { Tagged } from "../../sim/machine.ts";
import { LOG_PHASES, LOG_ROWS } from "../boki/phases.ts";
import { RUNTIME_PHASES, RUNTIME_ROWS } from "../nightcore/phases.ts";
import { createPhases, type PhaseRow, type Phases } from "../phases.ts";
import { isOfRuntime, type StackMessage } from "./messages.ts";

/** ZooKeeper tells the gateway of an engine, and calls that wait for one are given to it. */
const ENGINE_ONLINE: PhaseRow = {
  at: "gateway",
  way: "reconfiguration",
  waiting: "wait for a node",
  takesUp: ["httpRequest"],
  sends: ["externalCall"],
};

/** Numbers of calls are whole, in the runtime. Operations of the log get others, as both are numbered by their workers. */
const OF_LOG = 0.5;

/** Of what a function process has said, too: it has many slots, and an answer is to one of them. */
function keyOf(tagged: Tagged): number | undefined {
  const message = tagged as StackMessage;
  if (message.kind === "done" || message.kind === "returned") return message.call;
  if (isOfRuntime(message)) return RUNTIME_PHASES.keyOf(message);
  const key = LOG_PHASES.keyOf(message);
  return key === undefined ? undefined : key + OF_LOG;
}

export const STACK_PHASES: Phases = createPhases(
  { ...LOG_ROWS, ...RUNTIME_ROWS, zkEvents: [ENGINE_ONLINE, LOG_ROWS.zkEvents as PhaseRow] },
  keyOf,
);
