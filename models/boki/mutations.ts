/**
 * Mutations: bugs that can be switched on, one at a time, to prove that the checkers fire (docs/models/boki.md,
 * "Mutations"). Each is a small patch at one place of a role, marked by its name there; 0 is none. The numbers up to 60
 * are the catalogue's; those from 101 are ours, for invariants that no catalogued slip breaks alone; those from 201 are no
 * bugs but changes that keep every promise of the protocol, to prove that the checkers do not fire at them.
 */

export const Mutation = {
  none: 0,
  /** The primary takes the maximum of the replicas' progress instead of the minimum. */
  cutUsesMax: 1,
  /** A storage node reports the highest localid it holds instead of the gap-free prefix. */
  reportsHighest: 2,
  /** The primary sends an entry out when it makes it, not when it is committed. */
  propagatesOnCreation: 3,
  /** Commit needs one acknowledgement fewer than the quorum. */
  quorumOffByOne: 4,
  /** The next cut does not wait for the previous one to be replicated. */
  severalOutstanding: 5,
  /** A backup acknowledges the highest entry that has arrived, gaps or not. */
  backupAcksHighest: 6,
  /** A frozen backup still takes entries and acknowledges them. */
  frozenBackupAcks: 7,
  /** A frozen primary goes on making cuts and committing them. */
  frozenPrimaryCuts: 8,
  /** The controller takes a log as sealed with one report fewer than it needs. */
  sealQuorumTooSmall: 9,
  /** The controller takes the tail from the first report alone. */
  tailOfFirstReport: 10,
  /** The controller takes the number of reported entries for the final position. */
  finalFromCount: 11,
  /** The primary's seal report lacks its newest entry. */
  reportOmitsNewest: 12,
  /** A node that is at the final position already does nothing at the end of a view. */
  finalizeSkippedWhenThere: 13,
  /** An engine fails its open appends before it has applied the tail. */
  failsBeforeTail: 14,
  /** The tail is applied whether or not its entries have been. */
  tailWithoutDuplicateCheck: 15,
  /** An engine takes appends again at the end of a view instead of at the next one. */
  activeAtFinalize: 16,
  /** A storage node files a record of the view before under the same localid of the current one. */
  oldReplicateAccepted: 17,
  /** Messages of a view that is not installed yet are dropped. */
  futureDropped: 18,
  /** An engine numbers its appends on from view to view. */
  countersCarriedOver: 19,
  /** One storage node numbers the shards of a cut from the last engine of the list to the first. */
  sortedShardOrder: 20,
  /** A lite applier does not count the records of shards it does not care for. */
  runningOnlyInterested: 21,
  /** A lite applier applies whatever arrives. */
  liteWithoutStartCheck: 22,
  /** The primary overwrites a storage node's progress instead of taking the larger. */
  progressOverwrites: 23,
  /** The primary does not remember what it has cut. */
  lastCutNotUpdated: 24,
  /** A storage node clears its dirty flag without sending its progress. */
  dirtyClearedUnsent: 25,
  /** A storage node sends its progress vector from the last source engine to the first. */
  progressReversed: 26,
  /** An append returns the position of its entry as progress, not the one behind it. */
  appendProgressOffByOne: 27,
  /** A read is admitted by the applied metalog position instead of the indexed one. */
  admitsByApplied: 28,
  /** The index advances record by record, not by whole cuts. */
  indexPerRecord: 29,
  /** The index takes the copies of the replicas for different records. */
  indexWithoutDedup: 30,
  /** Index data that arrives before its metalog entry is dropped. */
  earlyIndexDataDropped: 31,
  /** Index data of a view that is past is dropped. */
  pastIndexDataDropped: 32,
  onlyFirstTagIndexed: 33,
  /** One vector per tag for all LogBooks. */
  tagsSharedByLogBooks: 34,
  /** readPrev excludes a record exactly at the query. */
  readPrevStrict: 35,
  /** A read returns the progress it came with instead of the index's. */
  readReturnsOwnProgress: 36,
  /** A result overwrites the progress of its call instead of raising it. */
  progressNotMax: 37,
  /** A child call starts without its parent's progress. */
  childStartsAtZero: 38,
  /** A readNext over several views keeps the hit of the newer one. */
  newerHitKept: 39,
  /** A read that goes on into an older view is answered as well. */
  foundAndEmptyBoth: 40,
  /** A read that comes from a newer view is taken for one that begins here. */
  continuationIsInitial: 41,
  /** A read that comes from a newer view is answered before the index of this one is complete. */
  continuationBeforeComplete: 42,
  /** A storage node answers a read of a record it has not seen ordered with "lost". */
  lateReadIsLost: 43,
  /** Of several reads parked on one record only one is answered. */
  wakesOneParkedRead: 44,
  /** Live records are evicted before they are in the database. */
  evictsUnflushed: 45,
  /** The flush skips the newest record but counts it as written. */
  persistedPastWritten: 46,
  /** The database key leaves out the logspace. */
  databaseKeyWithoutLogspace: 47,
  /** The record cached for an append is that of the operation that took its place. */
  cachedAfterRecycle: 48,
  /** The cache is keyed by the position alone. */
  cacheKeyedByPosition: 49,
  /** A blocking read is looked at only when it arrives. */
  blockingOnlyOnArrival: 50,
  /** A blocking read's limit is looked at only when the index advances. */
  blockingLimitOnAdvance: 51,
  /** The hash tokens are not dealt anew and go on naming a sequencer that has left. */
  tokensKept: 52,
  /** The index plan is dealt modulo the number of storage nodes. */
  indexPlanByStorages: 53,
  /** Entries go only to engines with records in them, not to index engines. */
  forgetsIndexEngines: 54,
  /** The cut timer of one of the sequencer's threads never ticks. */
  oneThreadNeverTicks: 55,
  /** A record is asked for at the storage nodes its engine has in the current view. */
  readsFromCurrentView: 56,
  /** A trim takes effect before the index has reached it, and further than it has. */
  trimBoundEarly: 57,
  /** A lite applier passes over a trim without moving. */
  liteIgnoresTrim: 58,
  /** A seal report of the view before is counted for this one. */
  earlierReportCounted: 59,
  /** The worker library also retries an append that is merely slow. */
  retriesSlowAppend: 60,
  /** The producer hands localids out in pairs exchanged. */
  localidsSwapped: 101,
  /** Aux data is filed under the seqnum that follows. */
  auxOffByOne: 102,
  /** The primary makes a cut anew when it sends it out, from the progress of that moment. */
  cutMadeAnewWhenSent: 103,
  /** No bug: a backup acknowledges every entry twice. */
  acknowledgesTwice: 201,
  /** No bug: every engine and every storage node is sent every entry. */
  propagatesToAll: 202,
  /** No bug: only the first replica of a shard sends index data. */
  oneReplicaAnnounces: 203,
  /** No bug: a frozen primary still counts acknowledgements. */
  frozenPrimaryCommits: 204,
  /** No bug: a primary reports its committed entries only. */
  reportsReplicatedOnly: 205,
  /** No bug: an engine takes appends until the end of the view; they are discarded then. */
  activeUntilFinalize: 206,
} as const;

export type MutationName = keyof typeof Mutation;
