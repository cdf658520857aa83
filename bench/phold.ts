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

const LINK: LinkProfile = {
  name: "phold",
  latency: { kind: "exponential", mean: MILLISECOND },
  connections: 0,
};

interface Node {
  readonly nodes: number;
  visits: number;
}
type Job = { readonly kind: "job" };
const JOB: Job = { kind: "job" };

const node: Machine<{ readonly nodes: number }, Node, Job> = {
  start({ nodes }, out) {
    out.send(out.choose(nodes), JOB);
    return { nodes, visits: 0 };
  },
  receive(state, _from, message, out) {
    state.visits++;
    out.send(out.choose(state.nodes), message);
  },
  timeout() {},
};

/** With a thousand machines, and beside these with so few and so many that they fit into the caches and do not. */
export async function run(options: Options): Promise<Row[]> {
  return [1_000, 10, 10_000].flatMap((nodes) => measure(nodes, options));
}

function measure(nodes: number, options: Options): Row[] {
  const events = options.quick ? 1_000_000 : 4_000_000;
  const contenders = [bokisim(nodes, events), cpp("phold", nodes, events)];
  if (nodes === 1_000) contenders.push(simpy("phold", nodes, Math.max(events / 40, 20 * nodes)));
  return compare(
    {
      measure: `PHOLD, ${nodes.toLocaleString("en")} machines, full contract`,
      unit: "events",
      // Each message in flight makes one visit per mean delay.
      expected: nodes,
      toleranceRatio: 0.02,
      contenders,
    },
    roundsOf(options),
  );
}

function bokisim(nodes: number, events: number): Contender {
  return {
    program: "bokisim",
    round() {
      const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => LINK });
      for (let i = 0; i < nodes; i++) {
        simulation.addProcess({
          name: `node-${i}`,
          role: "node",
          machine: node,
          config: { nodes },
          datagrams: LINK,
        });
      }
      simulation.start();
      const untilNanos = Math.round((events / nodes) * MILLISECOND);
      const cpuSeconds = cpuSecondsOf(() => simulation.run(untilNanos));
      return { count: simulation.events, cpuSeconds, result: (simulation.events / untilNanos) * MILLISECOND };
    },
  };
}
