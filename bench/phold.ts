/**
 * PHOLD through the whole machine contract in fast mode: machines with a state each, which send a message on to a random
 * machine over a link with an exponential delay. Every event passes the crash check, the message count by kind and
 * the digest.
 */

import type { Machine } from "../sim/machine.ts";
import type { LinkProfile } from "../sim/network.ts";
import { Simulation } from "../sim/simulation.ts";
import { MILLISECOND } from "../sim/units.ts";
import { cpp, simpy } from "./peers.ts";
import { type Contender, compare, cpuSecondsOf, type Options, type Row, roundsOf } from "./suite.ts";

const NODES = 1_000;
const LINK: LinkProfile = {
  name: "phold",
  latency: { kind: "exponential", mean: MILLISECOND },
  connections: 0,
};

interface Node {
  visits: number;
}
type Job = { readonly kind: "job" };
const JOB: Job = { kind: "job" };

const node: Machine<undefined, Node, Job> = {
  start(_config, out) {
    out.send(out.choose(NODES), JOB);
    return { visits: 0 };
  },
  receive(state, _from, message, out) {
    state.visits++;
    out.send(out.choose(NODES), message);
  },
  timeout() {},
};

export async function run(options: Options): Promise<Row[]> {
  const events = options.quick ? 1_000_000 : 4_000_000;
  return compare(
    {
      measure: `PHOLD, ${NODES.toLocaleString("en")} machines, full contract`,
      unit: "events",
      // Each message in flight makes one visit per mean delay.
      expected: NODES,
      toleranceRatio: 0.02,
      contenders: [
        bokisim(events),
        cpp("phold", NODES, events),
        simpy("phold", NODES, Math.max(events / 40, 20 * NODES)),
      ],
    },
    roundsOf(options),
  );
}

function bokisim(events: number): Contender {
  return {
    program: "bokisim",
    round() {
      const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => LINK });
      for (let i = 0; i < NODES; i++) {
        simulation.addProcess({
          name: `node-${i}`,
          role: "node",
          machine: node,
          config: undefined,
          datagrams: LINK,
        });
      }
      simulation.start();
      const untilNanos = Math.round((events / NODES) * MILLISECOND);
      const cpuSeconds = cpuSecondsOf(() => simulation.run(untilNanos));
      return { count: simulation.events, cpuSeconds, result: (simulation.events / untilNanos) * MILLISECOND };
    },
  };
}
