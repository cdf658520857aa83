/** A small scenario that is right, for tests that spoil it. */

import { loadScenario, type Overrides } from "../../scenarios/load.ts";
import { ScenarioError } from "../../scenarios/problems.ts";

export const EXAMPLE = `name: example
summary: Appends and reads
duration: 2s
cluster:
  engines: 4
  storages: 3
  sequencers: 3
  workersPerEngine: 16
boki:
  localCut: 300us
  indexReplicas: 4
network:
  latency: 50us
costs:
  append: 1.5us
workload:
  - name: writers
    arrival: { closedLoop: { clients: 32, think: 1ms } }
    mix: { append: 90%, readPrev: 10% }
    tags: { count: 10, zipf: 0.9 }
    tagsPerRecord: 2
    recordSize: 1KiB
  - name: calls
    arrival: { poisson: { rate: 2k/s } }
    mix: { readNext: 1 }
    read: next
expect:
  - append.p50 < 2ms
  - call calls.count > 0
`;

/** The example with one text in place of another, which must be there. */
export function edited(from: string, to: string): string {
  if (!EXAMPLE.includes(from)) throw new Error(`the example has no ${from}`);
  return EXAMPLE.replace(from, () => to);
}

/** What is wrong with a scenario, as printed without the lines of the file; empty when nothing is. */
export function mistakes(text: string, overrides?: Overrides): string[] {
  try {
    loadScenario(text, "x.yaml", overrides);
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.message.split("\n").filter((line) => !line.startsWith("  "));
  }
}
