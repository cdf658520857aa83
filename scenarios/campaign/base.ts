/** What a campaign takes from a scenario: its deployment. Timetables, loads and costs have no meaning where steps take no time. */

import { BOKI_DEFAULTS } from "../../models/boki/config.ts";
import type { Scenario } from "../scenario.ts";
import { CASE_BOKI, type Case } from "./case.ts";

/** Flags of the deployment's timing that a scenario leaves at their defaults are those of a campaign: seconds become milliseconds. */
export function baseOf({ cluster, boki, network }: Scenario): Pick<Case, "cluster" | "boki" | "network"> {
  const changed = <T extends object>(values: T, defaults: T, ours: T): Partial<T> =>
    Object.fromEntries(
      Object.entries(values).filter(
        ([name, value]) =>
          JSON.stringify(value) !== JSON.stringify(defaults[name as keyof T]) &&
          JSON.stringify(value) !== JSON.stringify(ours[name as keyof T]),
      ),
    ) as Partial<T>;
  const { coresPerHost: _, workersPerEngine: _workers, ...nodes } = cluster;
  return {
    cluster: nodes,
    boki: {
      ...changed(boki, BOKI_DEFAULTS, CASE_BOKI),
      indexReplicas: boki.indexReplicas,
      userlogReplicas: boki.userlogReplicas,
      metalogReplicas: boki.metalogReplicas,
    },
    network: { latency: network.latency, zookeeperDelay: network.zookeeperDelay },
  };
}
