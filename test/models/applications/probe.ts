/** A process that sends what a test wants it to, keeps what it gets, and answers it if it is told how; and a bare network. */

import type { ApplicationMessage } from "../../../models/applications/messages.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import type { Address, Machine } from "../../../sim/machine.ts";
import { Simulation, type SimulationOptions } from "../../../sim/simulation.ts";
import { MICROSECOND, type Nanos } from "../../../sim/units.ts";

interface Line {
  readonly atNanos: Nanos;
  readonly to: Address;
  readonly message: ApplicationMessage;
}

export interface Received {
  readonly atNanos: Nanos;
  readonly from: Address;
  readonly message: ApplicationMessage;
}

export interface ProbeConfig {
  readonly script?: readonly Line[];
  /** Every message that it answers is answered so long after it came. */
  readonly service?: Distribution;
  readonly answer?: (message: ApplicationMessage) => ApplicationMessage | undefined;
}

interface ProbeState {
  readonly config: ProbeConfig;
  readonly received: Received[];
}

/** Timers from 0 are lines of the script; those below, answers to what it has received. */
export const probe: Machine<ProbeConfig, ProbeState, ApplicationMessage, number> = {
  start(config, out) {
    config.script?.forEach(({ atNanos }, i) => {
      if (atNanos >= out.now) out.setTimer(i, atNanos - out.now);
    });
    return { config, received: [] };
  },
  receive(state, from, message, out) {
    const { answer, service } = state.config;
    state.received.push({ atNanos: out.now, from, message });
    if (answer?.(message) === undefined) return;
    out.setTimer(-state.received.length, service === undefined ? 0 : out.sample(service));
  },
  timeout({ config, received }, timer, out) {
    if (timer >= 0) {
      const { to, message } = config.script![timer]!;
      out.send(to, message, "connection" in message ? message.connection : 0);
      return;
    }
    const { from, message } = received[-timer - 1]!;
    const answered = config.answer!(message)!;
    out.send(from, answered, "connection" in answered ? answered.connection : 0);
  },
};

/** What answers calls with 200 and stores' requests with replies. */
export function agree(message: ApplicationMessage): ApplicationMessage | undefined {
  switch (message.kind) {
    case "httpRequest": {
      const { exchange, connection, input } = message;
      return {
        kind: "httpResponse",
        exchange,
        connection,
        status: 200,
        outputBytes: 5,
        output: input.request,
      };
    }
    case "storeRequest":
    case "publish": {
      const { exchange, connection } = message;
      return { kind: "storeReply", exchange, connection, replyBytes: 0, last: false };
    }
    default:
      return undefined;
  }
}

export const LATENCY_NANOS: Nanos = 50 * MICROSECOND;

/** Everybody is connected with everybody by as many connections as they like, and every message takes as long. */
export function bareNetwork(options: Partial<SimulationOptions> = {}): Simulation {
  return new Simulation({
    seed: 1,
    mode: "fast",
    routing: () => ({
      name: "bare",
      latency: { kind: "constant", value: LATENCY_NANOS },
      connections: 512,
      pinned: true,
    }),
    ...options,
  });
}

export function addProbe(simulation: Simulation, name: string, config: ProbeConfig = {}): Address {
  return simulation.addProcess({ name, role: "probe", machine: probe, config });
}

export function receivedBy(simulation: Simulation, address: Address): readonly Received[] {
  return (simulation.stateOf(address) as ProbeState).received;
}

/** What came to it of one kind. */
export function ofKind<Kind extends ApplicationMessage["kind"]>(
  simulation: Simulation,
  address: Address,
  kind: Kind,
): Extract<ApplicationMessage, { kind: Kind }>[] {
  return receivedBy(simulation, address)
    .map(({ message }) => message)
    .filter((message): message is Extract<ApplicationMessage, { kind: Kind }> => message.kind === kind);
}
