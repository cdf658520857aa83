/**
 * Every invariant can fire: for each mutation, a scenario that brings it out and invariants it breaks there. The same
 * scenarios without a mutation break none (invariants-clean.test.ts).
 *
 * What a mutation breaks may take a rare order of messages, so a few seeds are tried.
 */

import { describe, expect, test } from "vitest";
import { INVARIANTS, type InvariantName } from "../../../models/boki/invariants/violations.ts";
import { Mutation, type MutationName } from "../../../models/boki/mutations.ts";
import { brokenBy, run } from "./deployment.ts";
import { type ScenarioName, scenario } from "./scenarios.ts";

const WITHOUT_PAUSES = "everything at random, without pauses";
const OVERTAKING = "messages overtake each other";
const DATABASE = "records read from the database";

const MUTANTS: Record<
  Exclude<MutationName, "none" | "acknowledgesTwice" | "propagatesToAll" | "oneReplicaAnnounces">,
  readonly [ScenarioName, ...InvariantName[]]
> = {
  cutUsesMax: [OVERTAKING, "A3", "D1", "O1"],
  reportsHighest: [OVERTAKING, "A3", "D1"],
  propagatesOnCreation: [WITHOUT_PAUSES, "A4"],
  quorumOffByOne: ["five metalog replicas", "A4", "A5"],
  severalOutstanding: ["slow network", "A5"],
  sortedShardOrder: [WITHOUT_PAUSES, "O1", "D1", "I1", "R1"],
  runningOnlyInterested: [WITHOUT_PAUSES, "O1", "D1"],
  liteWithoutStartCheck: [OVERTAKING, "L1", "D1"],
  progressOverwrites: [OVERTAKING, "M1", "A2"],
  lastCutNotUpdated: [WITHOUT_PAUSES, "A2", "O1"],
  dirtyClearedUnsent: [WITHOUT_PAUSES, "L1"],
  progressReversed: ["blocking reads that are woken", "A3", "O3"],
  appendProgressOffByOne: ["reads right after appends", "R2"],
  admitsByApplied: ["reads right after appends", "R1", "R2"],
  indexPerRecord: ["reads beside appends, remote indexes", "I1", "R1", "R3"],
  indexWithoutDedup: [WITHOUT_PAUSES, "I1", "I2"],
  earlyIndexDataDropped: [WITHOUT_PAUSES, "L1"],
  onlyFirstTagIndexed: [WITHOUT_PAUSES, "I1", "R1"],
  tagsSharedByLogBooks: [WITHOUT_PAUSES, "I1", "R6"],
  readPrevStrict: [WITHOUT_PAUSES, "R1"],
  readReturnsOwnProgress: [OVERTAKING, "R1", "R3"],
  progressNotMax: ["reads beside appends, messages overtake each other", "R2", "R3"],
  childStartsAtZero: ["children that read", "R4"],
  lateReadIsLost: [OVERTAKING, "D1"],
  wakesOneParkedRead: ["several readers of a new record", "L1"],
  evictsUnflushed: [DATABASE, "D1", "D3"],
  persistedPastWritten: [DATABASE, "D1", "D3"],
  databaseKeyWithoutLogspace: ["two physical logs read from the database", "D1", "D3", "R6"],
  cacheKeyedByPosition: ["two physical logs", "D1", "X1"],
  blockingOnlyOnArrival: ["blocking reads that are woken", "L2"],
  blockingLimitOnAdvance: ["blocking reads that time out", "L2"],
  forgetsIndexEngines: [WITHOUT_PAUSES, "L1"],
  retriesSlowAppend: ["slow network", "D2"],
  localidsSwapped: [WITHOUT_PAUSES, "O2"],
  auxOffByOne: ["aux data", "X1"],
  cutMadeAnewWhenSent: [WITHOUT_PAUSES, "A1"],
};

const SEEDS_MAX = 8;

/** What a mutation breaks, over as many seeds as it takes to see all that is expected. */
function brokenWith(mutation: MutationName, name: ScenarioName, expected: readonly InvariantName[]) {
  const broken = new Set<InvariantName>();
  for (let seed = 1; seed <= SEEDS_MAX && !expected.every((each) => broken.has(each)); seed++) {
    for (const each of brokenBy(run(scenario(name, { seed, mutation: Mutation[mutation] }))))
      broken.add(each);
  }
  return [...broken];
}

describe("a mutation is noticed", () => {
  for (const [mutation, [name, ...expected]] of Object.entries(MUTANTS)) {
    test(`${mutation} breaks ${expected.join(", ")}`, () => {
      expect(brokenWith(mutation as MutationName, name, expected)).toEqual(expect.arrayContaining(expected));
    });
  }
});

test("every invariant is broken by some mutation", () => {
  const broken = new Set(Object.values(MUTANTS).flatMap(([, ...expected]) => expected));
  expect([...broken].sort()).toEqual(Object.keys(INVARIANTS).sort());
});

test("a violation says who did what, and what was expected", () => {
  const { invariants } = run(scenario("children that read", { mutation: Mutation.childStartsAtZero }));
  const violation = invariants.violations.find(({ invariant }) => invariant === "R4");
  expect(violation?.message).toMatch(
    /^call \d+ begins on engine \d with progress 0; its parent has seen \d+ of log \d$/,
  );
});

test("of an invariant broken all the time, the first violations are kept and all are counted", () => {
  const { invariants } = run(scenario(WITHOUT_PAUSES, { mutation: Mutation.indexWithoutDedup }));
  expect(invariants.violations.filter(({ invariant }) => invariant === "I1")).toHaveLength(20);
  expect(invariants.counts.get("I1")).toBeGreaterThan(20);
});
