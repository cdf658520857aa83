/**
 * The dispatcher of one function as its description reads (docs/models/nightcore.md, "Dispatch and concurrency"), with lists of all
 * samples and no care for speed: what the real one is compared with. Calls are from outside or from workers that never die.
 */

import type { NightcoreConfig } from "../../../models/nightcore/config.ts";

export type Decision =
  | readonly ["dispatch", number, number]
  | readonly ["create", number]
  | readonly ["stop", number]
  | readonly ["answer", number, boolean];

interface Call {
  readonly id: number;
  readonly internal: boolean;
  readonly received: number;
  dispatched: number;
}

export class ReferenceDispatcher {
  private readonly settings: NightcoreConfig;
  private readonly min: number;
  private readonly max: number;
  private nextId: number;
  readonly connected = new Set<number>();
  readonly running = new Map<number, Call>();
  private leaked = 0;
  /** May hold workers that have died. */
  private idle: number[] = [];
  readonly requested = new Set<number>();
  private pending: Call[] = [];
  private lastGrowth = -1;
  private arrivals: number[] = [];
  private readonly runningTimes: number[] = [];
  private readonly handlerTimes: number[] = [];
  private readonly processingTimes: number[] = [];
  private decisions: Decision[] = [];

  constructor(settings: NightcoreConfig, min: number, max: number, connected: number[], nextId: number) {
    this.settings = settings;
    this.min = min;
    this.max = max;
    this.nextId = nextId;
    for (const id of connected) {
      this.connected.add(id);
      this.idle.push(id);
    }
  }

  take(): Decision[] {
    return this.decisions.splice(0);
  }

  arrive(id: number, internal: boolean, now: number): void {
    const last = this.arrivals.at(-1);
    this.arrivals.push(last === undefined ? now : Math.max(now, last + 1));
    const call = { id, internal, received: now, dispatched: now };
    if (this.runningCount() >= this.limit()) {
      this.pending.push(call);
    } else if (this.findIdle() === undefined) {
      this.grow(now);
      this.pending.push(call);
    } else if (this.settings.fifo && this.pending.length > 0) {
      this.pending.push(call);
      const first = this.nextPending(now);
      if (first !== undefined) this.dispatch(this.popIdle(), first, now);
    } else {
      this.dispatch(this.popIdle(), call, now);
    }
    if (this.settings.limitOnDrain) this.drain(now);
  }

  done(id: number, ok: boolean, handler: number, now: number): void {
    const call = this.running.get(id)!;
    if (ok) {
      this.runningTimes.push(now - call.dispatched);
      this.handlerTimes.push(handler);
      if (now > call.dispatched) this.processingTimes.push(now - call.dispatched);
    }
    this.running.delete(id);
    this.becomeFree(id, now);
    this.decisions.push(["answer", call.id, ok]);
  }

  connect(id: number, now: number): void {
    this.connected.add(id);
    this.requested.delete(id);
    this.becomeFree(id, now);
  }

  die(id: number, now: number): void {
    this.connected.delete(id);
    const call = this.running.get(id);
    this.running.delete(id);
    if (call !== undefined) {
      if (this.settings.workerLost === "forget") this.leaked++;
      else this.decisions.push(["answer", call.id, false]);
    }
    if (!this.settings.failureHandling) return;
    const least = this.settings.limitAtLeastOne && this.pending.length > 0 ? Math.max(1, this.min) : this.min;
    while (this.size() < least && this.size() < this.max) this.create();
    if (this.settings.limitOnDrain) this.drain(now);
  }

  private becomeFree(id: number, now: number): void {
    if (this.settings.limitOnDrain) {
      this.idle.push(id);
      this.drain(now);
    } else {
      const next = this.nextPending(now);
      if (next === undefined) this.idle.push(id);
      else this.dispatch(id, next, now);
    }
    const expected = this.expected();
    if (!this.settings.shrinking || this.connected.size <= this.min || expected === 0) return;
    if (this.connected.size <= 2 * expected) return;
    const coldest = this.idle.find((each) => this.isIdle(each));
    if (coldest === undefined) return;
    this.connected.delete(coldest);
    this.decisions.push(["stop", coldest]);
  }

