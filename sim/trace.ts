/**
 * The tracer: for every step of a run, which step caused it and where its time went (docs/kernel.md, "Causes").
 *
 * An *input* is what a step takes in: a message, a timer, the end of a sync, a message handed over between threads, a start. It is
 * recorded when it is sent or set, together with the step that did so, and its moments are filled in as it moves on. They follow
 * each other without gaps, so that the time between any two is split exactly: the tests say so.
 *
 * Records lie in a ring of typed arrays: the oldest are overwritten, whatever is written down of them elsewhere stays. A run
 * without a tracer asks once a step and once an effect whether there is one; its digest is the same with and without.
 */

import type { Address, OperationId, Outcome, Tagged, TimerName } from "./machine.ts";
import type { Process } from "./process.ts";
import type { TimerEntry } from "./timers.ts";
import {
  INPUT_KINDS,
  type InputId,
  type InputKind,
  MOMENTS,
  type Moment,
  type TracedInput,
  type TracedOperation,
  type TraceOptions,
} from "./trace-records.ts";
import { FOREVER, type Nanos, toNanos } from "./units.ts";

const M = MOMENTS.length;
const indexOf = (moment: Moment): number => MOMENTS.indexOf(moment);
const SENT = indexOf("sent");
const LINE_FREE = indexOf("lineFree");
const RECEIVED = indexOf("received");
const ARRIVED = indexOf("arrived");
const REACHED = indexOf("reached");
const ON_THREAD = indexOf("onThread");
const ON_CORE = indexOf("onCore");
const STARTED = indexOf("started");
const TAKEN = indexOf("taken");
const CPU_OVER = indexOf("cpuOver");
const ENDED = indexOf("ended");
const INSTANT = [ON_THREAD, TAKEN, CPU_OVER, ENDED];

/** Where things lie among the integers of a record. */
const CAUSE = 0;
const KIND = 1;
const NAME = 2;
const PROCESS = 3;
const FROM = 4;
const THREAD = 5;
const SERVER = 6;
const BEFORE = 7;
const INTEGERS = 8;

/** Ids share an integer with the kind of a job (sim/executor.ts). */
const IDS_MAX = 2 ** 29;
const RECORDS_DEFAULT = 2 ** 18;

type Begun = Pick<TracedOperation, "name" | "process" | "startNanos" | "begunNanos" | "begunBy">;

export class Tracer {
  readonly options: TraceOptions;
  /** Inputs recorded so far; the newest id. */
  count = 0;
  /** The input of the step that runs, or 0. */
  current: InputId = 0;
  /** When what the step that runs does takes place. */
  effectNanos: Nanos = 0;
  /** The network says here when a message passes what lies on its way: from `lineFree` to `received`, not rounded. */
  readonly link = new Float64Array(ARRIVED - LINE_FREE);

  private readonly capacity: number;
  private readonly moments: Float64Array;
  private readonly integers: Int32Array;
  /** Of messages, by `TraceOptions.keyOf`; NaN: none. */
  private readonly keys: Float64Array;
  private recording: boolean;
  /** Ids of messages by the slot of their event in the queue. */
  private bySlot = new Int32Array(1_024);
  /** The latest step of each process. */
  private readonly latest: InputId[] = [];
  private readonly names: TimerName[] = [];
  private readonly nameIndex = new Map<TimerName, number>();
  private readonly running = new Map<OperationId, Begun>();

  constructor(options: TraceOptions = {}) {
    const { recordsMax = RECORDS_DEFAULT, fromNanos = 0 } = options;
    if (!(recordsMax >= 1)) throw new RangeError(`a trace cannot have ${recordsMax} records`);
    this.options = options;
    this.capacity = 2 ** Math.ceil(Math.log2(recordsMax));
    this.moments = new Float64Array(this.capacity * M);
    this.integers = new Int32Array(this.capacity * INTEGERS);
    this.keys = new Float64Array(this.capacity);
    this.recording = fromNanos <= 0;
  }

  // ---- Reading -----------------------------------------------------------------------------------------------------

  /** Whether the record of an input is still there. */
  has(id: InputId): boolean {
    return id > 0 && id <= this.count && id > this.count - this.capacity;
  }

  /** Whether as many records as there is room for have been made; see `TraceOptions.untilFull`. */
  get isFull(): boolean {
    return this.count >= this.capacity - 1;
  }

  /** The oldest record that is still there. */
  get oldest(): InputId {
    return Math.max(1, this.count - this.capacity + 1);
  }

