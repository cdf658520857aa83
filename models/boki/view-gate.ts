/**
 * What every node of the log does with views: it follows ZooKeeper, and sets messages of a view that it has not installed yet
 * aside until it has (docs/models/boki.md, "Messages"). Nodes install a view each at its own time, so the first to do so
 * are heard of by the others too early.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import type { ViewId } from "./identifiers.ts";
import type { BokiMessage, Directory, Held } from "./messages.ts";
import type { View } from "./view.ts";

/** The part of a node's state that this is about. */
export interface ViewGate {
  directory: Directory | undefined;
  /** The view the node is in; undefined: it has seen none, and every view is ahead of it. */
  view: View | undefined;
  held: Held[];
}

export function beforeAnyView(): ViewGate {
  return { directory: undefined, view: undefined, held: [] };
}

/** Takes in what ZooKeeper tells: the directory is replaced, and `install` is called for each new view. */
export function followZooKeeper(
  gate: ViewGate,
  from: Address,
  message: Extract<BokiMessage, { kind: "zkEvents" }>,
  install: (view: View) => void,
  out: Effects<BokiMessage>,
): void {
  for (const event of message.events) {
    if (event.topic === "node") gate.directory = event.directory;
    else if (event.topic === "view") install(event.view);
  }
  out.send(from, { kind: "zkFetched" });
}

/** Sets a message of a view that is ahead of the node's aside, and says so. */
export function holdsFor(gate: ViewGate, view: ViewId, from: Address, message: BokiMessage): boolean {
  if (gate.view !== undefined && view <= gate.view.viewId) return false;
  gate.held.push({ view, from, message });
  return true;
}

/** The messages that waited for a view, to be handled now. */
export function takeHeld(gate: ViewGate, view: ViewId): Held[] {
  const released = gate.held.filter((held) => held.view === view);
  gate.held = gate.held.filter((held) => held.view !== view);
  return released;
}
