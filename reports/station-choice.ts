/** Which of many stations a person needs to see: the busiest, with every role among them, grouped by role. */

import type { StationResult } from "../scenarios/result.ts";

export interface StationChoice {
  /** By role, the role with the busiest station first; within a role the busiest first. */
  readonly shown: readonly StationResult[];
  readonly omittedCount: number;
}

/** Chooses at most `limit` stations: the busiest of each role (as far as they fit), then the busiest of all. */
export function chooseStations(stations: readonly StationResult[], limit: number): StationChoice {
  const busiestFirst = [...stations].sort(
    (a, b) => b.utilisation.mean - a.utilisation.mean || (a.station < b.station ? -1 : 1),
  );
  // In the order in which the busiest station of each role appears, so that the role under pressure comes first.
  const roles = [...new Set(busiestFirst.map((station) => station.role))];
  const chosen = new Set(
    roles.map((role) => busiestFirst.find((station) => station.role === role)!).slice(0, limit),
  );
  for (const station of busiestFirst) {
    if (chosen.size >= limit) break;
    chosen.add(station);
  }
  const shown = roles.flatMap((role) =>
    busiestFirst.filter((station) => station.role === role && chosen.has(station)),
  );
  return { shown, omittedCount: stations.length - shown.length };
}
