/** What the families of checks share. */

import type { Simulation } from "../../../sim/simulation.ts";
import type { Deployment } from "../cluster.ts";
import type { Reference } from "./reference.ts";
import type { Violations } from "./violations.ts";

/** What a check may look at beyond the observations: live states and disks, to be read only. */
export interface Inspected extends Pick<Deployment, "engines" | "storages"> {
  /** States of engines and workers as far as they are the log's. */
  readonly simulation: Pick<Simulation, "stateOf" | "processes" | "recorder">;
}

export interface CheckContext {
  readonly reference: Reference;
  readonly violations: Violations;
  readonly inspected: () => Inspected;
}
