import { describe, expect, test } from "vitest";
import { chooseStations } from "../../reports/station-choice.ts";
import type { StationResult } from "../../scenarios/result.ts";

const certain = (mean: number) => ({ mean, low: null, high: null });

const station = (role: string, name: string, utilisation: number): StationResult => ({
  station: `${role}-${name}`,
  role,
  kind: "threads",
  servers: 1,
  utilisation: certain(utilisation),
  queueLength: certain(0),
  queueLengthMax: 0,
  waitMeanNanos: certain(0),
  jobsPerSecond: certain(0),
});

const STATIONS = [
  station("engine", "1", 0.4),
  station("engine", "2", 0.5),
  station("storage", "1", 0.9),
  station("storage", "2", 0.3),
  station("sequencer", "1", 0.1),
];

describe("the choice of stations to show", () => {
  test("groups by role, the role with the busiest station first, and within it the busiest first", () => {
    const { shown, omittedCount } = chooseStations(STATIONS, 10);
    expect(shown.map((each) => each.station)).toEqual([
      "storage-1",
      "storage-2",
      "engine-2",
      "engine-1",
      "sequencer-1",
    ]);
    expect(omittedCount).toBe(0);
  });

  test("keeps one station of every role before it takes a second of any", () => {
    const { shown, omittedCount } = chooseStations(STATIONS, 3);
    expect(shown.map((each) => each.station)).toEqual(["storage-1", "engine-2", "sequencer-1"]);
    expect(omittedCount).toBe(2);
  });

  test("shows nothing of nothing", () => {
    expect(chooseStations([], 5)).toEqual({ shown: [], omittedCount: 0 });
  });
});
