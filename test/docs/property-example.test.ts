import { cases, describeFailure, Mutation, shrink, simulate, sizeOf } from "bokisim";
import fc from "fast-check";
import { expect, test } from "vitest";

/** Clusters of up to three nodes of each role and up to eight calls, and nothing goes wrong. */
const calm = {
  cluster: { nodesMax: 3 },
  workload: { callsMax: 8 },
  faults: false,
  reconfigurationsMax: 0,
} as const;

test("the log keeps its promises, whatever the cluster and the calls", () => {
  fc.assert(
    fc.property(cases(calm), (subject) => {
      expect(simulate(subject).failures.map(describeFailure)).toEqual([]);
    }),
    { numRuns: 100, seed: 1 },
  );
});

test("a readPrev that misses the record it asks for is found, and shrunk to an append and a read", () => {
  const wrong = cases({ ...calm, fixed: { mutation: Mutation.readPrevStrict } });
  const property = fc.property(wrong, (subject) => simulate(subject).counts.R1 === undefined);
  const { counterexample } = fc.check(property, { numRuns: 100, seed: 1 });
  const smallest = shrink(counterexample![0], "R1", { attempts: 500 });
  expect(sizeOf(smallest.case)).toMatchObject({ faults: 0, operations: 2 });
});
