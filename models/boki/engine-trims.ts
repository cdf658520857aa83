/**
 * Trims at an engine (docs/models/reconfiguration.md, "Trim"): a trim goes to the primary of the LogBook's log and comes back
 * once the metalog has it. One that is still under way when the view ends fails; whether it took place is not known then.
 */

import type { Address } from "../../sim/machine.ts";
import { contextOf, raiseProgress } from "./engine-calls.ts";
import {
  answerPlainly,
  armRepair,
  type EngineEffects,
  type EngineState,
  type TrimOperation,
} from "./engine-state.ts";
import { sequencerOf, type ViewId, viewOf } from "./identifiers.ts";
import type { BokiMessage } from "./messages.ts";
import { logspaceOfLogBook } from "./view.ts";
import { directoryOf } from "./view-gate.ts";

type MessageOf<Kind> = Extract<BokiMessage, { kind: Kind }>;

export function startTrim(
  state: EngineState,
  worker: Address,
  message: MessageOf<"trim">,
  out: EngineEffects,
): void {
  const { call, client, tag, seqnum } = message;
  const context = contextOf(state, worker, call, client, out);
  if (context === undefined) return;
  if (state.view === undefined || !state.active) {
    answerPlainly(worker, client, "trimFailed", out);
    return;
  }
  const { logBook } = context;
  const op = state.nextOp++;
  const logspace = logspaceOfLogBook(state.view, logBook);
  const trim = { engine: state.config.id, op, logBook, tag, seqnum };
  const operation: TrimOperation = { worker, client, call, logspace, trim, seen: false };
  state.trims.set(op, operation);
  request(state, operation, out);
  armRepair(state, out);
}

function request(state: EngineState, { logspace, trim }: TrimOperation, out: EngineEffects): void {
  const address = directoryOf(state)?.sequencer[sequencerOf(logspace)];
  if (address !== undefined) out.send(address, { kind: "trimRequest", logspace, trim });
}

export function takeTrimResult(
  state: EngineState,
  { op, done, progress }: MessageOf<"trimResult">,
  out: EngineEffects,
): void {
  const operation = state.trims.get(op);
  if (operation === undefined) {
    out.count("engine.unknownTrim");
    return;
  }
  state.trims.delete(op);
  const { worker, client, call } = operation;
  answerPlainly(worker, client, done ? "ok" : "trimFailed", out, done ? progress : 0);
  if (done) raiseProgress(state, call, progress);
}

/** The view has ended, and no answer of its primaries will come any more. */
export function failTrims(state: EngineState, view: ViewId, out: EngineEffects): void {
  for (const [op, { logspace, worker, client }] of [...state.trims]) {
    if (viewOf(logspace) > view) continue;
    state.trims.delete(op);
    answerPlainly(worker, client, "trimFailed", out);
  }
}

/** Sends the trims again that have been open since before the last look. Returns whether any is open. */
export function repairTrims(state: EngineState, out: EngineEffects): boolean {
  for (const operation of state.trims.values()) {
    if (operation.seen) request(state, operation, out);
    operation.seen = true;
  }
  return state.trims.size > 0;
}
