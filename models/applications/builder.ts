/** What building a deployment is made of: machines by name, and processes with what the deployment gives all of them. */

import type { Address } from "../../sim/machine.ts";
import type { HostOptions, ProcessOptions } from "../../sim/process.ts";
import { type Host, Simulation, type SimulationOptions } from "../../sim/simulation.ts";
import type { NetworkConfig, Place, Routing } from "./network.ts";

/** What the cores of a machine are like; default: each is one of its own, and what waits goes to any. */
type Processors = Pick<HostOptions, "siblingSlowdown" | "runQueues">;

export interface Builder {
  readonly simulation: Simulation;
  /** The machine of this name; it is made when it is first asked for. */
  machine(name: string, cores: number, processors?: Processors): Host;
  /** `keeps`: the connections that the process keeps to servers, and which of its kind it is; default: none. */
  add(
    role: string,
    host: Host,
    options: Omit<ProcessOptions, "role" | "host" | "wakeLatency" | "cpuJitter">,
    keeps?: Pick<Place, "connections" | "index">,
  ): Address;
}

const KEEPS_NONE = { connections: 0, index: 0 };

/** `free`: no step takes any time. */
export function createBuilder(
  options: Omit<SimulationOptions, "routing">,
  network: NetworkConfig,
  routing: Routing,
  free: boolean,
): Builder {
  const places: Place[] = [];
  const hosts = new Map<string, Host>();
  const simulation = new Simulation({
    ...options,
    routing: (from, to) => routing(places[from.address]!, places[to.address]!),
  });
  const { bitsPerSecond, wakeLatency, cpuJitter } = network;
  return {
    simulation,
    machine(name, cores, { siblingSlowdown = 1, runQueues = false } = {}) {
      let host = hosts.get(name);
      if (host === undefined) {
        host = simulation.addHost({
          ...{ name, cores, siblingSlowdown, runQueues },
          bitsPerSecond: free ? 0 : bitsPerSecond,
        });
        hosts.set(name, host);
      }
      return host;
    },
    add(role, host, { costs, ...rest }, keeps = KEEPS_NONE) {
      places.push({ role, host: host.index, ...keeps });
      if (free || costs === undefined) return simulation.addProcess({ ...rest, role, host });
      // The load generator keeps its timetable; what it measures is the system.
      const scheduling = role === "client" ? {} : { wakeLatency, cpuJitter };
      return simulation.addProcess({ ...rest, ...scheduling, role, host, costs });
    },
  };
}
