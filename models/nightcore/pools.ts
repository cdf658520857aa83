/** The pools of workers as they are at a moment. Reading changes nothing: a run with a look at them has the digest of one without. */

import type { EngineState } from "./engine-state.ts";
import type { NodesSeen } from "./parts.ts";
import { pendingCount } from "./pending-calls.ts";

/** A function's, on all nodes together. */
export interface PoolSize {
  /** Connected workers. */
  readonly workers: number;
  /** Calls that run, as their engines count them. */
  readonly running: number;
  /** Calls that wait for a worker. */
  readonly waiting: number;
}

/** By function. An engine that is down has no workers. */
export function poolSizes(
  { simulation, nodes }: Pick<NodesSeen, "simulation" | "nodes">,
  functionCount: number,
): PoolSize[] {
  const engines = nodes.map(({ engine }) => simulation.stateOf(engine) as EngineState | undefined);
  return Array.from({ length: functionCount }, (_, fn) => {
    const size = { workers: 0, running: 0, waiting: 0 };
    for (const engine of engines) {
      const dispatcher = engine?.dispatchers[fn];
      if (dispatcher === undefined) continue;
      size.workers += dispatcher.workers;
      size.running += dispatcher.running;
      size.waiting += pendingCount(dispatcher.pending);
    }
    return size;
  });
}
