import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Address, Machine } from "../../sim/machine.ts";
import type { LinkProfile } from "../../sim/network.ts";
import { Simulation } from "../../sim/simulation.ts";
import { MILLISECOND } from "../../sim/units.ts";

// What follows, down to the end of the example, is the example of docs/kernel.md.
type Message =
  | { readonly kind: "add"; readonly amount: number }
  | { readonly kind: "sum"; readonly value: number };

interface Counter {
  value: number;
  readonly waiting: Address[];
}

const counter: Machine<undefined, Counter, Message> = {
  start: () => ({ value: 0, waiting: [] }),
  receive(state, from, message, out) {
    if (message.kind !== "add") return;
    state.value += message.amount;
    state.waiting.push(from);
    out.setTimer("answer", MILLISECOND);
  },
  timeout(state, _timer, out) {
    for (const client of state.waiting) out.send(client, { kind: "sum", value: state.value });
    state.waiting.length = 0;
  },
};

const client: Machine<{ counter: Address }, { sum: number }, Message> = {
  start(config, out) {
    out.send(config.counter, { kind: "add", amount: 2 });
    return { sum: 0 };
  },
  receive(state, _from, message) {
    if (message.kind === "sum") state.sum = message.value;
  },
  timeout() {},
};

const link: LinkProfile = {
  name: "lan",
  latency: { kind: "uniform", low: 20_000, high: 30_000 },
  connections: 1,
};
const simulation = new Simulation({ seed: 1, mode: "checked", routing: () => link });
const address = simulation.addProcess({
  name: "counter",
  role: "counter",
  machine: counter,
  config: undefined,
});
const asking = simulation.addProcess({
  name: "client",
  role: "client",
  machine: client,
  config: { counter: address },
});
simulation.start();
simulation.run(2 * MILLISECOND);
// The example ends here.

test("the counter of docs/kernel.md answers", () => {
  expect(simulation.stateOf(asking)).toEqual({ sum: 2 });
});

test("docs/kernel.md shows the code that is tested here", () => {
  const squeezed = (text: string) => text.replaceAll(/\s+|,(?=\s*[)}])/g, "").replace("=|", "=");
  const here = readFileSync(import.meta.filename, "utf8");
  const page = readFileSync("docs/kernel.md", "utf8");
  const example = /<!-- example -->\s*```ts\n(.*?)```/s.exec(page)![1]!;
  expect(squeezed(here)).toContain(squeezed(example));
});
