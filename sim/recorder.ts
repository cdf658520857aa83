/**
 * What clients saw: latency histograms and series per operation, named counters, and, when asked for, the history of
 * invocations and completions that the checkers read (docs/kernel.md, "What is recorded").
 */

import { build, type Histogram } from "hdr-histogram-js";
import type { Address, OperationId, Outcome } from "./machine.ts";
import type { Nanos } from "./units.ts";

/** Three significant digits from 1 ns to 100 s: 0.1 % relative error. */
function latencyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_NANOS_MAX,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
}
const LATENCY_NANOS_MAX: Nanos = 100_000_000_000;

/**
 * One line of a history; an operation without a completion is pending. Lines are in the order of steps. Their times are not
 * quite: a step takes effect on clients when its input has been taken in, which costs one step more than another.
 */
export interface HistoryEvent {
  readonly type: "invoke" | Outcome;
  readonly operation: OperationId;
  readonly name: string;
  readonly process: Address;
  readonly timeNanos: Nanos;
  readonly value: unknown;
}

interface OperationStats {
  readonly name: string;
  readonly latency: Histogram;
  count: number;
  failed: number;
  unknown: number;
  sumNanos: number;
  maxNanos: Nanos;
  /** The current interval of the series, and the finished ones. */
  readonly windowLatency: Histogram;
  windowCount: number;
  readonly completed: number[];
  readonly p50Nanos: (number | null)[];
  readonly p99Nanos: (number | null)[];
  /** When each operation completed with success and how long it took, parallel; empty unless asked for. */
  readonly completedAtNanos: Nanos[];
  readonly latenciesNanos: Nanos[];
}

interface Running {
  name: string;
  process: Address;
  startNanos: Nanos;
}

export interface RecorderOptions {
  /** Keep the history: every invocation and completion with its values. */
  readonly history: boolean;
  /** Width of an interval of the series; 0: no series. */
  readonly seriesIntervalNanos: Nanos;
  /** Operations completed before this moment do not enter histograms and counts; the series shows them. */
  readonly warmupNanos: Nanos;
  /** Keep the moment and the latency of every completion, so that any stretch of time can be looked at afterwards. */
  readonly completions?: boolean;
}

export class Recorder {
  readonly history: HistoryEvent[] = [];
  readonly options: RecorderOptions;
  private readonly operations = new Map<string, OperationStats>();
  private readonly running = new Map<OperationId, Running>();
  private readonly counters = new Map<string, number>();
  private nextOperation: OperationId = 0;

  constructor(options: RecorderOptions) {
    this.options = options;
  }

  begin(name: string, process: Address, timeNanos: Nanos, input: unknown): OperationId {
    const operation = this.nextOperation++;
    this.running.set(operation, { name, process, startNanos: timeNanos });
    if (this.options.history) {
      this.history.push({ type: "invoke", operation, name, process, timeNanos, value: input });
    }
    return operation;
  }

  complete(operation: OperationId, timeNanos: Nanos, outcome: Outcome, output: unknown): void {
    const running = this.running.get(operation);
    if (running === undefined)
      throw new Error(`operation ${operation} is completed twice or was never begun`);
    this.running.delete(operation);
    const { name, process, startNanos } = running;
    if (this.options.history) {
      this.history.push({ type: outcome, operation, name, process, timeNanos, value: output });
    }
    const stats = this.statsOf(name);
    if (outcome !== "ok") {
      if (timeNanos >= this.options.warmupNanos) {
        if (outcome === "failed") stats.failed++;
        else stats.unknown++;
      }
      return;
    }
    const latencyNanos = timeNanos - startNanos;
    if (this.options.seriesIntervalNanos > 0) {
      stats.windowCount++;
      stats.windowLatency.recordValue(Math.min(latencyNanos, LATENCY_NANOS_MAX));
    }
    if (this.options.completions === true) {
      stats.completedAtNanos.push(timeNanos);
      stats.latenciesNanos.push(latencyNanos);
    }
    if (timeNanos < this.options.warmupNanos) return;
    stats.count++;
    stats.sumNanos += latencyNanos;
    if (latencyNanos > stats.maxNanos) stats.maxNanos = latencyNanos;
    stats.latency.recordValue(Math.min(latencyNanos, LATENCY_NANOS_MAX));
  }

