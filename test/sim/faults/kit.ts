/** What the tests of faults build on: senders, plans of one fault, and what came of it. */

import type { Fault, FaultPlan, TimedFault } from "../../../sim/faults/fault.ts";
import { type FaultOptions, installFaults } from "../../../sim/faults/injector.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import type { Nanos } from "../../../sim/units.ts";
import { logging, note } from "../kit.ts";

/** Sends a note to each of these at each of these times. */
export function sender(to: readonly number[], times: readonly number[]) {
  return logging({
    start: (out) => {
      for (const time of times) out.setTimer(time, time);
    },
    timeout: (timer, out) => {
      for (const each of to) out.send(each, note(`at ${timer}`));
    },
  });
}

export function timed(atNanos: Nanos, forNanos: Nanos | undefined, fault: Fault): TimedFault {
  return forNanos === undefined ? { atNanos, fault } : { atNanos, forNanos, fault };
}

/** Starts the processes, makes these faults happen and runs so long. */
export function suffer(
  simulation: Simulation,
  plan: readonly TimedFault[] | FaultPlan,
  untilNanos: Nanos,
  options: FaultOptions = {},
) {
  const log = installFaults(simulation, "timed" in plan ? plan : { timed: plan }, options);
  simulation.start();
  simulation.run(untilNanos);
  return log;
}

export const every10 = (until: number) => Array.from({ length: until / 10 }, (_, i) => 10 * i + 5);
