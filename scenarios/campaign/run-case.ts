/**
 * Runs a case under every checker and says what came of it.
 *
 * Safety is watched throughout. Liveness is judged at the end: from the moment that faults are over and the last call has been
 * made, everything has to finish within `settleNanos`. A run ends soon after it has.
 */

import { createDeployment, type Deployment, START_UP_NANOS } from "../../models/boki/cluster.ts";
import { CLUSTER_DEFAULTS, DISK_DEFAULTS } from "../../models/boki/config.ts";
import { createInvariants } from "../../models/boki/invariants/invariants.ts";
import type { InvariantName } from "../../models/boki/invariants/violations.ts";
import type { Observation } from "../../models/boki/observations.ts";
import { playersOf } from "../../models/boki/parts.ts";
import type { WorkerState } from "../../models/boki/worker.ts";
import type { Fault, FaultPlan, TimedFault } from "../../sim/faults/fault.ts";
import { installFaults } from "../../sim/faults/injector.ts";
import type { Address, Observed } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { MILLISECOND, type Nanos } from "../../sim/units.ts";
import { BODY, body } from "./body.ts";
import { type CallerState, caller } from "./caller.ts";
import { CASE_BOKI, CASE_CLUSTER, CASE_NETWORK, type Case, type CaseCluster, hasFaults } from "./case.ts";
import { isWithinBudget } from "./fault-budget.ts";
import { createMarks, type MarkName } from "./marks.ts";
import type { Seen } from "./timeline.ts";

/** What a run is faulted for: an invariant of the model, or what no run of it may do. */
export type FailureName =
  | InvariantName
  /** A machine threw an error: a state that its author held to be impossible. */
  | "exception"
  /** A role gave up for good. */
  | "abort"
  /** The same case took another course when it was run again. */
  | "determinism";

export interface Failure {
  readonly name: FailureName;
  /** From the moment the cluster is up. */
  readonly atNanos: Nanos;
  readonly message: string;
}

/**
 * What tells one kind of failure from another: the invariant; of errors and of roles that give up also the reason, in which
 * numbers do not count.
 */
export function kindOf({ name, message }: Failure): string {
  return name === "exception" || name === "abort" ? `${name}: ${message.replaceAll(/\d+/g, "#")}` : name;
}

export interface Verdict {
  readonly digest: string;
  /** Whether no more was to go wrong than the protocol promises to survive. */
  readonly withinBudget: boolean;
  /** The first failures of each name, in the order they were found. */
  readonly failures: readonly Failure[];
  /** How many there were of each. */
  readonly counts: Readonly<Partial<Record<FailureName, number>>>;
  readonly marks: Readonly<Partial<Record<MarkName, number>>>;
  /** Faults that happened. */
  readonly faults: number;
  readonly events: number;
  /** The start-up not included. */
  readonly simulatedNanos: Nanos;
  /** From the moment that everything was whole and asked for, to everything being answered; undefined: it never was. */
  readonly settledNanos: Nanos | undefined;
}

/** A slip may keep a deployment busy with itself for ever; a run takes some five thousand events. */
const EVENTS_MAX = 200_000;
/** How often is looked whether everything has finished. */
const SLICE_NANOS: Nanos = 2 * MILLISECOND;
/** What has been answered still has to reach everybody. */
const QUIET_NANOS: Nanos = 10 * MILLISECOND;
/** How soon a blocking read with a match returns when nothing is wrong with nodes, links and views. */
const PROMPT_NANOS: Nanos = 20 * MILLISECOND;
const CALLER = "caller";

/**
 * What is no failure when more was lost than the protocol promises to survive: to stop, and to say that something is lost. What
 * stays forbidden is to go on as if nothing were.
 */
const CLEAR_LOSS: ReadonlySet<FailureName> = new Set(["L1", "L2", "D1", "S2", "abort"]);

/** Who wants to see more of a run than its verdict. */
export interface CaseWatcher {
  /** Is shown what was built before it begins, and may attach a tracer. */
  readonly onBuilt?: (simulation: Simulation) => void;
  /** Is shown what happened; without it no history is kept. */
  readonly onEnd?: (seen: Seen) => void;
}

