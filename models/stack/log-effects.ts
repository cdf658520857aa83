/**
 * What a step of an engine's log does to the world, where a runtime's workers ask for its operations: a result goes over the
 * channel of the slot that waits for it, which the number of the operation names. Everything else is as the log says.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type {
  Address,
  Effects,
  Observed,
  OperationId,
  Outcome,
  ProgramCache,
  TimerName,
} from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { BokiMessage } from "../boki/messages.ts";
import { CHANNELS_PER_PROCESS } from "../nightcore/config.ts";
import { clientOf } from "../nightcore/messages.ts";
import type { StackMessage } from "./messages.ts";

export class LogEffects implements Effects<BokiMessage> {
  private readonly out: Effects<StackMessage>;

  constructor(out: Effects<StackMessage>) {
    this.out = out;
  }

  send(to: Address, message: BokiMessage): void {
    if (message.kind === "opResult") {
      this.out.send(to, message, clientOf(message.client) % CHANNELS_PER_PROCESS);
    } else {
      this.out.send(to, message as StackMessage);
    }
  }

  get now(): Nanos {
    return this.out.now;
  }
  get spentNanos(): Nanos {
    return this.out.spentNanos;
  }
  get self(): Address {
    return this.out.self;
  }
  get thread(): number {
    return this.out.thread;
  }
  get observe(): ((observation: Observed) => void) | undefined {
    return this.out.observe;
  }
  get programs(): ProgramCache {
    return this.out.programs;
  }

  watch(peer: Address): void {
    this.out.watch(peer);
  }
  crash(restartNanos: Nanos): void {
    this.out.crash(restartNanos);
  }
  setParallelism(pool: number, threads: number): void {
    this.out.setParallelism(pool, threads);
  }
  setTimer(timer: TimerName, afterNanos: Nanos): void {
    this.out.setTimer(timer, afterNanos);
  }
  setTimerAtTick(timer: TimerName, periodNanos: Nanos, phaseNanos: Nanos): void {
    this.out.setTimerAtTick(timer, periodNanos, phaseNanos);
  }
  cancelTimer(timer: TimerName): void {
    this.out.cancelTimer(timer);
  }
  put(table: string, key: number, value: unknown, sizeBytes: Bytes): boolean {
    return this.out.put(table, key, value, sizeBytes);
  }
  get(table: string, key: number): unknown {
    return this.out.get(table, key);
  }
  sync(timer: TimerName): void {
    this.out.sync(timer);
  }
  work(kind: string, amount: number): void {
    this.out.work(kind, amount);
  }
  choose(options: number): number {
    return this.out.choose(options);
  }
  sample(distribution?: Distribution): number {
    return this.out.sample(distribution);
  }
  begin(operation: string, input?: unknown, dueNanos?: Nanos): OperationId {
    return this.out.begin(operation, input, dueNanos);
  }
  complete(operation: OperationId, outcome: Outcome, output?: unknown): void {
    this.out.complete(operation, outcome, output);
  }
  count(counter: string, amount?: number): void {
    this.out.count(counter, amount);
  }
}
