/**
 * Identifiers of Boki: how 64-bit fields of the wire are held in doubles (docs/models/boki.md, "Identifiers").
 *
 * The real system packs (view 16 bits, sequencer 16, position 32) into 64 bits. A double is exact to 53, so a simulated
 * deployment is limited to 2,048 views and 1,024 sequencers: 11 + 10 + 32 bits. Comparing two seqnums, or two progress
 * values, as plain numbers orders them by view first, exactly as in the real system.
 */

/** A physical log in a view: view * 1024 + id of its primary sequencer. */
export type LogspaceId = number;
/** A record's position in everything: logspace * 2^32 + position within the logspace. */
export type Seqnum = number;
/** An engine's own number of an appended record: engine id * 2^32 + counter. Unique per logspace, not across views. */
export type Localid = number;
/** How far a session has seen: logspace * 2^32 + metalog position. 0: nothing. */
export type MetalogProgress = number;
/** The unit of isolation: an application's log. */
export type LogBookId = number;
/** 0 is every record of a LogBook; otherwise a number the application chose, below 2^53 - 1. */
export type Tag = number;
export type ViewId = number;
/** Number of a node within its role. */
export type NodeId = number;

const LOW = 4_294_967_296;
const SEQUENCERS = 1_024;

const VIEWS_MAX = 2_048;

/** Above every seqnum: where a read of the tail begins. */
export const SEQNUM_MAX: Seqnum = Number.MAX_SAFE_INTEGER;
export const TAG_ALL: Tag = 0;
export const TAG_INVALID: Tag = Number.MAX_SAFE_INTEGER;

export function logspaceId(view: ViewId, sequencer: NodeId): LogspaceId {
  if (view >= VIEWS_MAX || sequencer >= SEQUENCERS) {
    throw new RangeError(`view ${view} or sequencer ${sequencer} is beyond what an identifier can hold`);
  }
  return view * SEQUENCERS + sequencer;
}

export function viewOf(logspace: LogspaceId): ViewId {
  return Math.floor(logspace / SEQUENCERS);
}

export function sequencerOf(logspace: LogspaceId): NodeId {
  return logspace % SEQUENCERS;
}

/** Joins a logspace, or an engine id, with a 32-bit position. */
export function join(high: number, position: number): number {
  return high * LOW + position;
}

export function highOf(joined: number): number {
  return Math.floor(joined / LOW);
}

export function positionOf(joined: number): number {
  return joined % LOW;
}

/** The view a seqnum or a progress value belongs to. */
export function viewOfJoined(joined: number): ViewId {
  return viewOf(highOf(joined));
}

/** As the real system prints it: 16 hexadecimal digits of view, sequencer and position. */
export function formatSeqnum(seqnum: Seqnum): string {
  const logspace = highOf(seqnum);
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return `${hex(viewOf(logspace), 4)}${hex(sequencerOf(logspace), 4)}${hex(positionOf(seqnum), 8)}`;
}

/**
 * Where a process that has just booted begins to count its operations: at the microsecond of its boot, so that nothing
 * late for an earlier life of it is taken for an answer to this one. Below 2^32, to be joined with an address.
 */
export function firstNumber(nowNanos: number): number {
  return Math.floor(nowNanos / 1_000) % LOW;
}

/** A fixed hash of a LogBook id, standing for the real system's xxHash64: only determinism and spread matter. */
export function hashLogBook(logBook: LogBookId, seed: number): number {
  let x = (logBook ^ seed) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
