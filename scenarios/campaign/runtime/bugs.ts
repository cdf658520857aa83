/**
 * What each bug of the runtime is expected to break (docs/mutations.md). A campaign knows nothing of this table: it is held
 * against what the campaign found.
 */

import { Bug, type BugName } from "../../../models/nightcore/mutations.ts";
import type { RuntimeFailureName } from "./run-case.ts";

/** By bug: the failures that its slip leads to; any of them counts. */
export const EXPECTED_OF_BUG: Readonly<Record<Exclude<BugName, "none">, readonly RuntimeFailureName[]>> = {
  throttleInverted: ["I14"],
  arrivalOvertakes: ["I6"],
  limitMayBeZero: ["I1", "I5"],
  deadWorkerRuns: ["I7", "I8"],
  callerUnchecked: ["abort", "I2"],
  successAsFailure: ["I13"],
  messageNotCleared: ["I2", "I3"],
  bufferNotCleared: ["I1", "I3", "I7", "I12"],
  drainIgnoresLimit: ["I9"],
  admissionOffByOne: ["I9"],
  failedSendCounts: ["I9"],
  deadNodeListed: ["I1", "I9"],
  zeroGap: ["I13"],
  newWorkerTwice: ["I3", "I8"],
  numberReused: ["I2", "I8", "I12"],
  resultUncompared: ["I2"],
  dropSilent: ["I1", "I2"],
  neverCountedDown: ["I7"],
  queueingTwice: ["I11"],
  requestKept: ["I1"],
  clampLost: ["I4", "I10", "I13"],
  zombieWorker: ["I1", "I2"],
  sharedContext: ["I1"],
  freedIdle: ["I5"],
  rateLate: ["I13"],
};

/** `B7`, as the table of the model's page numbers them. */
export const bugNumber = (name: BugName): string => `B${Bug[name]}`;