export function runCase(subject: Case, { onBuilt, onEnd }: CaseWatcher = {}): Verdict {
  const withinBudget = isWithinBudget(subject);
  const cluster = { ...CASE_CLUSTER, ...subject.cluster };
  const boki = { ...CASE_BOKI, ...subject.boki };
  const failures: Failure[] = [];
  const counts: Partial<Record<FailureName, number>> = {};
  const isPermitted = (name: FailureName): boolean => !withinBudget && CLEAR_LOSS.has(name);
  const fail = (name: FailureName, nowNanos: Nanos, message: string): void => {
    if (isPermitted(name)) return;
    counts[name] = (counts[name] ?? 0) + 1;
    failures.push({ name, atNanos: nowNanos - START_UP_NANOS, message });
  };
  const marks = createMarks(cluster);
  const invariants = createInvariants({
    inspected: () => deployment,
    blockingReadLimitNanos: boki.blockingReadLimitNanos,
    stuckNanos: subject.settleNanos,
    calmFromNanos: START_UP_NANOS + wholeAt(subject),
    promptNanos: isQuiet(subject) ? PROMPT_NANOS : subject.settleNanos,
  });
  const deployment: Deployment = createDeployment({
    seed: subject.seed,
    mode: "fast",
    cluster: { ...CLUSTER_DEFAULTS, ...cluster, workersPerEngine: workersFor(subject, cluster) },
    boki,
    network: { ...CASE_NETWORK, ...subject.network },
    disk: DISK_DEFAULTS,
    costs: {},
    workloads: [],
    programs: { [BODY]: body },
    mutation: subject.mutation,
    defects: subject.defects,
    reconfigurations: subject.reconfigurations,
    free: !subject.costs,
    shuffleTies: subject.shuffleTies,
    eventsMax: EVENTS_MAX,
    history: onEnd !== undefined,
    observer: (at: Address, observed: Observed, nowNanos: Nanos) => {
      const observation = observed as unknown as Observation;
      if (observation.kind === "aborted") {
        fail("abort", nowNanos, `${observation.role} ${observation.node} gives up: ${observation.reason}`);
      }
      marks.observe(observation, nowNanos);
      invariants.observe(at, observed, nowNanos);
    },
  });
  const { simulation, gateway } = deployment;
  const calls = subject.calls.map(({ atNanos, logBook, operations }) => ({
    atNanos,
    logBook,
    input: { program: BODY, args: { operations, known: [] } },
  }));
  const asking = simulation.addProcess({
    name: CALLER,
    role: "client",
    machine: caller,
    config: { gateway, readyNanos: START_UP_NANOS, calls },
  });
  const faults = installFaults(simulation, planOf(subject), {
    resolve: (part) => playersOf(part, deployment),
  });
  onBuilt?.(simulation);
  simulation.start();
  const wholeNanos = START_UP_NANOS + wholeAt(subject);
  const limitNanos = wholeNanos + subject.settleNanos;
  let settledNanos: Nanos | undefined;
  let unanswered = "";
  try {
    simulation.run(wholeNanos);
    while (simulation.nowNanos < limitNanos) {
      simulation.run(Math.min(limitNanos, simulation.nowNanos + SLICE_NANOS));
      if ((simulation.stateOf(asking) as CallerState).open.size > 0 || isAwaited(simulation)) continue;
      settledNanos = simulation.nowNanos - wholeNanos;
      break;
    }
    if (settledNanos === undefined) unanswered = describeOpen(simulation, asking, subject.settleNanos);
    simulation.run(simulation.nowNanos + QUIET_NANOS);
    invariants.finish(simulation.nowNanos);
  } catch (error) {
    fail("exception", simulation.nowNanos, describeError(error));
  }
  const { nowNanos } = simulation;
  for (const { invariant, atNanos, message } of invariants.violations) {
    if (isPermitted(invariant)) continue;
    failures.push({ name: invariant, atNanos: atNanos - START_UP_NANOS, message });
  }
  for (const [name, count] of invariants.counts) if (!isPermitted(name)) counts[name] = count;
  if (settledNanos === undefined && failures.length === 0) {
    fail("L1", limitNanos, unanswered);
  }
  marks.finish(simulation.recorder.counts(), faults.periods);
  onEnd?.({
    history: simulation.recorder.history,
    periods: faults.periods,
    startNanos: START_UP_NANOS,
    nameOf: (process) => simulation.processes[process]!.name,
  });
  return {
    digest: simulation.digest.toString(),
    withinBudget,
    failures: failures.sort((a, b) => a.atNanos - b.atNanos),
    counts,
    marks: marks.counts,
    faults: faults.periods.length,
    events: simulation.events,
    simulatedNanos: nowNanos - START_UP_NANOS,
    settledNanos,
  };
}

