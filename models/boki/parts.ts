/**
 * Parts that processes play in a deployment, as fault plans name them: "the primary" is whoever is it at the moment a fault
 * strikes (sim/faults/fault.ts, `Selector.part`).
 *
 * Who plays which part is read from ZooKeeper's log, which has every view that was ever published: unlike the controller it
 * never loses its memory. Reading changes nothing, so a run with a look at it has the digest of one without.
 */

import type { Address } from "../../sim/machine.ts";
import type { Deployment } from "./cluster.ts";
import type { ClusterConfig } from "./config.ts";
import { backupsOf, type View } from "./view.ts";
import type { ZooKeeperState } from "./zookeeper.ts";

/** Physical logs are numbered from 1; the first is meant where no number is given. */
const PART = /^(primary|backups)(?: of log ([1-9]\d*))?$/;
/** Every engine, storage node and sequencer; these and the gateway, the controller and the function workers. */
type Group = "nodes" | "processes";

interface Part {
  readonly part: "primary" | "backups" | Group;
  readonly log: number;
}

/** A part by its name: `primary`, `backups`, each also with ` of log 2`, or a group; undefined for any other word. */
export function readPart(part: string): Part | undefined {
  if (part === "nodes" || part === "processes") return { part, log: 1 };
  const match = PART.exec(part);
  if (match === null) return undefined;
  return { part: match[1] as Part["part"], log: Number(match[2] ?? 1) };
}

/** Struck only by name: ZooKeeper stands for an ensemble that does not fail, the others are no part of the system. */
const SPARED: ReadonlySet<string> = new Set(["zookeeper", "operator", "client"]);

/** The processes that play a part now, in the order of the view; none before the first view. */
export function playersOf(
  part: string,
  deployment: Pick<Deployment, "simulation" | "zooKeeper" | "engines" | "storages" | "sequencers">,
): Address[] {
  const wanted = readPart(part);
  if (wanted === undefined) throw new Error(`Boki has no part "${part}"`);
  const { simulation, engines, storages, sequencers } = deployment;
  if (wanted.part === "nodes") return [...sequencers, ...storages, ...engines];
  if (wanted.part === "processes") {
    return simulation.processes.filter(({ role }) => !SPARED.has(role)).map(({ address }) => address);
  }
  const view = latestView(deployment);
  // The primary of the k-th log is the k-th sequencer of the view.
  const position = wanted.log - 1;
  const primary = view?.sequencers[position];
  if (view === undefined || primary === undefined || wanted.log > view.physicalLogs) return [];
  const ids = wanted.part === "primary" ? [primary] : backupsOf(view, position);
  return ids.map((id) => sequencers[id - 1]!);
}

function latestView({
  simulation,
  zooKeeper,
}: Pick<Deployment, "simulation" | "zooKeeper">): View | undefined {
  const state = simulation.stateOf(zooKeeper) as ZooKeeperState | undefined;
  const event = state?.log.findLast((each) => each.topic === "view" && each.phase === "new");
  return event?.topic === "view" && event.phase === "new" ? event.view : undefined;
}

/** Names of the processes of a deployment by role, as `createDeployment` gives them; there may be too many workers to list. */
export function processNames(
  cluster: ClusterConfig,
  workloads: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  const numbered = (role: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${role}-${i + 1}`);
  return {
    zookeeper: ["zookeeper"],
    controller: ["controller"],
    operator: ["operator"],
    gateway: ["gateway"],
    sequencer: numbered("sequencer", cluster.sequencers + cluster.spareSequencers),
    storage: numbered("storage", cluster.storages + cluster.spareStorages),
    engine: numbered("engine", cluster.engines + cluster.spareEngines),
    client: workloads.map((name) => `client-${name}`),
  };
}

/** Whether a deployment has a function worker of this name: `worker-3.17` is the 17th of engine 3. */
export function isWorkerName(name: string, cluster: ClusterConfig): boolean {
  const [, engine, worker] = /^worker-([1-9]\d*)\.([1-9]\d*)$/.exec(name) ?? [];
  return (
    engine !== undefined &&
    Number(engine) <= cluster.engines + cluster.spareEngines &&
    Number(worker) <= cluster.workersPerEngine
  );
}
