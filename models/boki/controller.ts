/**
 * The controller: decides who plays which part, and publishes it as a view (docs/models/boki.md, "ZooKeeper and the
 * controller"). Everything it tells the cluster goes through ZooKeeper, so that all nodes see the same views in the same order.
 *
 * On the operator's `start` it takes the nodes that are online, in ascending order of their ids, deals the hash tokens that
 * place LogBooks on physical logs, and publishes the first view. A command that the online nodes cannot serve is dropped,
 * as the released controller does; it is counted so that a run can tell.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { NodeId } from "./identifiers.ts";
import type { BokiMessage, Directory } from "./messages.ts";
import { createView, enoughNodes, type View, type ViewSpec } from "./view.ts";

export interface ControllerConfig {
  readonly zooKeeper: Address;
  readonly metalogReplicas: number;
  readonly userlogReplicas: number;
  readonly indexReplicas: number;
  readonly physicalLogs: number;
  readonly hashTokens: number;
}

export interface ControllerState {
  readonly config: ControllerConfig;
  phase: "created" | "normal";
  directory: Directory | undefined;
  views: View[];
}

/** The released default seed of the LogBook hash; only that it is fixed matters here. */
const HASH_SEED = 0x02f9bedc;

export const controller: Machine<ControllerConfig, ControllerState, BokiMessage> = {
  start(config, out) {
    out.send(config.zooKeeper, { kind: "zkConnect", role: undefined, id: 0, topics: ["node", "command"] });
    return { config, phase: "created", directory: undefined, views: [] };
  },

  receive(state, _from, message, out) {
    if (message.kind !== "zkEvents") throw new Error(`the controller does not take ${message.kind}`);
    for (const event of message.events) {
      if (event.topic === "node") state.directory = event.directory;
      else if (event.topic === "command") startFirstView(state, out);
    }
    out.send(state.config.zooKeeper, { kind: "zkFetched" });
  },

  timeout() {},
};

function startFirstView(state: ControllerState, out: Effects<BokiMessage>): void {
  if (state.phase !== "created") return;
  if (state.directory === undefined) {
    out.count("controller.commandDropped");
    return;
  }
  const { metalogReplicas, userlogReplicas, indexReplicas, physicalLogs, hashTokens } = state.config;
  const sequencers = onlineOf(state.directory.sequencer);
  const spec: ViewSpec = {
    viewId: 0,
    metalogReplicas,
    userlogReplicas,
    indexReplicas,
    physicalLogs,
    sequencers,
    engines: onlineOf(state.directory.engine),
    storages: onlineOf(state.directory.storage),
    hashSeed: HASH_SEED,
    hashTokens: dealTokens(sequencers.slice(0, physicalLogs), hashTokens, out),
  };
  if (!enoughNodes(spec)) {
    out.count("controller.commandDropped");
    return;
  }
  const view = createView(spec);
  state.views.push(view);
  state.phase = "normal";
  out.send(state.config.zooKeeper, { kind: "zkCreate", event: { topic: "view", phase: "new", view } });
}

/** Ids of the nodes that are online, ascending. */
export function onlineOf(addresses: readonly (Address | undefined)[]): NodeId[] {
  const ids: NodeId[] = [];
  addresses.forEach((address, id) => {
    if (address !== undefined) ids.push(id);
  });
  return ids;
}

/** Deals the active sequencers over the tokens in turn, then shuffles (Fisher and Yates). */
function dealTokens(active: readonly NodeId[], count: number, out: Effects<BokiMessage>): NodeId[] {
  const tokens = Array.from({ length: count }, (_, k) => active[k % active.length]!);
  for (let i = tokens.length - 1; i > 0; i--) {
    const j = out.choose(i + 1);
    [tokens[i], tokens[j]] = [tokens[j]!, tokens[i]!];
  }
  return tokens;
}
