/** How the processes of a Boki deployment are connected (docs/models/boki.md, "The deployment"). */

import type { Distribution } from "../../sim/distribution.ts";
import type { LinkProfile } from "../../sim/network.ts";
import type { BokiConfig, NetworkConfig } from "./config.ts";

export const ROLE_ZOOKEEPER = "zookeeper";
export const ROLE_WORKER = "worker";

const NOTHING: Distribution = { kind: "constant", value: 0 };

/** How two processes are connected, by their roles and whether they are on one host. */
export type LogRouting = (sender: string, receiver: string, sameHost: boolean) => LinkProfile;

export function createLogRouting(
  { connectionsPerPeer }: Pick<BokiConfig, "connectionsPerPeer">,
  { latency, pipeLatency, zookeeperDelay }: Pick<NetworkConfig, "latency" | "pipeLatency" | "zookeeperDelay">,
): LogRouting {
  const network: LinkProfile = { name: "network", latency, connections: connectionsPerPeer };
  const pipe: LinkProfile = {
    name: "pipe",
    latency: pipeLatency,
    connections: 1,
    pinned: true,
    local: true,
  };
  const zooKeeper: LinkProfile = { name: "zookeeper", latency: zookeeperDelay, connections: 1 };
  // From one process to another of ZooKeeper's own host: no partition comes between them.
  const zooKeeperLocal: LinkProfile = { ...zooKeeper, local: true };
  const local: LinkProfile = { name: "local", latency: NOTHING, connections: 1, local: true };
  return (sender, receiver, sameHost) => {
    if (sender === ROLE_ZOOKEEPER || receiver === ROLE_ZOOKEEPER) {
      return sameHost ? zooKeeperLocal : zooKeeper;
    }
    if (sender === ROLE_WORKER || receiver === ROLE_WORKER) return pipe;
    return sameHost ? local : network;
  };
}