/** Whether some worker waits for an operation, in a call whose client may long have given it up for lost. */
function isAwaited(simulation: Simulation): boolean {
  return simulation.recorder.pending().some(({ process, operation }) => {
    const worker = simulation.stateOf(process) as Partial<WorkerState> | undefined;
    return worker?.open?.values().some(({ measured }) => measured === operation) ?? false;
  });
}

/** What was thrown and where; without folders, which differ from machine to machine. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, place] = /\(?(?:file:\/\/)?[^\s(]*\/([\w.-]+\.ts:\d+)/.exec(error.stack ?? "") ?? [];
  return place === undefined ? error.message : `${error.message} (${place})`;
}

/** Which calls have no answer, and what the oldest of their operations are. */
function describeOpen(simulation: Simulation, asking: Address, settleNanos: Nanos): string {
  const { open } = simulation.stateOf(asking) as CallerState;
  const operations = simulation.recorder
    .pending()
    .slice(0, 3)
    .map(({ name, process, startNanos }) => {
      const sinceMillis = (simulation.nowNanos - startNanos) / 1e6;
      return `${name} of ${simulation.processes[process]!.name} for ${sinceMillis.toFixed(1)} ms`;
    });
  const doing = operations.length === 0 ? "no operation is open" : `open: ${operations.join(", ")}`;
  return `${open.size} calls have no answer ${settleNanos / 1e6} ms after everything was whole; ${doing}`;
}

/**
 * The case's plan on the clock of the simulation, which includes the start-up. What has no end ends at the healing; who stays
 * down has no end at all.
 */
function planOf({ faults, healNanos, staysDown }: Case): FaultPlan {
  const forGood = ({ fault }: TimedFault): boolean =>
    fault.kind === "crash" && (fault.of.names ?? []).some((name) => staysDown.includes(name));
  const timed = faults.timed.map((each): TimedFault => {
    const { forNanos, ...rest } = { ...each, atNanos: START_UP_NANOS + each.atNanos };
    // Workers of an engine that never returns would wait for it for ever: their host goes with it.
    if (forGood(each)) return { ...rest, fault: { ...rest.fault, wholeHost: true } as Fault };
    const leftNanos = Math.max(0, healNanos - each.atNanos);
    return each.fault.kind === "reset"
      ? rest
      : { ...rest, forNanos: Math.min(forNanos ?? leftNanos, leftNanos) };
  });
  const repeated = (faults.repeated ?? []).map((each) => ({
    ...each,
    fromNanos: START_UP_NANOS + each.fromNanos,
    untilNanos: START_UP_NANOS + Math.min(each.untilNanos ?? healNanos, healNanos),
  }));
  // Those that come again and again have drawn lengths, which nothing but a healing cuts short.
  return staysDown.length > 0 && repeated.length === 0
    ? { timed }
    : { timed, repeated, healAtNanos: START_UP_NANOS + healNanos };
}

function isQuiet({ faults, reconfigurations }: Case): boolean {
  return !hasFaults(faults) && reconfigurations.length === 0;
}

/** From the moment the cluster is up: when faults are over and everything has been asked for. */
export function wholeAt({ calls, reconfigurations, healNanos }: Case): Nanos {
  return Math.max(healNanos, ...[...calls, ...reconfigurations].map(({ atNanos }) => atNanos));
}

/**
 * The gateway deals calls out in turn, so that each engine gets its share of them, and more if others fail; these may wait. But
 * a call occupies its worker while its nested call needs another: then the calls of an engine must take all of them but one.
 */
function workersFor({ calls }: Case, { engines }: CaseCluster): number {
  const invokes = calls.some(({ operations }) => operations.some(({ op }) => op === "invoke"));
  return invokes ? calls.length + 1 : Math.ceil(calls.length / engines) + 1;
}
