/**
 * What every node of the log does with views: it follows ZooKeeper, and sets messages of a view that it has not installed yet
 * aside until it has (docs/models/boki.md, "Messages"). Nodes install a view each at its own time, so the first to do so
 * are heard of by the others too early.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import type { ViewId } from "./identifiers.ts";
import type { BokiMessage, Directory, Held, NodeConfig, Role, ZooKeeperEvent } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { isMember, type MemberRole, type View } from "./view.ts";
import { openSession, takeZooKeeper, type ZooKeeperSession } from "./zookeeper-session.ts";

type FinalizeEvent = Extract<ZooKeeperEvent, { phase: "finalize" }>;

/** The part of a node's state that this is about. */
export interface ViewGate {
  readonly role: Role;
  readonly session: ZooKeeperSession;
  /** The view the node is in; undefined: it has seen none, and every view is ahead of it. */
  view: View | undefined;
  /** All views so far, by id. */
  views: Map<ViewId, View>;
  /** How far the current view has got, as this node knows. */
  phase: "normal" | "frozen" | "finalized";
  held: Held[];
  /** Why the process has given up: it answers nothing and does nothing any more. */
  aborted: string | undefined;
}

/** What a role does at each event of a view, in the order in which ZooKeeper has them. */
export interface ViewHandlers {
  install(view: View): void;
  freeze(view: View): void;
  finalize(view: View, event: FinalizeEvent): void;
  /** The directory has changed. */
  directoryChanged?(): void;
}

/** The start of a node's life: it opens its session. */
export function beforeAnyView(
  role: Role,
  config: NodeConfig,
  out: Effects<BokiMessage>,
  topics: readonly ("node" | "view")[] = ["node", "view"],
): ViewGate {
  const { zooKeeper, sessionTimeoutNanos, id } = config;
  return {
    role,
    session: openSession({ zooKeeper, sessionTimeoutNanos, role, id, topics }, out),
    view: undefined,
    views: new Map(),
    phase: "normal",
    held: [],
    aborted: undefined,
  };
}

export function directoryOf(gate: ViewGate): Directory | undefined {
  return gate.session.directory;
}

/** Whether this life of the node is the one that a view counts on. */
export function belongsTo(gate: ViewGate, role: MemberRole, view: View): boolean {
  return isMember(view, role, gate.session.id, gate.session.birth);
}

/** Takes in what ZooKeeper tells. */
export function followZooKeeper(
  gate: ViewGate,
  message: Extract<BokiMessage, { kind: "zkEvents" | "zkCreated" | "zkExpired" }>,
  handlers: ViewHandlers,
  out: Effects<BokiMessage>,
): void {
  takeZooKeeper(gate.session, message, (event) => followEvent(gate, event, handlers, out), out);
}

function followEvent(
  gate: ViewGate,
  event: ZooKeeperEvent,
  handlers: ViewHandlers,
  out: Effects<BokiMessage>,
): void {
  if (gate.aborted !== undefined) return;
  if (event.topic === "node") {
    handlers.directoryChanged?.();
    return;
  }
  if (event.topic !== "view") return;
  const viewId = event.phase === "new" ? event.view.viewId : event.viewId;
  out.observe?.({
    kind: "viewEvent",
    role: gate.role,
    node: gate.session.id,
    viewId,
    event,
  } satisfies Observation);
  switch (event.phase) {
    case "new":
      gate.views.set(viewId, event.view);
      gate.view = event.view;
      gate.phase = "normal";
      handlers.install(event.view);
      return;
    case "freeze":
      gate.phase = "frozen";
      handlers.freeze(gate.views.get(viewId)!);
      return;
    case "finalize":
      gate.phase = "finalized";
      handlers.finalize(gate.views.get(viewId)!, event);
      return;
  }
}

/** Sets a message of a view that is ahead of the node's aside, and says so. */
export function holdsFor(
  gate: ViewGate,
  view: ViewId,
  from: Address,
  message: BokiMessage,
  mutation: number,
): boolean {
  if (gate.view !== undefined && view <= gate.view.viewId) return false;
  // The slip: such messages are dropped.
  if (mutation !== Mutation.futureDropped) gate.held.push({ view, from, message });
  return true;
}

/** The messages that waited for a view, to be handled now. */
export function takeHeld(gate: ViewGate, view: ViewId, out: Effects<BokiMessage>): Held[] {
  if (gate.held.length === 0) return [];
  const released = gate.held.filter((held) => held.view === view);
  if (released.length > 0) out.count(`${gate.role}.heldReleased`, released.length);
  gate.held = gate.held.filter((held) => held.view > view);
  return released;
}

/** Ends the process, as an assertion of the release does that is fatal. Its session runs out like that of any dead process. */
export function abort(gate: ViewGate, reason: string, out: Effects<BokiMessage>): void {
  if (gate.aborted !== undefined) return;
  gate.aborted = reason;
  gate.held = [];
  out.cancelTimer("zkPing");
  out.count(`${gate.role}.aborted`);
  out.observe?.({ kind: "aborted", role: gate.role, node: gate.session.id, reason } satisfies Observation);
}
