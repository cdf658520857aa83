/**
 * The contract of a machine: how one role of a protocol is written, once, for timing, fault testing, exploration and
 * replay (docs/kernel.md, "The contract").
 *
 * A step (`start`, `receive`, `timeout`) is a pure function of the state, the input and what `out` hands back. It is
 * written as a recipe that assigns to the state it is given. In fast mode the kernel lets it change the state in place;
 * in checked mode the same recipe runs on an Immer draft of a frozen state. Nothing in a step may read a clock, draw a
 * random number, touch a file or keep anything outside the state.
 *
 * What a step hands out (sends, writes, records, lets observe) is a value: nobody may change it from then on, neither who
 * took it nor later steps. So what is part of the state and will change is copied first. Fast mode passes references;
 * checked mode passes what the value is at that moment, frozen, so that a comparison of the two finds the slip.
 *
 * The state is plain data: objects, arrays, maps, sets, numbers, strings, and the growing collections of
 * `sim/structures/`, which append in place in both modes at the cost of one segment.
 */

import type { Distribution } from "./distribution.ts";
import type { Bytes, Nanos } from "./units.ts";

/** A process, as the index the simulation gave it. Addresses are dense from 0 in the order processes were added. */
export type Address = number;

/** Everything that travels is tagged with its kind; costs, counts and digests are by kind. */
export interface Tagged {
  readonly kind: string;
}

/** Something that happened inside a protocol, for who observes a run; each model has its own union of them. */
export interface Observed extends Tagged {
  readonly [field: string]: unknown;
}

/** What a process that watches a peer (`Effects.watch`) receives from it when the connection between them breaks. */
export interface Closed {
  readonly kind: "closed";
}
export const CLOSED: Closed = Object.freeze({ kind: "closed" });

/** Names a timer within its process. Setting a timer that is already pending replaces it. */
export type TimerName = string | number;

/** How an operation of a client ended. `unknown`: the client gave up, the system may still carry it out. */
export type Outcome = "ok" | "failed" | "unknown";

/** A running operation of a client, as `Effects.begin` numbered it. */
export type OperationId = number;

export interface Machine<Config, State, Message extends Tagged, Timer extends TimerName = TimerName> {
  /** First boot, or boot after a crash: then `out.get` still answers what the disk kept. Returns the initial state. */
  start(config: Config, out: Effects<Message, Timer>): State;
  /** Takes in one message. */
  receive(state: State, from: Address, message: Message, out: Effects<Message, Timer>): void;
  /** A timer that was set has expired, or a `sync` has completed. */
  timeout(state: State, timer: Timer, out: Effects<Message, Timer>): void;
}

/**
 * What a step can do to the world, and all it can see of it. A step that starts at `now` and costs c has its messages on the
 * wire and its timers counted from now + c; operations begin and complete when the step has taken in its input, before it
 * pays for what it sends. Its change of state is visible to other threads of the same process from `now`.
 */
export interface Effects<Message extends Tagged = Tagged, Timer extends TimerName = TimerName> {
  /** The time at which the step began, by the clock of this process: the virtual time, unless a fault makes it wrong. */
  readonly now: Nanos;
  /**
   * How long the step has taken so far: its thread's wake-up, its input and the work it has reported, but not what it sends. A
   * program that reads its clock once more reads `now + spentNanos`. 0 without a cost model.
   */
  readonly spentNanos: Nanos;
  /** The process this step runs in. */
  readonly self: Address;
  /**
   * Which thread of the process's first pool executes this step, from 0; 0 without a cost model, in other pools, in a shared
   * pool and in `start`. What event-loop servers know: which of their connections are this thread's own.
   */
  readonly thread: number;

