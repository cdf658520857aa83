/**
 * A trace of a run as plain data, for what is drawn or exported of it: every step of a window of time, or a sample of operations with
 * all that they caused. Its size is bounded, however long the run is.
 */

import type { FaultPeriod } from "../../sim/faults/fault.ts";
import type { OperationId, Outcome } from "../../sim/machine.ts";
import type { Tracer } from "../../sim/trace.ts";
import { followPath } from "../../sim/trace-path.ts";
import type { InputId, Moment, TracedInput, TracedOperation } from "../../sim/trace-records.ts";
import type { Nanos } from "../../sim/units.ts";
import type { AnyScenario } from "../scenario.ts";
import type { Running } from "../systems/running.ts";
import { phaseOf, takesUpIn } from "./paths.ts";

/** What is wanted of a trace. Times count from the start of the warm-up, as those of the scenario. */
export interface TraceRequest {
  /** `steps`: every step of the window, as far as they fit; `operations`: a sample of operations over all of it. */
  readonly of: "steps" | "operations";
  /** Undefined: all of the measured part. */
  readonly window: { readonly fromNanos: Nanos; readonly untilNanos: Nanos } | undefined;
  /** So many operations at most; or this share of them, and at most `OPERATIONS_MAX`. */
  readonly sample: { readonly operations: number } | { readonly share: number };
}

export interface TracedProcess {
  readonly name: string;
  readonly role: string;
  readonly host: string;
  /** By station of the process (`TracedInput.thread`): its name, and how many threads it has. */
  readonly stations: readonly { readonly name: string; readonly threads: number }[];
}

/** An input, and the step that took it in, with times that count from the start of the warm-up. */
export type TraceStep = TracedInput;

export interface SampledOperation {
  readonly operation: OperationId;
  readonly name: string;
  /** Index into the processes. */
  readonly process: number;
  readonly startNanos: Nanos;
  readonly endNanos: Nanos;
  readonly outcome: Outcome;
  readonly begunBy: InputId;
  readonly completedBy: InputId;
  /** The critical path: the inputs on it, in the order of time, the one whose step began it first if it leads there. */
  readonly path: readonly InputId[];
  readonly complete: boolean;
  /** Nanoseconds by phase; their sum is the latency. */
  readonly phases: Readonly<Record<string, Nanos>>;
  /**
   * Of a trace of operations: the inputs on the path and all that the operation caused up to its end, oldest first, but for what had not
   * begun by then; at most `OPERATION_STEPS_MAX`, those on the path first.
   */
  readonly steps: readonly TraceStep[];
}

export interface Trace {
  readonly of: TraceRequest["of"];
  readonly scenario: string;
  readonly seed: number;
  readonly warmupNanos: Nanos;
  /** The part of the run that was recorded: it ends early where there were more steps than fit. */
  readonly fromNanos: Nanos;
  readonly untilNanos: Nanos;
  readonly cutShort: boolean;
  readonly processes: readonly TracedProcess[];
  /**
   * Of a trace of steps: every input that was taken in, or lost on its way (no `arrived`), or that came to a process that was down or has not
   * taken it in yet (no `onCore`), in the order in which they were sent.
   */
  readonly steps: readonly TraceStep[];
  /** In the order in which they completed. */
  readonly operations: readonly SampledOperation[];
  readonly faults: readonly (Pick<FaultPeriod, "struck" | "fromNanos" | "untilNanos"> & {
    readonly fault: string;
  })[];
}

/** Steps of a trace: a page of a viewer holds no more, and a file of them has about 20 MB. */
const STEPS_MAX = 2 ** 16;
/** Operations of a trace, however large a share is asked for. */
export const OPERATIONS_MAX = 2_000;
/** Steps of one operation in a trace of operations. */
const OPERATION_STEPS_MAX = 1_000;
/** Records that operations find when they complete. */
const RECORDS_MAX = 2 ** 19;

export interface TraceRecorder {
  readonly attach: (running: Running, periods: readonly FaultPeriod[]) => void;
  /** To be called once, after the run. */
  readonly trace: () => Trace;
}