  count(counter: string, amount: number): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + amount);
  }

  /** Closes an interval of the series. Called by the run at multiples of the interval. */
  closeInterval(): void {
    for (const stats of this.operations.values()) this.closeIntervalOf(stats);
    this.intervals++;
  }
  private intervals = 0;

  private closeIntervalOf(stats: OperationStats): void {
    stats.completed.push(stats.windowCount);
    const some = stats.windowCount > 0;
    stats.p50Nanos.push(some ? stats.windowLatency.getValueAtPercentile(50) : null);
    stats.p99Nanos.push(some ? stats.windowLatency.getValueAtPercentile(99) : null);
    stats.windowCount = 0;
    stats.windowLatency.reset();
  }

  /** Counters begin anew at the end of the warm-up. */
  resetCounters(): void {
    this.counters.clear();
  }

  /** Operations begun and not completed, oldest first, with what is known of them. */
  pending(): { operation: OperationId; name: string; process: Address; startNanos: Nanos }[] {
    return [...this.running].map(([operation, running]) => ({ operation, ...running }));
  }

  /** Per operation, by name in the order of first use. */
  results(): readonly OperationStats[] {
    return [...this.operations.values()];
  }

  counts(): ReadonlyMap<string, number> {
    return this.counters;
  }

  private statsOf(name: string): OperationStats {
    let stats = this.operations.get(name);
    if (stats === undefined) {
      stats = {
        name,
        latency: latencyHistogram(),
        count: 0,
        failed: 0,
        unknown: 0,
        sumNanos: 0,
        maxNanos: 0,
        windowLatency: latencyHistogram(),
        windowCount: 0,
        completed: new Array<number>(this.intervals).fill(0),
        p50Nanos: new Array<null>(this.intervals).fill(null),
        p99Nanos: new Array<null>(this.intervals).fill(null),
        completedAtNanos: [],
        latenciesNanos: [],
      };
      this.operations.set(name, stats);
    }
    return stats;
  }

  save(): object {
    return {
      history: [...this.history],
      operations: [...this.operations.values()].map((stats) => ({
        ...stats,
        latency: copyOf(stats.latency),
        windowLatency: copyOf(stats.windowLatency),
        completed: [...stats.completed],
        p50Nanos: [...stats.p50Nanos],
        p99Nanos: [...stats.p99Nanos],
        completedAtNanos: [...stats.completedAtNanos],
        latenciesNanos: [...stats.latenciesNanos],
      })),
      running: [...this.running].map(([operation, running]) => [operation, { ...running }]),
      counters: [...this.counters],
      nextOperation: this.nextOperation,
      intervals: this.intervals,
    };
  }

  restore(saved: object): void {
    const state = saved as {
      history: HistoryEvent[];
      operations: OperationStats[];
      running: [OperationId, Running][];
      counters: [string, number][];
      nextOperation: number;
      intervals: number;
    };
    this.history.splice(0, this.history.length, ...state.history);
    this.operations.clear();
    for (const stats of state.operations) {
      this.operations.set(stats.name, {
        ...stats,
        latency: copyOf(stats.latency),
        windowLatency: copyOf(stats.windowLatency),
        completed: [...stats.completed],
        p50Nanos: [...stats.p50Nanos],
        p99Nanos: [...stats.p99Nanos],
        completedAtNanos: [...stats.completedAtNanos],
        latenciesNanos: [...stats.latenciesNanos],
      });
    }
    this.running.clear();
    for (const [operation, running] of state.running) this.running.set(operation, { ...running });
    this.counters.clear();
    for (const [counter, amount] of state.counters) this.counters.set(counter, amount);
    this.nextOperation = state.nextOperation;
    this.intervals = state.intervals;
  }
}

function copyOf(histogram: Histogram): Histogram {
  const copy = latencyHistogram();
  copy.add(histogram);
  return copy;
}
