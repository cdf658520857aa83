/** The invariants of docs/models/boki.md, "Invariants", and what each says in a line. */

import * as kernel from "../../../sim/violations.ts";

export const INVARIANTS = {
  A1: "any two applied metalog entries with the same position are equal",
  A2: "each cut begins where the cuts before it end, and orders at least one record",
  A3: "a cut orders only records that every storage node of their shard holds without a gap",
  A4: "an entry has an effect only once a quorum of sequencers holds it",
  A5: "a cut is made only when the one before it is held by a quorum",
  M1: "progress and acknowledgements at the primary never regress",
  S1: "nothing behind the end of a log ever takes effect",
  S2: "every node of a view ends at the final position",
  S3: "nodes follow the views in order, and nothing is appended or ordered in a view that has ended",
  O1: "every node gives every record the same seqnum, each record and each seqnum once",
  O2: "appends of one engine are ordered as they were issued",
  O3: "an append issued after another of its LogBook was acknowledged is ordered behind it",
  D1: "an acknowledged record is readable, unchanged, from every storage node that was to keep it and has not failed",
  D2: "an append has one outcome, and one record at most: none when it was discarded",
  D3: "an ordered record that left memory is in the database",
  I1: "an index at a metalog position holds the records of all entries before it and no others",
  I2: "the positions in every vector of an index ascend",
  R1: "a read shows the log as of the position it returns, which is not before the one it came with",
  R2: "a call sees its own appends",
  R3: "a call never sees less than it has seen",
  R4: "a child call begins with what its parent has seen",
  R5: "a read over several views finds what one log of all of them would",
  R6: "a read shows only records of its LogBook",
  H1: "a function is shown only what was appended to its LogBook, unchanged, each record at one seqnum",
  H2: "a call is shown no less than it, its callers and its nested calls have been shown",
  H3: "a read is answered with a record on its side and with its tag, and passes over none that has been met",
  L1: "every operation completes, and no process gives up",
  L2: "a blocking read returns within its limit, and promptly when there is a match",
  T1: "what has been given up is not shown, and nothing else is missing",
  X1: "aux data read with a record was set for that record",
} as const;

export type InvariantName = keyof typeof INVARIANTS;

export type Violation = kernel.Violation<InvariantName>;
export type Violations = kernel.Violations<InvariantName>;
export const createViolations: () => Violations = kernel.createViolations;