  /** A moment of an input whose record is there, by its index in `MOMENTS`; NaN: it has not come to it. */
  momentAt(id: InputId, moment: number): number {
    return this.moments[this.at(id) * M + moment]!;
  }
  causeOf(id: InputId): InputId {
    return this.integers[this.at(id) * INTEGERS + CAUSE]!;
  }
  processOf(id: InputId): Address {
    return this.integers[this.at(id) * INTEGERS + PROCESS]!;
  }
  fromOf(id: InputId): Address {
    return this.integers[this.at(id) * INTEGERS + FROM]!;
  }
  kindOf(id: InputId): InputKind {
    return INPUT_KINDS[this.integers[this.at(id) * INTEGERS + KIND]!]!;
  }
  nameOf(id: InputId): TimerName {
    return this.names[this.integers[this.at(id) * INTEGERS + NAME]!]!;
  }
  /** Its key; NaN: it has none. */
  keyOf(id: InputId): number {
    return this.keys[this.at(id)]!;
  }
  /** The step of the same process that began before this one; 0: there is none in the records. */
  stepBefore(id: InputId): InputId {
    return this.integers[this.at(id) * INTEGERS + BEFORE]!;
  }

  input(id: InputId): TracedInput {
    const at = this.at(id) * INTEGERS;
    const { integers } = this;
    const nanos = {} as Record<Moment, Nanos | undefined>;
    MOMENTS.forEach((moment, i) => {
      const value = this.momentAt(id, i);
      nanos[moment] = Number.isNaN(value) ? undefined : value;
    });
    return {
      id,
      cause: integers[at + CAUSE]!,
      kind: this.kindOf(id),
      name: this.nameOf(id),
      from: integers[at + FROM]!,
      process: integers[at + PROCESS]!,
      thread: integers[at + THREAD]!,
      server: integers[at + SERVER]!,
      nanos,
    };
  }

  /** What is recorded, oldest first. */
  *inputs(): Generator<TracedInput> {
    for (let id = this.oldest; id <= this.count; id++) yield this.input(id);
  }

  // ---- For the kernel ------------------------------------------------------------------------------------------------

  /** An event comes. Returns the id of the message in its slot, if it is one that was recorded. */
  comes(slot: number, nowNanos: Nanos): InputId {
    const { fromNanos = 0, untilNanos = FOREVER, untilFull = false } = this.options;
    this.current = 0;
    this.effectNanos = nowNanos;
    this.recording = nowNanos >= fromNanos && nowNanos <= untilNanos && !(untilFull && this.isFull);
    return slot < this.bySlot.length ? this.bySlot[slot]! : 0;
  }

  /** A message is on its way, in a slot of the queue. `link` says how far it was when. */
  sent(
    slot: number,
    message: Tagged,
    from: Address,
    to: Address,
    sentNanos: Nanos,
    arrivedNanos: Nanos,
  ): void {
    const id = this.add("message", message.kind, to, from, sentNanos, arrivedNanos, true);
    this.mark(slot, id);
    if (id !== 0) this.keys[this.at(id)] = this.options.keyOf?.(message) ?? Number.NaN;
  }

  /** A message that nobody will get. */
  lost(name: string, from: Address, to: Address, sentNanos: Nanos): void {
    this.add("message", name, to, from, sentNanos, Number.NaN, true);
  }

  /** What was in a slot of the queue is lost on its way. */
  lostOnTheWay(slot: number): void {
    const id = slot < this.bySlot.length ? this.bySlot[slot]! : 0;
    if (this.has(id)) this.set(id, ARRIVED, Number.NaN);
  }

  handedOver(slot: number, name: string, process: Address, sentNanos: Nanos): void {
    this.mark(slot, this.add("handOff", name, process, process, sentNanos, sentNanos, false));
  }

  timerSet(entry: TimerEntry, { address }: Process): void {
    const kind = entry.sync ? "sync" : "timer";
    entry.trace = this.add(kind, entry.name, address, address, this.effectNanos, entry.atNanos, false);
  }

  /** A sync under way is over later than it seemed. */
  timerPostponed({ trace, atNanos }: TimerEntry): void {
    if (this.has(trace)) this.set(trace, ARRIVED, atNanos);
  }

  /**
   * An input reaches the queue of a thread. One of which there is no record, because it was sent before the window or so long ago that
   * it was overwritten, gets one without a cause.
   */
  reaches(
    id: InputId,
    kind: InputKind,
    name: TimerName,
    process: Address,
    from: Address,
    nowNanos: Nanos,
  ): InputId {
    if (!this.recording) return 0;
    const known = this.has(id) ? id : this.addUnknown(kind, name, process, from, nowNanos);
    if (known !== 0) this.set(known, REACHED, nowNanos);
    return known;
  }

  getsThread(id: InputId, nowNanos: Nanos): void {
    if (this.has(id)) this.set(id, ON_THREAD, nowNanos);
  }

