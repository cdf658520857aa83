/**
 * What each mutation and each defect of the released code is expected to break (docs/mutations.md). A campaign knows nothing of
 * this table: it is held against what the campaign found.
 */

import type { DefectId } from "../../models/boki/defects.ts";
import type { MutationName } from "../../models/boki/mutations.ts";
import type { FailureName } from "./run-case.ts";

/** Changes that keep every promise: no alarm may be raised. */
export const ALLOWED = [
  "acknowledgesTwice",
  "propagatesToAll",
  "oneReplicaAnnounces",
  "frozenPrimaryCommits",
  "reportsReplicatedOnly",
  "activeUntilFinalize",
] as const satisfies readonly MutationName[];

type Bug = Exclude<MutationName, "none" | (typeof ALLOWED)[number]>;

/** By mutation: the failures that its slip leads to; any of them counts. */
export const EXPECTED_OF_MUTATION: Readonly<Record<Bug, readonly FailureName[]>> = {
  cutUsesMax: ["A3", "D1"],
  reportsHighest: ["A3", "D1"],
  propagatesOnCreation: ["A4", "S1"],
  quorumOffByOne: ["A4", "S1"],
  severalOutstanding: ["A5", "L1"],
  backupAcksHighest: ["A4", "S1"],
  frozenBackupAcks: ["S1", "A4"],
  frozenPrimaryCuts: ["S1", "S3"],
  sealQuorumTooSmall: ["S1", "D1"],
  tailOfFirstReport: ["S1", "D1"],
  finalFromCount: ["S1", "S2", "L1", "abort"],
  reportOmitsNewest: ["S1"],
  finalizeSkippedWhenThere: ["L1"],
  failsBeforeTail: ["D2"],
  tailWithoutDuplicateCheck: ["O1", "exception", "abort"],
  activeAtFinalize: ["L1", "S3"],
  oldReplicateAccepted: ["D1", "O1"],
  futureDropped: ["L1"],
  countersCarriedOver: ["L1", "A2"],
  sortedShardOrder: ["O1", "R1"],
  runningOnlyInterested: ["O1"],
  liteWithoutStartCheck: ["L1", "D1"],
  progressOverwrites: ["M1", "A2"],
  lastCutNotUpdated: ["A2", "O1"],
  dirtyClearedUnsent: ["L1"],
  progressReversed: ["A3"],
  appendProgressOffByOne: ["R2"],
  admitsByApplied: ["R2", "I1"],
  indexPerRecord: ["I1", "R1", "R3"],
  indexWithoutDedup: ["I1", "I2"],
  earlyIndexDataDropped: ["L1", "I1"],
  pastIndexDataDropped: ["I1", "R5", "L1"],
  onlyFirstTagIndexed: ["I1", "R1"],
  tagsSharedByLogBooks: ["R6"],
  readPrevStrict: ["R1"],
  readReturnsOwnProgress: ["R3"],
  progressNotMax: ["R2", "R3"],
  childStartsAtZero: ["R4"],
  newerHitKept: ["R5"],
  foundAndEmptyBoth: ["L1", "exception"],
  continuationIsInitial: ["L1", "exception", "abort"],
  continuationBeforeComplete: ["R2", "R5"],
  lateReadIsLost: ["D1", "R1"],
  wakesOneParkedRead: ["L1"],
  evictsUnflushed: ["D3"],
  persistedPastWritten: ["D3"],
  databaseKeyWithoutLogspace: ["D1", "R5"],
  cachedAfterRecycle: ["D1"],
  cacheKeyedByPosition: ["D1", "R5"],
  blockingOnlyOnArrival: ["L2"],
  blockingLimitOnAdvance: ["L2"],
  tokensKept: ["L1", "exception", "abort"],
  indexPlanByStorages: ["L1", "I1"],
  forgetsIndexEngines: ["L1", "R2"],
  oneThreadNeverTicks: ["L1"],
  readsFromCurrentView: ["D1"],
  trimBoundEarly: ["T1", "R1"],
  liteIgnoresTrim: ["S2", "abort", "L1"],
  earlierReportCounted: ["S1"],
  retriesSlowAppend: ["D2"],
  localidsSwapped: ["O2"],
  auxOffByOne: ["X1"],
  cutMadeAnewWhenSent: ["A1"],
};

/** By defect; an empty list: it is no violation in any run, and a test shows it instead (`SHOWN_BY`). */
export const EXPECTED_OF_DEFECT: Readonly<Record<DefectId, readonly FailureName[]>> = {
  P1: ["L1"],
  P2: ["exception", "abort", "L1"],
  P3: ["R2", "R5"],
  P4: ["L2", "L1"],
  P5: ["L1"],
  P6: ["abort"],
  P7: ["D3", "D1"],
  P8: ["L1"],
  P9: ["L1"],
  P10: [],
  P11: ["D1"],
  P12: [],
  P13: [],
  P14: ["A1", "S2"],
  P15: ["H2"],
  P16: ["H2"],
  P17: ["L2"],
  P18: [],
  P19: [],
  P20: ["abort", "S2", "L1"],
};

/** Defects that alone break nothing in any run: why not, and the test that shows what they do. */
export const SHOWN_BY: Readonly<Partial<Record<DefectId, { readonly why: string; readonly test: string }>>> =
  {
    P10: {
      why: "the lack of a time-out shows only where an answer is lost for good, and as designed none is",
      test: "test/models/boki/worker.test.ts",
    },
    P12: {
      why: "without back-pressure a storage node only falls behind",
      test: "test/models/boki/storage-flush.test.ts",
    },
    P13: {
      why: "a read that is registered twice is answered twice, and the second answer is not known to anybody",
      test: "test/models/boki/engine-views.test.ts",
    },
    P18: {
      why: "a function that gets no answer reaches its time-out (with P10 as well it waits for ever)",
      test: "test/models/boki/engine.test.ts",
    },
    P19: {
      why: "a read that gets no answer is asked again (with P9 and P10 as well it waits for ever)",
      test: "test/models/boki/engine-views.test.ts",
    },
  };