  private drain(now: number): void {
    while (this.findIdle() !== undefined && this.runningCount() < this.limit()) {
      const next = this.nextPending(now);
      if (next === undefined) return;
      this.dispatch(this.popIdle(), next, now);
    }
  }

  private nextPending(now: number): Call | undefined {
    for (;;) {
      const call = this.pending.shift();
      const { queueingLimit, failureHandling, droppedCalls, averageSamplesMin, averageWeight } =
        this.settings;
      if (call === undefined || queueingLimit === 0 || !call.internal) return call;
      const handler = average(this.handlerTimes, averageSamplesMin, averageWeight);
      if (failureHandling && handler === 0) return call;
      if (now - call.received <= queueingLimit * handler) return call;
      if (droppedCalls === "fail") this.decisions.push(["answer", call.id, false]);
    }
  }

  private dispatch(id: number, call: Call, now: number): void {
    call.dispatched = now;
    // Its own queueing does not count as processing.
    this.running.set(id, call);
    this.decisions.push(["dispatch", id, call.id]);
  }

  private grow(now: number): void {
    const { growthThrottle, growthIntervalNanos, alwaysGrow, limitAtLeastOne } = this.settings;
    const interval = growthIntervalNanos / 1_000;
    if (this.size() >= this.max) return;
    if (this.lastGrowth >= 0 && interval > 0) {
      if (growthThrottle === "intended" && now - this.lastGrowth < interval) return;
      if (growthThrottle === "shipped" && now - this.lastGrowth > interval) return;
    }
    const wanted = limitAtLeastOne ? Math.max(1, this.expected()) : this.expected();
    if (!alwaysGrow && this.size() >= wanted) return;
    this.create();
    this.lastGrowth = now;
  }

  private create(): void {
    const id = this.nextId++;
    this.requested.add(id);
    this.decisions.push(["create", id]);
  }

  private size(): number {
    return this.connected.size + this.requested.size;
  }

  private runningCount(): number {
    return this.running.size + this.leaked;
  }

  private isIdle(id: number): boolean {
    return this.connected.has(id) && !this.running.has(id);
  }

  private findIdle(): number | undefined {
    return this.idle.findLast((id) => this.isIdle(id));
  }

  private popIdle(): number {
    const id = this.findIdle()!;
    this.idle = this.idle.slice(0, this.idle.lastIndexOf(id));
    return id;
  }

  private limit(): number {
    const {
      concurrencyLimiter,
      limitTime,
      limitRounding,
      averageSamplesMin,
      averageWeight,
      limitCoefficient,
      limitAtLeastOne,
    } = this.settings;
    if (!concurrencyLimiter) return this.max;
    const times = limitTime === "running" ? this.runningTimes : this.processingTimes;
    const delay = average(times, averageSamplesMin, averageWeight);
    const rate = this.rate();
    const load = (limitCoefficient * delay * rate) / 1e6;
    const rounded = limitRounding === "up" ? Math.ceil(load) : Math.round(load);
    const wanted = delay === 0 || rate === 0 ? Infinity : rounded;
    const limit = Math.min(this.max, Math.max(this.min, wanted));
    return limitAtLeastOne ? Math.max(1, limit) : limit;
  }

  private expected(): number {
    const { averageSamplesMin, averageWeight, expectedCoefficient, limitRounding } = this.settings;
    const time = average(this.processingTimes, averageSamplesMin, averageWeight);
    const load = (expectedCoefficient * time * this.rate()) / 1e6;
    return limitRounding === "up" ? Math.ceil(load) : Math.round(load);
  }

  private rate(): number {
    const rates = this.arrivals.slice(1).map((at, i) => 1e6 / (at - this.arrivals[i]!));
    return average(rates, this.settings.averageSamplesMin, this.settings.averageWeight);
  }
}

function average(samples: number[], first: number, weight: number): number {
  if (samples.length < first) return 0;
  const start = samples.slice(0, first).reduce((sum, each) => sum + each, 0) / first;
  return samples.slice(first).reduce((mean, each) => mean + (each - mean) * weight, start);
}
