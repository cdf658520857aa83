/**
 * Defects of the released code, P1 to P20, each a switch (docs/models/reconfiguration.md, "Defects of the release").
 * None is on in the `intended` profile, all that the release has are on in `published`. A role reads its switches from its
 * configuration by their names, so the place of each is found by searching for it.
 */

export const DEFECTS = {
  P1: "finalizedNeverEntered",
  P2: "continuationTakenForInitial",
  P3: "releasesUnfinishedAtFinalize",
  P4: "blockedReadForgotten",
  P5: "loneSequencerNeverCommits",
  P6: "noFetchAtFinalize",
  P7: "flushesBeforeTableExists",
  P8: "noFailureDetection",
  P9: "noRetransmission",
  P10: "noTimeouts",
  P11: "acknowledgesFromMemory",
  P12: "noBackPressure",
  P13: "heldReadRegisteredTwice",
  P14: "discardedEntryKept",
  P15: "childProgressNotMerged",
  P16: "cancelledReadLooksEmpty",
  P17: "olderBlockingReadDoesNotBlock",
  P18: "unknownCallNotAnswered",
  P19: "failedContinuationNotAnswered",
  P20: "liteIgnoresTrim",
} as const;

export type DefectId = keyof typeof DEFECTS;
export type DefectName = (typeof DEFECTS)[DefectId];
/** Which defects are on. */
export type Defects = Readonly<Record<DefectName, boolean>>;

export const DEFECT_IDS = Object.keys(DEFECTS) as readonly DefectId[];
/** P20 belongs to the later design with trims, which the release does not have. */
export const PUBLISHED_DEFECTS: readonly DefectId[] = DEFECT_IDS.filter((id) => id !== "P20");

export function defectsOf(ids: readonly DefectId[]): Defects {
  const on = new Set(ids.map((id) => DEFECTS[id]));
  return Object.fromEntries(Object.values(DEFECTS).map((name) => [name, on.has(name)])) as Defects;
}

export const NO_DEFECTS: Defects = defectsOf([]);