  /** The step of an input begins. */
  begins(id: InputId, thread: number, server: number, nowNanos: Nanos, startsNanos: Nanos): void {
    this.effectNanos = nowNanos;
    this.current = this.has(id) ? id : 0;
    if (this.current === 0) return;
    this.set(id, ON_CORE, nowNanos);
    this.set(id, STARTED, startsNanos);
    const at = this.at(id) * INTEGERS;
    const process = this.integers[at + PROCESS]!;
    this.integers[at + THREAD] = thread;
    this.integers[at + SERVER] = server;
    this.integers[at + BEFORE] = this.latest[process] ?? 0;
    this.latest[process] = id;
  }

  /** The step that runs has ended, and with it what it causes. */
  ends(takenNanos: Nanos, cpuOverNanos: Nanos, endedNanos: Nanos): void {
    const id = this.current;
    this.current = 0;
    if (!this.has(id)) return;
    this.set(id, TAKEN, takenNanos);
    this.set(id, CPU_OVER, cpuOverNanos);
    this.set(id, ENDED, endedNanos);
  }

  /** A step that takes no time: of a process without a cost model, or a start. */
  instant(
    id: InputId,
    kind: InputKind,
    name: TimerName,
    process: Address,
    from: Address,
    nowNanos: Nanos,
  ): void {
    const known = this.reaches(id, kind, name, process, from, nowNanos);
    this.begins(known, 0, 0, nowNanos, nowNanos);
    if (known === 0) return;
    for (const moment of INSTANT) this.set(known, moment, nowNanos);
  }

  begun(operation: OperationId, name: string, process: Address, startNanos: Nanos, begunNanos: Nanos): void {
    if (!this.recording) return;
    this.running.set(operation, { name, process, startNanos, begunNanos, begunBy: this.current });
  }

  completed(operation: OperationId, endNanos: Nanos, outcome: Outcome): void {
    const begun = this.running.get(operation);
    if (begun === undefined) return;
    this.running.delete(operation);
    this.options.onOperation?.({ operation, ...begun, endNanos, completedBy: this.current, outcome });
  }

  /** The events of the queue are others now: nothing is known of them. */
  forgetEvents(): void {
    this.bySlot.fill(0);
  }

  /** The id of the message in a slot, which leaves the queue for a while. */
  takeFrom(slot: number): InputId {
    return slot < this.bySlot.length ? this.bySlot[slot]! : 0;
  }

  mark(slot: number, id: InputId): void {
    if (slot >= this.bySlot.length) {
      if (id === 0) return;
      const wider = new Int32Array(2 ** Math.ceil(Math.log2(slot + 1)));
      wider.set(this.bySlot);
      this.bySlot = wider;
    }
    this.bySlot[slot] = id;
  }

  // ---- Writing -----------------------------------------------------------------------------------------------------

  private add(
    kind: InputKind,
    name: TimerName,
    process: Address,
    from: Address,
    sentNanos: Nanos,
    arrivedNanos: number,
    overLink: boolean,
  ): InputId {
    if (!this.recording || (this.options.untilFull === true && this.isFull)) return 0;
    if (this.count + 1 >= IDS_MAX)
      throw new RangeError(`a trace of more than ${IDS_MAX} inputs; choose a window`);
    const id = ++this.count;
    const at = this.at(id) * INTEGERS;
    const { integers, moments } = this;
    integers[at + CAUSE] = this.current;
    integers[at + KIND] = INPUT_KINDS.indexOf(kind);
    integers[at + NAME] = this.nameIndexOf(name);
    integers[at + PROCESS] = process;
    integers[at + FROM] = from;
    integers[at + THREAD] = -1;
    integers[at + SERVER] = -1;
    integers[at + BEFORE] = 0;
    this.keys[this.at(id)] = Number.NaN;
    const first = this.at(id) * M;
    moments.fill(Number.NaN, first, first + M);
    moments[first + SENT] = sentNanos;
    for (let i = LINE_FREE; i <= RECEIVED; i++) {
      moments[first + i] = overLink ? toNanos(this.link[i - LINE_FREE]!) : sentNanos;
    }
    moments[first + ARRIVED] = arrivedNanos;
    return id;
  }

  private addUnknown(
    kind: InputKind,
    name: TimerName,
    process: Address,
    from: Address,
    nowNanos: Nanos,
  ): InputId {
    const { current } = this;
    this.current = 0;
    const id = this.add(kind, name, process, from, nowNanos, nowNanos, false);
    this.current = current;
    return id;
  }

  private nameIndexOf(name: TimerName): number {
    let index = this.nameIndex.get(name);
    if (index === undefined) {
      index = this.names.length;
      this.nameIndex.set(name, index);
      this.names.push(name);
    }
    return index;
  }

  private at(id: InputId): number {
    return id & (this.capacity - 1);
  }

  private set(id: InputId, moment: number, nanos: number): void {
    this.moments[this.at(id) * M + moment] = nanos;
  }
}
