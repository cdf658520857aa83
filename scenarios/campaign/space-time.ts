/** The run of a case as a space-time diagram: what went between processes up to the moment at which something was broken. */

import { START_UP_NANOS } from "../../models/boki/cluster.ts";
import type { FaultPeriod } from "../../sim/faults/fault.ts";
import type { OperationId } from "../../sim/machine.ts";
import type { HistoryEvent } from "../../sim/recorder.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { Tracer } from "../../sim/trace.ts";
import type { TracedOperation } from "../../sim/trace-records.ts";
import { MICROSECOND, type Nanos } from "../../sim/units.ts";
import { diagramOf, type OpenOperation, type SpaceTime } from "../tracing/space-time.ts";
import { processesOf, stepsOf, type TraceStep } from "../tracing/trace.ts";
import { BOKISIM_VERSION } from "../version.ts";
import type { Case } from "./case.ts";
import { type Failure, runCase } from "./run-case.ts";
import type { AnyFailure, AnyVerdict } from "./target.ts";
import { type Happening, type Seen, timelineOf } from "./timeline.ts";

/** As many as can be told apart. */
const MESSAGES_SHOWN = 120;
const MARGIN_NANOS: Nanos = 50 * MICROSECOND;
/** Between processes and those who only watch over them: many, and not what a case is about. */
const BACKGROUND = new Set(["zkPing"]);

/** A run of a case, and what is known of it when it is over. */
export interface DrawnRun {
  readonly seed: number;
  /** When the deployment is up: times of cases count from there. */
  readonly startUpNanos: Nanos;
  readonly verdict: AnyVerdict;
  readonly periods: readonly FaultPeriod[];
  /** Operations that had not ended; times as in the case. */
  readonly open: readonly OpenOperation[];
  /** Whether the first failure is an answer that did not come: found long after it should have. */
  readonly isLate: boolean;
  /** Operations that show the first failure, besides those that ended when it was found. */
  readonly broken: ReadonlySet<OperationId>;
}

/** Undefined where no message was sent. `file`: the case's, which the diagram names. */
export function caseDiagram(subject: Case, file: string): SpaceTime | undefined {
  return diagramOfRun(file, (onBuilt) => {
    let seen: Seen | undefined;
    const verdict = runCase(subject, {
      onBuilt,
      onEnd: (its) => {
        seen = its;
      },
    });
    const [failure] = verdict.failures;
    const happenings = timelineOf(subject, seen!);
    return {
      ...{ seed: subject.seed, startUpNanos: START_UP_NANOS, verdict, periods: seen!.periods },
      open: openOperations(happenings, seen!.history),
      isLate: failure === undefined || isLate(failure),
      broken: brokenOperations(happenings, failure),
    };
  });
}

/** `run`: shows what it built before it begins. */
export function diagramOfRun(
  file: string,
  run: (onBuilt: (simulation: Simulation) => void) => DrawnRun,
): SpaceTime | undefined {
  const operations: TracedOperation[] = [];
  let tracer: Tracer | undefined;
  let simulation: Simulation | undefined;
  const { seed, startUpNanos, verdict, periods, open, isLate, broken } = run((built) => {
    simulation = built;
    // More than this cannot be shown; the beginning is what matters where nothing ended.
    tracer = built.trace({ onOperation: (each) => operations.push(each) });
  });
  const processes = processesOf({ simulation: simulation! });
  const steps = stepsOf(tracer!, startUpNanos, simulation!.nowNanos).filter(
    (step) => !BACKGROUND.has(String(step.name)) && sentAt(step) >= 0,
  );
  const [failure] = verdict.failures;
  const window = windowOf(steps, isLate ? undefined : failure);
  if (window === undefined) return undefined;
  const since = (nanos: Nanos): Nanos => nanos - startUpNanos;
  const shown = diagramOf(
    {
      ...{ processes, ...window, open },
      // The window is where enough of them are; what else reaches into it would be too much.
      steps: chosen(steps, window),
      operations: operations.map(({ startNanos, endNanos, begunNanos: _, ...rest }) => ({
        ...{ ...rest, startNanos: since(startNanos), endNanos: since(endNanos) },
        ...{ path: [], complete: false, phases: {}, steps: [] },
      })),
      broken: new Set([
        ...broken,
        ...operations
          .filter(({ endNanos }) => since(endNanos) === failure?.atNanos)
          .map(({ operation }) => operation),
      ]),
      faults: periods.map(({ fault, struck, fromNanos, untilNanos }) => ({
        ...{ fault: fault.kind, struck, fromNanos: since(fromNanos) },
        untilNanos: untilNanos === undefined ? undefined : since(untilNanos),
      })),
    },
    { of: window, nodes: [] },
  );
  return {
    ...{ format: "bokisim-space-time-1", bokisimVersion: BOKISIM_VERSION, scenario: "case", file },
    ...{ variant: "base", seed, digest: verdict.digest },
    ...shown,
    marks: verdict.failures
      .filter(({ atNanos }) => atNanos <= window.untilNanos)
      .slice(0, 1)
      .map(({ name, atNanos }) => ({ name, atNanos })),
  };
}

