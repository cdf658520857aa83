/** What the tests of the kernel build their small systems from. */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, CostModel, Effects, Machine, TimerName } from "../../sim/machine.ts";
import type { LinkProfile } from "../../sim/network.ts";
import type { ProcessOptions } from "../../sim/process.ts";
import { Simulation, type SimulationOptions } from "../../sim/simulation.ts";

export function constant(value: number): Distribution {
  return { kind: "constant", value };
}

/** A link with a constant delay, or a drawn one. */
export function link(latency: Distribution | number, more: Partial<LinkProfile> = {}): LinkProfile {
  return {
    name: "link",
    latency: typeof latency === "number" ? constant(latency) : latency,
    connections: 1,
    ...more,
  };
}

export function simulate(options: Partial<SimulationOptions> & { link?: LinkProfile } = {}): Simulation {
  const { link: profile = link(0), ...rest } = options;
  return new Simulation({ seed: 1, mode: "fast", routing: () => profile, ...rest });
}

/** A message of the tests: anything, tagged. */
export interface Note {
  readonly kind: string;
  readonly value?: unknown;
}

export function note(kind: string, value?: unknown): Note {
  return value === undefined ? { kind } : { kind, value };
}

/** A machine's state that is just what happened to it, with the times. */
export interface Log {
  log: [timeNanos: number, what: string][];
}

type Out = Effects<Note>;

/** A machine that logs every input and then does what the test says. */
export function logging(steps: {
  start?: (out: Out) => void;
  receive?: (note: Note, out: Out, from: Address, state: Log) => void;
  timeout?: (timer: TimerName, out: Out, state: Log) => void;
}): Machine<undefined, Log, Note> {
  return {
    start(_config, out) {
      steps.start?.(out);
      return { log: [] };
    },
    receive(state, from, message, out) {
      state.log.push([out.now, message.kind]);
      steps.receive?.(message, out, from, state);
    },
    timeout(state, timer, out) {
      state.log.push([out.now, `timer ${timer}`]);
      steps.timeout?.(timer, out, state);
    },
  };
}

export function logOf(simulation: Simulation, address: Address): Log["log"] {
  return (simulation.stateOf(address) as Log).log;
}

export function kindsOf(simulation: Simulation, address: Address): string[] {
  return logOf(simulation, address).map(([, what]) => what);
}

/** Costs that are nothing but what the test says. */
export function costs(model: Partial<CostModel> = {}): CostModel {
  const free = () => 0;
  return {
    receiveNanos: free,
    sendNanos: free,
    timerNanos: free,
    workNanos: free,
    sizeBytes: free,
    ...model,
  };
}

/** Adds a process with no configuration, named and grouped by its name. */
export function add(
  simulation: Simulation,
  name: string,
  machine: ProcessOptions["machine"],
  more: Partial<ProcessOptions> = {},
): Address {
  return simulation.addProcess({ name, role: name, machine, config: undefined, ...more });
}

/** Sends a burst of jobs at these times, as many as given. */
export function bursts(to: number, times: Readonly<Record<number, number>>) {
  return logging({
    start: (out) => {
      for (const time of Object.keys(times)) out.setTimer(Number(time), Number(time));
    },
    timeout: (timer, out) => {
      for (let i = 0; i < times[timer as number]!; i++) out.send(to, note(`job ${timer}.${i}`));
    },
  });
}
