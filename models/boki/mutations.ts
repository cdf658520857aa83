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
  /** The cache is keyed by the position alone. */
  cacheKeyedByPosition: 49,
  /** A blocking read is looked at only when it arrives. */
  blockingOnlyOnArrival: 50,
  /** A blocking read's limit is looked at only when the index advances. */
  blockingLimitOnAdvance: 51,
  /** Entries go only to engines with records in them, not to index engines. */
  forgetsIndexEngines: 54,
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
} as const;

export type MutationName = keyof typeof Mutation;
