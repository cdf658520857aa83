/**
 * Runs a case of the runtime under every checker and says what came of it. Safety is watched throughout; that everything is
 * answered is judged at the end, long after the load and the faults are over.
 */

import { CLUSTER_DEFAULTS } from "../../../models/applications/deployment.ts";
import { createNightcore, START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import { QUIET_NANOS } from "../../../models/nightcore/invariants/gateway-checks.ts";
import { createRuntimeInvariants } from "../../../models/nightcore/invariants/invariants.ts";
import type { RuntimeInvariant } from "../../../models/nightcore/invariants/violations.ts";
import { SWITCHED } from "../../../models/nightcore/mutations.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import { playersOf } from "../../../models/nightcore/parts.ts";
import type { FaultPeriod } from "../../../sim/faults/fault.ts";
import { installFaults } from "../../../sim/faults/injector.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { wasStruck } from "../../systems/running.ts";
import { applicationOf, CASE_NETWORK, CASE_SETTINGS, clientsOf, type RuntimeCase, wholeAt } from "./case.ts";
import { createRuntimeMarks, type RuntimeMark } from "./marks.ts";

/** What a run is faulted for: an invariant of the model, or what no run of it may do. */
export type RuntimeFailureName =
  | RuntimeInvariant
  /** The same case took another course when it was run again. */
  | "I16"
  /** A machine threw an error: a state that its author held to be impossible. */
  | "exception"
  /** An engine stopped itself. */
  | "abort";

export interface RuntimeFailure {
  readonly name: RuntimeFailureName;
  /** From the moment the deployment is up. */
  readonly atNanos: Nanos;
  readonly message: string;
}

export interface RuntimeVerdict {
  readonly digest: string;
  /** The first failures of each name, in the order they were found. */
  readonly failures: readonly RuntimeFailure[];
  /** How many there were of each. */
  readonly counts: Readonly<Partial<Record<RuntimeFailureName, number>>>;
  /** Faults that happened. */
  readonly faults: number;
  readonly events: number;
  readonly marks: Readonly<Partial<Record<RuntimeMark, number>>>;
  /** The start-up not included. */
  readonly simulatedNanos: Nanos;
  /** From the moment that everything was whole and asked for, to everything being answered, or a quarter more; undefined: it never was. */
  readonly settledNanos: Nanos | undefined;
  /** What became of the clients' requests. */
  readonly requests: { readonly ok: number; readonly failed: number; readonly unknown: number };
}

/** A slip may keep a deployment busy with itself for ever. */
const EVENTS_MAX = 500_000;
/** Launches are given up after five seconds, gateways looked for every three: longer than both, and than both in a row. */
const SETTLE_NANOS: Nanos = 15 * SECOND;
/** So many times as long may what is asked for take. */
const SLOW_MAX = 8;
/** Whether everything is answered is looked at so soon, and then each time a quarter later. */
const LOOK_NANOS: Nanos = MILLISECOND;
const LOOK_FACTOR = 1.25;

/** Who wants to see more of a run than its verdict. */
export interface RuntimeWatcher {
  /** Is shown what was built before it begins, and may attach a tracer. */
  readonly onBuilt?: (simulation: Simulation) => void;
  /** Is shown the faults that happened. */
  readonly onEnd?: (periods: readonly FaultPeriod[]) => void;
}

export function runRuntimeCase(
  subject: RuntimeCase,
  { onBuilt, onEnd }: RuntimeWatcher = {},
): RuntimeVerdict {
  const { seed, mutation, shuffleTies, nodes, costs, functions, faults: plan, healNanos } = subject;
  const designed = { ...CASE_SETTINGS, ...subject.settings };
  const failures: RuntimeFailure[] = [];
  const counts: Partial<Record<RuntimeFailureName, number>> = {};
  const fail = (name: RuntimeFailureName, nowNanos: Nanos, message: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
    failures.push({ name, atNanos: nowNanos - START_UP_NANOS, message });
  };
  const names = functions.map(({ name }) => name);
  const wholeNanos = START_UP_NANOS + wholeAt(subject);
  const invariants = createRuntimeInvariants({
    // A bug that is a switch as well is held against what holds without it.
    settings: designed,
    functions: names,
    calmFromNanos: wholeNanos,
    pending: () => pending(),
  });
  const marks = createRuntimeMarks();
  const deployment = createNightcore({
    seed,
    mode: "fast",
    application: applicationOf(subject),
    cluster: { ...CLUSTER_DEFAULTS, nodes, webServers: 0 },
    nightcore: { ...designed, ...SWITCHED[mutation] },
    network: { ...CASE_NETWORK, ...subject.network },
    costs: {},
    clients: clientsOf(subject),
    mutation,
    free: !costs,
    shuffleTies,
    eventsMax: EVENTS_MAX,
    observer: (at, observed, nowNanos) => {
      const observation = observed as Observation;
      if (observation.kind === "engineCrashed") {
        fail("abort", nowNanos, `engine ${observation.node} stops itself: ${observation.why}`);
      }
      marks.observe(observation);
      invariants.observe(at, observed, nowNanos);
    },
  });
  const { simulation } = deployment;
  const ours = {
    timed: plan.timed.map((each) => ({ ...each, atNanos: START_UP_NANOS + each.atNanos })),
    healAtNanos: START_UP_NANOS + healNanos,
  };
  const faults = installFaults(simulation, ours, { resolve: (part) => playersOf(part, deployment, names) });
  /** A client that has ended asks for nothing any more. */
  const pending = () =>
    simulation.recorder
      .pending()
      .filter(
        ({ process, startNanos }) =>
          !wasStruck(faults.periods, simulation.processes[process]!.name, startNanos),
      );
  let settledNanos: Nanos | undefined;
  onBuilt?.(simulation);
  try {
    simulation.start();
    simulation.run(wholeNanos);
    // Functions of one worker that wait for many others are slow.
    for (let after = LOOK_NANOS; settledNanos === undefined && after < SLOW_MAX * SETTLE_NANOS; ) {
      simulation.run(wholeNanos + Math.round(after));
      if (pending().length === 0) settledNanos = Math.round(after);
      after *= LOOK_FACTOR;
    }
    simulation.run(Math.max(simulation.nowNanos, wholeNanos + SETTLE_NANOS));
    simulation.run(simulation.nowNanos + QUIET_NANOS + SECOND);
    invariants.finish(simulation.nowNanos);
  } catch (error) {
    fail("exception", simulation.nowNanos, describeError(error));
  }
  for (const { invariant, atNanos, message } of invariants.violations) {
    failures.push({ name: invariant, atNanos: atNanos - START_UP_NANOS, message });
  }
  for (const [name, count] of invariants.counts) counts[name] = count;
  const {
    count = 0,
    failed = 0,
    unknown = 0,
  } = simulation.recorder.results().find(({ name }) => name === "request") ?? {};
  marks.finish(simulation.recorder.counts(), faults.periods, failed);
  onEnd?.(faults.periods);
  return {
    digest: simulation.digest.toString(),
    failures: failures.sort((a, b) => a.atNanos - b.atNanos),
    counts,
    faults: faults.periods.length,
    events: simulation.events,
    marks: marks.counts,
    simulatedNanos: simulation.nowNanos - START_UP_NANOS,
    settledNanos,
    requests: { ok: count, failed, unknown },
  };
}

/** What was thrown and where; without folders, which differ from machine to machine. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, place] = /\(?(?:file:\/\/)?[^\s(]*\/([\w.-]+\.ts:\d+)/.exec(error.stack ?? "") ?? [];
  return place === undefined ? error.message : `${error.message} (${place})`;
}
