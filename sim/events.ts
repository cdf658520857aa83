/**
 * How an event is packed into the integers of the queue: what it is, for whom, from whom, and a word of details.
 *
 * The word holds the type in 3 bits, the thread in 8, the receiver's incarnation in 10 and the kind of message in 10. An
 * event belongs to one incarnation of its process: a crash makes everything under way void by changing one number.
 */

/** A message arrives. */
export const DELIVER = 0;
/** A timer expires. */
export const TIMER = 1;
/** A thread becomes free and jobs wait for it. */
export const WAKE_THREAD = 2;
/** A core becomes free and jobs wait for one; the target is a host. */
export const WAKE_CORES = 3;
/** A message reaches the thread that owns its connection, to be sent from there. */
export const HAND_OFF = 4;
/** Something the run itself does at a moment: a fault, the end of the warm-up. */
export const CONTROL = 5;

/** The incarnation of a process that is down: no event is for it. */
export const DOWN = -1;
/** Incarnations are counted modulo this; no message is under way for that many boots. `DOWN`, masked, is not one of them. */
export const INCARNATIONS = 1_023;
/** Added to the incarnation of a process that is paused: no event matches it, and what is sent to it still bears its number. */
export const PAUSED = 2_048;
export const THREADS_MAX = 256;
export const KINDS_MAX = 1_024;

const THREAD_SHIFT = 3;
const INCARNATION_SHIFT = 11;
const KIND_SHIFT = 21;

export function metaOf(type: number, thread: number, incarnation: number, kind: number): number {
  return (
    type |
    (thread << THREAD_SHIFT) |
    ((incarnation & INCARNATIONS) << INCARNATION_SHIFT) |
    (kind << KIND_SHIFT)
  );
}

export function typeOf(meta: number): number {
  return meta & 0x7;
}

export function threadOf(meta: number): number {
  return (meta >>> THREAD_SHIFT) & 0xff;
}

export function incarnationOf(meta: number): number {
  return (meta >>> INCARNATION_SHIFT) & INCARNATIONS;
}
