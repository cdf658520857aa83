/** Bugs that the invariants found in the roles, each as the small run that showed it. */

import { expect, test } from "vitest";
import { MILLISECOND } from "../../../sim/units.ts";
import { brokenBy, run } from "./deployment.ts";
import { callsOf } from "./programs.ts";

test("a blocking read that first had to wait for the index reaches its limit like any other", () => {
  // Right behind its own append, the read waits until the index shows that; only then it blocks. Nobody else appends.
  const calls = callsOf("appendAndWait", { tag: 1 }, { count: 1 });
  const result = run({ calls, boki: { blockingReadLimitNanos: 2 * MILLISECOND }, nanos: 20 * MILLISECOND });
  expect(brokenBy(result)).toEqual([]);
  const [read] = result.deployment.simulation.recorder
    .results()
    .filter(({ name }) => name === "readNextBlock");
  expect(read?.count).toBe(1);
  expect(read?.maxNanos).toBeLessThan(4 * MILLISECOND);
});