  /**
   * Sends a message. Delivery, delay and order are the network's business; a message to oneself goes round as well.
   * `connection`: which of several pinned connections it takes (sim/network.ts, `LinkProfile.pinned`), from 0, which is the
   * default. One that the link does not have, or any on a link that is not pinned, is a RangeError.
   */
  send(to: Address, message: Message, connection?: number): void;
  /**
   * This process has a connection to `peer` and wants to know when it breaks: a `closed` message (`Closed`) comes from there,
   * once, when the peer's process crashes or the connections between the two are reset; at once if the peer is down. Of the
   * peer's host losing power it learns after `LinkProfile.keepAliveNanos`, or never. The message arrives behind what the peer
   * had sent, and like any other: a partition or a lossy link can swallow it, and nothing sends it again. Then, and when it
   * has come, the watch has ended. A process that crashes forgets what it watched.
   */
  watch(peer: Address): void;
  /**
   * The process ends with this step, as of a bug that it runs into, and its supervisor starts it again after `restartNanos`. What
   * this step sends still leaves; its state and its timers are gone, as with any crash of a process.
   */
  crash(restartNanos: Nanos): void;
  /**
   * From now on at most so many threads of a shared pool work at a time: 1 to all of them, which is the default and what a
   * process has when it starts again. Where it rises jobs that wait start at once; where it falls those that run go on, and
   * the next starts when fewer are left. Any other number, or a pool that is not shared, is a RangeError.
   */
  setParallelism(pool: number, threads: number): void;

  /** (Re)sets a timer to expire `afterNanos` after the end of this step. What a step says about a timer last holds. */
  setTimer(timer: Timer, afterNanos: Nanos): void;
  /**
   * (Re)sets a timer to the next tick of a clock that ticks at phase + n * period, strictly after now; n is 0 or more. A
   * periodic timer whose ticks do nothing while a flag is clear is written by arming it when the flag is set: same
   * behaviour, no events while idle. Expirations missed by a busy thread coalesce as they do with a timerfd: a timer that
   * has expired and waits for its thread stays as it is.
   */
  setTimerAtTick(timer: Timer, periodNanos: Nanos, phaseNanos: Nanos): void;
  cancelTimer(timer: Timer): void;

  /**
   * Writes to this host's disk, buffered: readable at once, durable once written back or synced, lost before that if the
   * host crashes. False: a fault of the disk has refused it, and what was there before still is.
   */
  put(table: string, key: number, value: unknown, sizeBytes: Bytes): boolean;
  /**
   * Reads this host's disk, buffered writes included; undefined if nothing was written there. Where a fault has damaged the
   * value, a marker that `damageOf` (sim/faults/damage.ts) tells. The time it takes is a `work` item of the cost model.
   */
  get(table: string, key: number): unknown;
  /** Asks that everything written so far be durable; `timer`, (re)set by this, expires when it is. */
  sync(timer: Timer): void;

  /** Reports work that no message shows ("records flushed", 17); the cost model beside the machine turns it into time. */
  work(kind: string, amount: number): void;

  /** Every choice that is not the protocol's own: an integer in [0, options). Enumerated in exploration. */
  choose(options: number): number;
  /** A draw from a distribution, for workloads (sizes, think times). In [0, 1) when no distribution is given. */
  sample(distribution?: Distribution): number;

  /**
   * A client operation begins: starts its latency and, when a history is kept, records the invocation. `dueNanos`: when
   * it should have begun, if it was late; its latency counts from there, so that a client that falls behind does not
   * hide what a user would have waited.
   */
  begin(operation: string, input?: unknown, dueNanos?: Nanos): OperationId;
  /** The operation ended. */
  complete(operation: OperationId, outcome: Outcome, output?: unknown): void;
  /** Adds to a named counter of this process ("cacheHit"), reported per counter with its sum over processes. */
  count(counter: string, amount?: number): void;

  /**
   * Tells the run's observers (invariant checkers, anatomy of operations) something that happened inside the protocol.
   * Undefined when nobody observes, so that `out.observe?.({ ... })` costs nothing: not even its argument is built.
   */
  readonly observe: ((observation: Observed) => void) | undefined;

  /** Starts a sequential program, see sim/program.ts. Used by `startProgram` and `resumeProgram` only. */
  readonly programs: ProgramCache;
}

/** Where live generators are kept between steps: a cache of what the recorded results determine (sim/program.ts). */
export interface ProgramCache {
  get(run: number): Generator | undefined;
  set(run: number, generator: Generator): void;
  delete(run: number): void;
}

/**
 * What a machine's work costs, beside the machine and never in it. All times are CPU time on the executing thread, in
 * nanoseconds; sizes are bytes on the wire including headers.
 */
export interface CostModel<Message extends Tagged = Tagged> {
  receiveNanos(message: Message): Nanos;
  sendNanos(message: Message): Nanos;
  timerNanos(timer: TimerName): Nanos;
  workNanos(kind: string, amount: number): Nanos;
  sizeBytes(message: Message): Bytes;
  /** Which thread pool of the process executes an input. Default: the first. */
  pool?(input: Message | undefined, timer: TimerName | undefined): number;
}