export function traceRecorder(scenario: AnyScenario, seed: number, request: TraceRequest): TraceRecorder {
  const { of } = request;
  const { warmupNanos, durationNanos } = scenario;
  const window = request.window ?? { fromNanos: warmupNanos, untilNanos: warmupNanos + durationNanos };
  const share = "share" in request.sample ? request.sample.share : 1;
  const operationsMax = "share" in request.sample ? OPERATIONS_MAX : request.sample.operations;
  let sampled: SampledOperation[] = [];
  let every = Math.max(1, Math.round(1 / share));
  // By name: a request that is an operation of its own kind as well completes twice, and one of two would never be taken.
  const completed = new Map<string, number>();
  let running: Running | undefined;
  let tracer: Tracer | undefined;
  let periods: readonly FaultPeriod[] = [];

  const take = (operation: TracedOperation): void => {
    const before = completed.get(operation.name) ?? 0;
    completed.set(operation.name, before + 1);
    if (before % every !== 0) return;
    sampled.push(sampleOf(running!, tracer!, operation, of === "operations"));
    if (sampled.length <= operationsMax) return;
    const places = new Map<string, number>();
    sampled = sampled.filter(({ name }) => {
      const place = places.get(name) ?? 0;
      places.set(name, place + 1);
      return place % 2 === 0;
    });
    every *= 2;
  };

  return {
    attach(its, faultPeriods) {
      running = its;
      periods = faultPeriods;
      const { simulation, startUpNanos, phases } = its;
      tracer = simulation.trace({
        fromNanos: startUpNanos + window.fromNanos,
        untilNanos: startUpNanos + window.untilNanos,
        keyOf: phases.keyOf,
        onOperation: take,
        ...(of === "steps" ? { recordsMax: STEPS_MAX, untilFull: true } : { recordsMax: RECORDS_MAX }),
      });
    },
    trace() {
      const { startUpNanos, simulation } = running!;
      const cutShort = of === "steps" && tracer!.isFull;
      const steps = of === "steps" ? stepsOf(tracer!, startUpNanos, simulation.nowNanos) : [];
      const last = steps.reduce((end, { nanos }) => Math.max(end, nanos.sent ?? 0), 0);
      const endNanos = Math.min(window.untilNanos, simulation.nowNanos - startUpNanos);
      return {
        of,
        scenario: scenario.name,
        seed,
        warmupNanos,
        fromNanos: window.fromNanos,
        untilNanos: cutShort ? last : endNanos,
        cutShort,
        processes: processesOf(running!),
        steps,
        operations: sampled,
        faults: periods.map(({ index, struck, fromNanos, untilNanos }) => ({
          fault: scenario.faults.labels[index]!,
          struck,
          fromNanos: fromNanos - startUpNanos,
          untilNanos: untilNanos === undefined ? undefined : untilNanos - startUpNanos,
        })),
      };
    },
  };
}

export function processesOf({ simulation }: Pick<Running, "simulation">): TracedProcess[] {
  return simulation.processes.map(({ name, role, host, pools }) => ({
    name,
    role,
    host: host.name,
    stations: pools.flatMap((pool) =>
      pool.shared === true
        ? [{ name: pool.name, threads: pool.threads }]
        : Array.from({ length: pool.threads }, (_, i) => ({
            name: pool.threads === 1 ? pool.name : `${pool.name} ${i + 1}`,
            threads: 1,
          })),
    ),
  }));
}

/** Timers that were cancelled, and what is still under way, are nothing to show. */
export function stepsOf(tracer: Tracer, startUpNanos: Nanos, nowNanos: Nanos): TraceStep[] {
  const steps: TraceStep[] = [];
  for (const input of tracer.inputs()) {
    const { onCore, arrived } = input.nanos;
    const isThere = input.kind === "message" && arrived !== undefined && arrived <= nowNanos;
    if (onCore !== undefined || arrived === undefined || isThere) steps.push(since(input, startUpNanos));
  }
  return steps;
}

function since(input: TracedInput, startUpNanos: Nanos): TraceStep {
  const nanos = Object.fromEntries(
    Object.entries(input.nanos).map(([moment, at]) => [
      moment,
      at === undefined ? undefined : at - startUpNanos,
    ]),
  ) as Record<Moment, Nanos | undefined>;
  return { ...input, nanos };
}

function sampleOf(
  running: Running,
  tracer: Tracer,
  traced: TracedOperation,
  withSteps: boolean,
): SampledOperation {
  const { startUpNanos } = running;
  const { operation, name, process, startNanos, endNanos, outcome, begunBy, completedBy } = traced;
  const { pieces, complete } = followPath(tracer, traced, takesUpIn(running));
  const byPhase: Record<string, Nanos> = {};
  for (const piece of pieces) {
    const phase = phaseOf(running, tracer, piece);
    byPhase[phase] = (byPhase[phase] ?? 0) + piece.toNanos - piece.fromNanos;
  }
  const path = [...new Set([...(complete ? [begunBy] : []), ...pieces.map(({ input }) => input)])].filter(
    (id) => id !== 0,
  );
  return {
    ...{ operation, name, process, outcome, begunBy, completedBy, path, complete, phases: byPhase },
    startNanos: startNanos - startUpNanos,
    endNanos: endNanos - startUpNanos,
    steps: withSteps ? causedBy(tracer, traced, path).map((id) => since(tracer.input(id), startUpNanos)) : [],
  };
}

/** The inputs on a path, and those that the step which began the operation led to by now. */
function causedBy(
  tracer: Tracer,
  { begunBy, endNanos }: TracedOperation,
  path: readonly InputId[],
): InputId[] {
  const caused = new Set<InputId>([begunBy]);
  const taken: InputId[] = [];
  for (let id = Math.max(begunBy + 1, tracer.oldest); id <= tracer.count; id++) {
    if (!caused.has(tracer.causeOf(id))) continue;
    caused.add(id);
    const { onCore } = tracer.input(id).nanos;
    if (onCore !== undefined && onCore < endNanos) taken.push(id);
  }
  const onPath = path.filter((id) => id !== begunBy);
  const others = taken
    .filter((id) => !path.includes(id))
    .slice(0, Math.max(0, OPERATION_STEPS_MAX - onPath.length));
  return [...onPath, ...others].slice(0, OPERATION_STEPS_MAX).sort((a, b) => a - b);
}
