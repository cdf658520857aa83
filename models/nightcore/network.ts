/** How the processes of a Nightcore deployment are connected: pipes within a node, TCP everywhere else. */

import type { LinkProfile } from "../../sim/network.ts";
import { createTcpRouting, type NetworkConfig, type Routing } from "../applications/network.ts";
import { CHANNELS_PER_PROCESS, type NightcoreConfig } from "./config.ts";

const NODE_ROLES: ReadonlySet<string> = new Set(["engine", "launcher", "worker"]);

export function createRouting(
  settings: NightcoreConfig,
  network: NetworkConfig,
  functionCount: number,
): Routing {
  const { engineThreads, connectionsPerThread, directWrite } = settings;
  const tcp = createTcpRouting(network);
  const channel: LinkProfile = {
    name: "channel",
    latency: network.pipeLatency,
    // Launchers use the connection of their function's number.
    connections: Math.max(CHANNELS_PER_PROCESS, functionCount),
    pinned: true,
    local: true,
  };
  const directChannel: LinkProfile = { ...channel, sharedWrites: true };
  return (from, to) => {
    if (NODE_ROLES.has(from.role) && NODE_ROLES.has(to.role)) {
      return directWrite && from.role === "engine" ? directChannel : channel;
    }
    const profile = tcp(from, to);
    if (from.role !== "engine" && to.role !== "engine") return profile;
    return { ...profile, connections: Math.max(2, engineThreads * connectionsPerThread), shift: 0 };
  };
}
