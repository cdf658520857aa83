/**
 * Bugs of a runtime like this one that can be switched on, one at a time, to prove that the checkers fire
 * (docs/models/nightcore.md, "Bugs"). Most of them were in the release or in its history. Each is a small patch at one place of
 * a role, marked by its name there; 0 is none. Those that are switches of the design as well are in `SWITCHED`.
 */

import type { NightcoreConfig } from "./config.ts";

export const Bug = {
  none: 0,
  /** B1: the interval between two requests for a worker is compared the wrong way round. */
  throttleInverted: 1,
  /** B2: a call that arrives takes an idle worker before those that wait. */
  arrivalOvertakes: 2,
  /** B3: the limit may be 0, and nothing that waits is ever looked at again. */
  limitMayBeZero: 3,
  /** B4: the call of a worker that has died goes on counting as running. */
  deadWorkerRuns: 4,
  /** B5: a result is forwarded without asking whether its caller is still there. */
  callerUnchecked: 5,
  /** B6: successful calls are recorded as failed ones, which teach nothing. */
  successAsFailure: 6,
  /** B7: a recycled message still has the payload of the call before. */
  messageNotCleared: 7,
  /** B8: what the gateway has sent to a node is sent once more with the next message. */
  bufferNotCleared: 8,
  /** B9: calls that wait at the gateway are admitted two at a time, whatever the limit says. */
  drainIgnoresLimit: 9,
  /** B10: the gateway's test for the limit is off by one. */
  admissionOffByOne: 10,
  /** B11: a call that could not be sent goes on counting at its node. */
  failedSendCounts: 11,
  /** B12: a node that is gone stays in the list. */
  deadNodeListed: 12,
  /** B13: two arrivals in the same microsecond are an infinite rate. */
  zeroGap: 13,
  /** B14: a new worker is given a call and is on the list of idle ones as well. */
  newWorkerTwice: 14,
  /** B15: the number of a worker that is gone is used for another one. */
  numberReused: 15,
  /** B16: a worker takes the next result for its own, whichever call it is of; and results may come twice. */
  resultUncompared: 16,
  /** B17: a call from inside that has waited too long is dropped without a word. */
  dropSilent: 17,
  /** B18: calls in flight are counted up and never down. */
  neverCountedDown: 18,
  /** B19: what a nested call has waited is added to its caller twice. */
  queueingTwice: 19,
  /** B20: a worker that was asked for and never came is waited for for ever. */
  requestKept: 20,
  /** B21: the upper bound of the limit is lost. */
  clampLost: 21,
  /** B22: a worker that fails before its channel is open stays in the pool. */
  zombieWorker: 22,
  /** B23: requests of one client share one context. */
  sharedContext: 23,
  /** B24: a worker that becomes free is idle, although calls wait. */
  freedIdle: 24,
  /** B25: the rate takes in an arrival only after the limit has been computed. */
  rateLate: 25,
} as const;

export type BugName = keyof typeof Bug;

/** Bugs that are switches: what each sets. */
export const SWITCHED: Readonly<Record<number, Partial<NightcoreConfig>>> = {
  [Bug.throttleInverted]: { growthThrottle: "shipped" },
  [Bug.arrivalOvertakes]: { fifo: false, limitOnDrain: false },
  [Bug.limitMayBeZero]: { limitAtLeastOne: false },
};
