/**
 * Small Boki deployments for tests: quick machines, short timers, and function calls issued at given times.
 *
 * The clock of a run begins when the cluster is up. Steps take no time unless `free` is false, so that a run of some
 * milliseconds is a few thousand events.
 */

import { createDeployment, type Deployment, START_UP_NANOS } from "../../../models/boki/cluster.ts";
import {
  BOKI_DEFAULTS,
  type BokiConfig,
  type ClusterConfig,
  DISK_DEFAULTS,
  NETWORK_DEFAULTS,
  type NetworkConfig,
} from "../../../models/boki/config.ts";
import type { DefectId } from "../../../models/boki/defects.ts";
import { createInvariants, type Invariants } from "../../../models/boki/invariants/invariants.ts";
import type { InvariantName } from "../../../models/boki/invariants/violations.ts";
import type { LogProgram } from "../../../models/boki/log-api.ts";
import type { BokiMessage } from "../../../models/boki/messages.ts";
import type { Reconfiguration } from "../../../models/boki/operator.ts";
import { playersOf } from "../../../models/boki/parts.ts";
import type { WorkloadConfig } from "../../../models/workloads/config.ts";
import type { FaultPlan } from "../../../sim/faults/fault.ts";
import { installFaults } from "../../../sim/faults/injector.ts";
import type { Address, Machine } from "../../../sim/machine.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../../../sim/units.ts";
import { PROGRAMS } from "./programs.ts";

/** A function call from outside, some time after the cluster is up. */
export interface Call {
  readonly atNanos: Nanos;
  readonly logBook: number;
  readonly program: string;
  readonly args: unknown;
}

export interface Setup {
  readonly seed?: number;
  readonly mode?: "fast" | "checked";
  readonly mutation?: number;
  readonly cluster?: Partial<ClusterConfig>;
  readonly boki?: Partial<BokiConfig>;
  readonly network?: Partial<NetworkConfig>;
  readonly workloads?: readonly WorkloadConfig[];
  readonly calls?: readonly Call[];
  readonly programs?: Readonly<Record<string, LogProgram<never>>>;
  /** How long the run lasts once the cluster is up. */
  readonly nanos?: Nanos;
  /** Whether steps take no time. */
  readonly free?: boolean;
  readonly check?: boolean;
  readonly stuckNanos?: Nanos;
  readonly promptNanos?: Nanos;
  readonly defects?: readonly DefectId[];
  readonly reconfigurations?: readonly Reconfiguration[];
  /** Its times count from when the cluster is up. */
  readonly faults?: FaultPlan;
  /** When faults have ended; what completes is judged from then on. */
  readonly calmFromNanos?: Nanos;
  /** Called before the run, to look or to set faults by hand. */
  readonly prepare?: (deployment: Deployment) => void;
}

const SMALL_CLUSTER: ClusterConfig = {
  engines: 3,
  storages: 3,
  sequencers: 3,
  workersPerEngine: 8,
  spareEngines: 0,
  spareStorages: 0,
  spareSequencers: 0,
  coresPerHost: 4,
};

const QUICK_BOKI: BokiConfig = {
  ...BOKI_DEFAULTS,
  localCutNanos: 100 * MICROSECOND,
  globalCutNanos: 100 * MICROSECOND,
  engineThreads: 2,
  engineCache: true,
  propagateAuxData: true,
  blockingReadLimitNanos: 2 * MILLISECOND,
};

const QUICK_NETWORK: NetworkConfig = {
  ...NETWORK_DEFAULTS,
  latency: { kind: "lognormal", median: 60 * MICROSECOND, sigma: 0.5 },
};

export interface Run {
  readonly deployment: Deployment;
  readonly invariants: Invariants;
  /** What a role of a mutant threw, as the released code would abort; the run ended there. */
  readonly abort: unknown;
}

/** Runs a deployment under the checkers (unless `check` is false). */
export function run(setup: Setup): Run {
  const boki = { ...QUICK_BOKI, ...setup.boki };
  let deployment: Deployment | undefined;
  const invariants = createInvariants({
    inspected: () => deployment!,
    blockingReadLimitNanos: boki.blockingReadLimitNanos,
    stuckNanos: setup.stuckNanos ?? 10 * MILLISECOND,
    promptNanos: setup.promptNanos ?? 3 * MILLISECOND,
    calmFromNanos: START_UP_NANOS + (setup.calmFromNanos ?? 0),
  });
  const check = setup.check ?? true;
  deployment = createDeployment({
    seed: setup.seed ?? 1,
    mode: setup.mode ?? "fast",
    cluster: { ...SMALL_CLUSTER, ...setup.cluster },
    boki,
    network: { ...QUICK_NETWORK, ...setup.network },
    disk: DISK_DEFAULTS,
    costs: {},
    workloads: setup.workloads ?? [],
    programs: { ...PROGRAMS, ...setup.programs },
    mutation: setup.mutation ?? 0,
    defects: setup.defects ?? [],
    reconfigurations: setup.reconfigurations ?? [],
    free: setup.free ?? true,
    history: true,
    ...(check ? { observer: invariants.observe } : {}),
  });
  const { simulation, gateway } = deployment;
  simulation.addProcess({
    name: "caller",
    role: "client",
    machine: caller,
    config: { gateway, calls: setup.calls ?? [] },
  });
  const { faults } = setup;
  if (faults !== undefined) {
    const timed = faults.timed.map((each) => ({ ...each, atNanos: START_UP_NANOS + each.atNanos }));
    installFaults(simulation, { ...faults, timed }, { resolve: (part) => playersOf(part, deployment!) });
  }
  setup.prepare?.(deployment);
  simulation.start();
  let abort: unknown;
  try {
    simulation.run(START_UP_NANOS + (setup.nanos ?? 30 * MILLISECOND));
  } catch (error) {
    if (setup.mutation === undefined || setup.mutation === 0) throw error;
    abort = error;
  }
  if (check) invariants.finish(simulation.nowNanos);
  return { deployment, invariants, abort };
}

/** The names of the invariants that a run broke, in alphabetical order. */
export function brokenBy({ invariants }: Run): InvariantName[] {
  return [...invariants.counts.keys()].sort();
}

interface CallerConfig {
  readonly gateway: Address;
  readonly calls: readonly Call[];
}

/** Issues the calls of a test, each at its time. */
const caller: Machine<CallerConfig, { readonly config: CallerConfig; replies: number }, BokiMessage> = {
  start(config, out) {
    config.calls.forEach(({ atNanos }, i) => {
      out.setTimer(i, START_UP_NANOS + atNanos - out.now);
    });
    return { config, replies: 0 };
  },

  receive(state, _from, message) {
    if (message.kind === "reply") state.replies++;
  },

  timeout(state, timer, out) {
    const { logBook, program, args } = state.config.calls[Number(timer)]!;
    out.send(state.config.gateway, {
      kind: "request",
      request: Number(timer),
      logBook,
      input: { program, args },
    });
  },
};
