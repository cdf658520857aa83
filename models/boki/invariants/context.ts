/** What the families of checks share. */

import type { Deployment } from "../cluster.ts";
import type { Reference } from "./reference.ts";
import type { Violations } from "./violations.ts";

/** What a check may look at beyond the observations: live states and disks, to be read only. */
export type Inspected = Pick<Deployment, "simulation" | "engines" | "storages">;

export interface CheckContext {
  readonly reference: Reference;
  readonly violations: Violations;
  readonly inspected: () => Inspected;
}
