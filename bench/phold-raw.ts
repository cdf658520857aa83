/** PHOLD on the bare queue: nodes with a handler each, which sends on to a random node after an exponential delay. */

import { EventQueue } from "../sim/event-queue.ts";
import { exponential, uniform } from "./generator.ts";
import { cpp } from "./peers.ts";
import { type Contender, compare, cpuSecondsOf, type Options, type Row, roundsOf } from "./suite.ts";

const NODES = 1_000;

export async function run(options: Options): Promise<Row[]> {
  const events = options.quick ? 1_000_000 : 4_000_000;
  return compare(
    {
      measure: `PHOLD, ${NODES.toLocaleString("en")} nodes, bare queue`,
      unit: "events",
      expected: NODES,
      toleranceRatio: 0.02,
      contenders: [bokisim(events), cpp("phold", NODES, events)],
    },
    roundsOf(options),
  );
}

function bokisim(events: number): Contender {
  return {
    program: "bokisim",
    round() {
      const queue = new EventQueue();
      const visits = new Int32Array(NODES);
      const cpuSeconds = cpuSecondsOf(() => phold(queue, visits, events));
      return { count: events, cpuSeconds, result: visits.reduce((a, b) => a + b, 0) / queue.now };
    },
  };
}

function phold(queue: EventQueue, visits: Int32Array, events: number): void {
  const handlers: ((slot: number) => void)[] = [];
  const forward = (slot: number) => {
    const node = queue.targets[slot]!;
    visits[node]!++;
    queue.push(queue.times[slot]! + exponential(), Math.floor(uniform() * NODES), node, 0, undefined);
  };
  for (let node = 0; node < NODES; node++) {
    handlers.push(forward);
    queue.push(exponential(), node, node, 0, undefined);
  }
  for (let i = 0; i < events; i++) {
    const slot = queue.pop(Number.POSITIVE_INFINITY);
    handlers[queue.targets[slot]!]!(slot);
  }
}
