/**
 * Parts that processes play in a deployment, as fault plans name them: who is an idle or a running worker is known when a fault
 * strikes (sim/faults/fault.ts, `Selector.part`).
 *
 * A worker is what its engine takes for one: it is idle or runs a call from the engine's point of view, and its process is
 * struck. In Go, Node.js and Python that is the process of all the function's workers on the node. Reading changes nothing, so a
 * run with a look at it has the digest of one without.
 */

import type { Address } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { NightcoreDeployment } from "./cluster.ts";
import { type EngineState, NO_SLOT } from "./engine-state.ts";

type PartName = "gateway" | "engine" | "launcher" | "idle worker" | "running worker" | "processes";

interface Part {
  readonly part: PartName;
  /** Of this function only. */
  readonly fn?: string;
  /** Of this node only, from 1. */
  readonly node?: number;
}

const PART =
  /^(gateway|engine|launcher|idle worker|running worker|processes)(?: of ([^ ]+))?(?: on node ([1-9]\d*))?$/;

/**
 * A part by its name: `gateway`, `engine`, `launcher`, `idle worker`, `running worker`, `processes` (all of the runtime). Launchers and
 * workers may be those `of FUNCTION`, and all but the gateway those `on node N`. Undefined for any other words.
 */
export function readPart(words: string): Part | undefined {
  const match = PART.exec(words);
  if (match === null) return undefined;
  const part = match[1] as PartName;
  const [, , fn, node] = match;
  const ofFunction = part === "launcher" || part === "idle worker" || part === "running worker";
  if ((fn !== undefined && !ofFunction) || (node !== undefined && part === "gateway")) return undefined;
  return { part, ...(fn === undefined ? {} : { fn }), ...(node === undefined ? {} : { node: Number(node) }) };
}

/** What is looked at in a deployment. */
export interface NodesSeen extends Pick<NightcoreDeployment, "gateway" | "nodes"> {
  readonly simulation: Pick<Simulation, "stateOf">;
}

/** The processes that play a part now, in the order of nodes and functions. */
export function playersOf(words: string, deployment: NodesSeen, functionNames: readonly string[]): Address[] {
  const wanted = readPart(words);
  if (wanted === undefined) throw new Error(`Nightcore has no part "${words}"`);
  const { part, fn: functionName, node } = wanted;
  if (part === "gateway") return [deployment.gateway];
  const nodes = deployment.nodes.filter((_, i) => node === undefined || node === i + 1);
  const isWanted = (fn: number) => functionName === undefined || functionNames[fn] === functionName;
  switch (part) {
    case "engine":
      return nodes.map(({ engine }) => engine);
    case "launcher":
      return nodes.flatMap(({ launchers }) => launchers.filter((_, fn) => isWanted(fn)));
    case "processes": {
      const ofNodes = nodes.flatMap(({ engine, launchers, processes }) => [
        engine,
        ...launchers,
        ...processes.flat(),
      ]);
      return node === undefined ? [deployment.gateway, ...ofNodes] : ofNodes;
    }
    default:
      return nodes.flatMap(({ engine }) =>
        workersOf(deployment.simulation.stateOf(engine) as EngineState | undefined, part, isWanted),
      );
  }
}

function workersOf(
  state: EngineState | undefined,
  part: "idle worker" | "running worker",
  isWanted: (fn: number) => boolean,
): Address[] {
  const players = new Set<Address>();
  for (const worker of state?.workers ?? []) {
    if (worker === undefined || !isWanted(worker.fn)) continue;
    if ((worker.slot === NO_SLOT) === (part === "idle worker")) players.add(worker.process);
  }
  return [...players];
}
