/**
 * Every invariant can fire: for each mutation, a scenario that brings it out and invariants it breaks there. The same
 * scenarios without a mutation break none (invariants-clean.test.ts, invariants-views-clean.test.ts).
 *
 * What a mutation breaks may take a rare order of messages, so a few seeds are tried.
 */

import { describe, expect, test } from "vitest";
import { INVARIANTS, type InvariantName } from "../../../models/boki/invariants/violations.ts";
import { Mutation, type MutationName } from "../../../models/boki/mutations.ts";
import type { ALLOWED } from "../../../scenarios/campaign/bugs.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { brokenBy, run } from "./deployment.ts";
import { callsOf } from "./programs.ts";
import { type ScenarioName, scenario } from "./scenarios.ts";

const WITHOUT_PAUSES = "everything at random, without pauses";
const OVERTAKING = "messages overtake each other";
const DATABASE = "records read from the database";
const VIEWS = "views that end under appends and reads";
const VIEWS_OVERTAKING = "views that end, messages overtake each other";
const OUTRUN = "views that end before index data arrives";
const OUTRUN_RARE = "views that end before index data arrives, rare tags";
const VIEWS_TRIMMED = "views that end while the log is trimmed";
const PRIMARY_LAST = "the primary is the last to know of the end of a view";

const MUTANTS: Record<
  Exclude<MutationName, "none" | (typeof ALLOWED)[number]>,
  readonly [ScenarioName, ...InvariantName[]]
> = {
  cutUsesMax: [OVERTAKING, "A3", "D1", "O1"],
  reportsHighest: [OVERTAKING, "A3", "D1"],
  propagatesOnCreation: [WITHOUT_PAUSES, "A4"],
  quorumOffByOne: ["five metalog replicas", "A4", "A5"],
  severalOutstanding: ["slow network", "A5"],
  backupAcksHighest: [VIEWS_OVERTAKING, "A4", "A5"],
  frozenBackupAcks: [PRIMARY_LAST, "S1"],
  frozenPrimaryCuts: [VIEWS, "S1"],
  sealQuorumTooSmall: [VIEWS_OVERTAKING, "S1"],
  tailOfFirstReport: [VIEWS, "S1", "I1"],
  finalFromCount: [VIEWS, "S1", "L1"],
  reportOmitsNewest: [VIEWS, "S1"],
  finalizeSkippedWhenThere: [VIEWS, "L1"],
  failsBeforeTail: [OUTRUN, "D2", "H1"],
  tailWithoutDuplicateCheck: [VIEWS, "O1", "I1"],
  activeAtFinalize: [VIEWS, "S3", "L1"],
  oldReplicateAccepted: [OUTRUN, "D1", "D3"],
  futureDropped: ["views that end before all nodes know, nothing sent twice", "L1"],
  countersCarriedOver: [VIEWS, "L1"],
  sortedShardOrder: [WITHOUT_PAUSES, "O1", "D1", "I1", "R1"],
  runningOnlyInterested: [WITHOUT_PAUSES, "O1", "D1"],
  liteWithoutStartCheck: [OVERTAKING, "L1", "D1"],
  progressOverwrites: [OVERTAKING, "M1", "A2"],
  lastCutNotUpdated: [WITHOUT_PAUSES, "A2", "O1"],
  dirtyClearedUnsent: [WITHOUT_PAUSES, "L1"],
  progressReversed: ["blocking reads that are woken", "A3", "O3"],
  appendProgressOffByOne: ["reads right after appends", "R2", "H2"],
  admitsByApplied: ["reads right after appends", "R1", "R2"],
  indexPerRecord: ["reads beside appends, remote indexes", "I1", "R1", "R3"],
  indexWithoutDedup: [WITHOUT_PAUSES, "I1", "I2"],
  earlyIndexDataDropped: [WITHOUT_PAUSES, "L1"],
  pastIndexDataDropped: [OUTRUN, "L1"],
  onlyFirstTagIndexed: [WITHOUT_PAUSES, "I1", "R1", "H3"],
  tagsSharedByLogBooks: [WITHOUT_PAUSES, "I1", "R6", "H1"],
  readPrevStrict: [WITHOUT_PAUSES, "R1"],
  readReturnsOwnProgress: [OVERTAKING, "R1", "R3"],
  progressNotMax: ["reads beside appends, messages overtake each other", "R2", "R3"],
  childStartsAtZero: ["children that read", "R4", "H2"],
  newerHitKept: [VIEWS, "R5", "H2"],
  foundAndEmptyBoth: [OUTRUN, "R5", "H2"],
  continuationIsInitial: [VIEWS, "L1"],
  continuationBeforeComplete: [OUTRUN_RARE, "R5", "H2"],
  lateReadIsLost: [OVERTAKING, "D1"],
  wakesOneParkedRead: ["several readers of a new record", "L1"],
  evictsUnflushed: [DATABASE, "D1", "D3"],
  persistedPastWritten: [DATABASE, "D1", "D3"],
  databaseKeyWithoutLogspace: ["two physical logs read from the database", "D1", "D3", "R6"],
  cachedAfterRecycle: [WITHOUT_PAUSES, "D1", "H1"],
  cacheKeyedByPosition: ["two physical logs", "D1", "X1"],
  blockingOnlyOnArrival: ["blocking reads that are woken", "L2"],
  blockingLimitOnAdvance: ["blocking reads that time out", "L2"],
  tokensKept: [VIEWS, "L1"],
  indexPlanByStorages: ["an engine with an index dies", "L1"],
  forgetsIndexEngines: [WITHOUT_PAUSES, "L1"],
  oneThreadNeverTicks: [VIEWS, "L1"],
  readsFromCurrentView: [OUTRUN, "D1"],
  trimBoundEarly: [VIEWS_TRIMMED, "T1"],
  liteIgnoresTrim: [VIEWS_TRIMMED, "L1"],
  earlierReportCounted: ["backups sleep through the end of a view", "O1"],
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

test("what a trim gave up is shown to the function that asked for it, when a result takes back what its call has seen", () => {
  const setup = scenario("trims beside reads, messages overtake each other", {
    mutation: Mutation.progressNotMax,
  });
  const shown = run(setup).invariants.violations.filter(({ invariant }) => invariant === "T1");
  expect(shown.some(({ message }) => message.includes("the call had given up everything below"))).toBe(true);
});

test("a function goes on without what its nested call has seen, with defect P15 of the release", () => {
  const broken = brokenBy(run({ calls: callsOf("adopt", { rounds: 12, tag: 1 }), defects: ["P15"] }));
  expect(broken).toEqual(["H2"]);
});

test("a read that is given up looks empty, with defect P16 of the release", () => {
  const setup = scenario("an engine with an index dies");
  const boki = { ...setup.boki, operationTimeoutNanos: 2 * MILLISECOND };
  expect(brokenBy(run({ ...setup, boki, defects: ["P16"] }))).toContain("H2");
});

/** S2: whoever is at the wrong place in the end stops, unless it is the defect itself that lets it go on. */
const BROKEN_BY_DEFECTS: readonly InvariantName[] = ["S2"];

test("a sequencer that keeps entries that the seal dropped breaks S2, with defect P14 of the release", () => {
  expect(brokenBy(run(scenario(PRIMARY_LAST, { defects: ["P14"] })))).toEqual(BROKEN_BY_DEFECTS);
});

test("every invariant is broken by some mutation or defect", () => {
  const broken = new Set(Object.values(MUTANTS).flatMap(([, ...expected]) => expected));
  for (const each of BROKEN_BY_DEFECTS) broken.add(each);
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
