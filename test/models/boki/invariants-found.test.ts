/** Bugs that the invariants found in the roles, each as the small run that showed it. */

import { expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { brokenBy, run } from "./deployment.ts";
import { callsOf } from "./programs.ts";
import { scenario } from "./scenarios.ts";

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

test("a log whose records were all collected before it retired goes on taking trims", () => {
  const name = "views that end while the log is trimmed";
  const result = run(scenario(name, { seed: 4, mutation: Mutation.frozenPrimaryCommits }));
  expect(result.abort).toBeUndefined();
  expect(brokenBy(result)).toEqual([]);
});