interface Window {
  readonly fromNanos: Nanos;
  readonly untilNanos: Nanos;
}

const sentAt = ({ nanos }: TraceStep): Nanos => nanos.sent ?? nanos.arrived ?? 0;

/** An answer that did not come: found long after it should have. */
const isLate = ({ name }: Failure): boolean => name === "L1" || name === "L2";

/** Up to what was broken; what never came is found long after, so there the beginning is shown (`failure` undefined). */
function windowOf(steps: readonly TraceStep[], failure: AnyFailure | undefined): Window | undefined {
  const sent = steps.filter(({ kind }) => kind === "message").map(sentAt);
  if (sent.length === 0) return undefined;
  const before = failure === undefined ? sent : sent.filter((at) => at <= failure.atNanos);
  if (before.length === 0) return undefined;
  before.sort((a, b) => a - b);
  const inside = failure === undefined ? before.slice(0, MESSAGES_SHOWN) : before.slice(-MESSAGES_SHOWN);
  const last = inside.at(-1)!;
  // What is only found when all is quiet lies far behind the messages that matter.
  const untilNanos =
    failure === undefined
      ? last
      : Math.min(failure.atNanos, last + Math.max(MARGIN_NANOS, last - inside[0]!));
  return { fromNanos: Math.max(0, inside[0]! - MARGIN_NANOS), untilNanos: untilNanos + MARGIN_NANOS };
}

/** Messages that are sent in the window, and the steps of it. */
const chosen = (steps: readonly TraceStep[], { fromNanos, untilNanos }: Window): TraceStep[] =>
  steps.filter((step) => sentAt(step) >= fromNanos && sentAt(step) <= untilNanos);

/**
 * Operations that ended at the moment of the failure, or that are about a record which its message names; of an answer that never came
 * (L1, L2) those without one.
 */
function brokenOperations(happenings: readonly Happening[], failure: Failure | undefined): Set<OperationId> {
  if (failure === undefined) return new Set();
  const seqnums: readonly string[] = failure.message.match(SEQNUM) ?? [];
  const chosen = happenings.filter(
    ({ untilNanos, what, result }) =>
      (untilNanos === undefined && isLate(failure)) ||
      untilNanos === failure.atNanos ||
      seqnums.some((seqnum) => what.includes(seqnum) || result.includes(seqnum)),
  );
  return new Set(chosen.flatMap(({ operation }) => (operation === undefined ? [] : [operation])));
}

/** As in messages and timelines: sixteen hexadecimal digits. */
const SEQNUM = /\b[0-9a-f]{16}\b/g;

/** Those that have not ended. */
function openOperations(happenings: readonly Happening[], history: readonly HistoryEvent[]): OpenOperation[] {
  const open = new Set(
    happenings.flatMap(({ operation, untilNanos }) => (untilNanos === undefined ? [operation] : [])),
  );
  return history
    .filter(({ type, operation }) => type === "invoke" && open.has(operation))
    .map(({ operation, name, process, timeNanos }) => ({
      ...{ operation, name, process, startNanos: timeNanos - START_UP_NANOS },
    }));
}
