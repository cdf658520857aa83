/**
 * A case of the function runtime: everything that determines one run of its campaign, as plain data (the counterpart of
 * scenarios/campaign/case.ts). What differs from the defaults below is spelled out and nothing else.
 */

import type { Amount, Application, Instruction, Language } from "../../../models/applications/application.ts";
import type { ClientsConfig } from "../../../models/applications/deployment.ts";
import { NETWORK_DEFAULTS, type NetworkConfig } from "../../../models/applications/network.ts";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import type { FaultPlan } from "../../../sim/faults/fault.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../../../sim/units.ts";

/** A call of the function of this name. */
export interface CaseCall {
  readonly fn: string;
  readonly inputBytes: number;
}

export type CaseStep =
  /** Computation; takes time only where steps have costs. */
  | { readonly op: "work"; readonly micros: number }
  /** A request to a store on another machine: waits for the network without a processor. */
  | { readonly op: "store" }
  | ({ readonly op: "call" | "callAsync" } & CaseCall)
  | { readonly op: "parallel"; readonly calls: readonly CaseCall[] };

export interface CaseFunction {
  readonly name: string;
  readonly language: Language;
  readonly minWorkers: number | undefined;
  readonly maxWorkers: number | undefined;
  readonly outputBytes: number;
  /** Calls go to functions further down the list only, so that none waits for itself. */
  readonly steps: readonly CaseStep[];
}

/** A client that makes some requests of one kind, evenly spaced. */
export interface CaseLoad extends CaseCall {
  /** From the moment the deployment is up. */
  readonly atNanos: Nanos;
  readonly count: number;
  /** 0: all at the same time. */
  readonly gapNanos: Nanos;
  readonly connections: number;
}

export interface RuntimeCase {
  readonly seed: number;
  /** A bug switched on (models/nightcore/mutations.ts); 0: none. */
  readonly mutation: number;
  /** Whether simultaneous events take a random order instead of that in which they were scheduled. */
  readonly shuffleTies: boolean;
  /** Whether steps take CPU time and messages have sizes; else only links, launches and timers take time. */
  readonly costs: boolean;
  readonly nodes: number;
  readonly settings: Partial<NightcoreConfig>;
  readonly network: Partial<NetworkConfig>;
  readonly functions: readonly CaseFunction[];
  readonly loads: readonly CaseLoad[];
  /** Times count from the moment the deployment is up. */
  readonly faults: FaultPlan;
  /** What lasts ends here. */
  readonly healNanos: Nanos;
}

/** Few samples and short timers: what a deployment learns in minutes is learnt within milliseconds. */
export const CASE_SETTINGS: NightcoreConfig = {
  ...NIGHTCORE_DEFAULTS,
  averageSamplesMin: 8,
  averageWeight: 0.05,
  growthIntervalNanos: 5 * MILLISECOND,
  // A time-out would hide that a call was forgotten.
  callTimeoutNanos: 0,
  restartNanos: 20 * MILLISECOND,
};

export const CASE_NETWORK: NetworkConfig = {
  ...NETWORK_DEFAULTS,
  latency: { kind: "exponential", mean: 60 * MICROSECOND, floor: 20 * MICROSECOND },
  bitsPerSecond: 0,
  pipeLatency: { kind: "constant", value: MICROSECOND },
  wakeLatency: { kind: "constant", value: 0 },
  cpuJitter: { kind: "constant", value: 1 },
  keepAliveNanos: 50 * MILLISECOND,
};

/** A case of nothing: what a generator or a test fills in. */
export const EMPTY_RUNTIME_CASE: RuntimeCase = {
  seed: 1,
  mutation: 0,
  shuffleTies: false,
  costs: false,
  nodes: 1,
  settings: {},
  network: {},
  functions: [],
  loads: [],
  faults: { timed: [] },
  healNanos: 0,
};

/** Functions that steps call, in their order. */
export function callsIn(steps: readonly CaseStep[]): string[] {
  return steps.flatMap((step): string[] => {
    if (step.op === "parallel") return step.calls.map(({ fn }) => fn);
    return "fn" in step ? [step.fn] : [];
  });
}

/** What people compare cases by. */
export interface RuntimeCaseSize {
  readonly faults: number;
  readonly requests: number;
  readonly functions: number;
  readonly nodes: number;
}

export function sizeOf({ faults, loads, functions, nodes }: RuntimeCase): RuntimeCaseSize {
  return {
    faults: faults.timed.length,
    requests: loads.reduce((sum, { count }) => sum + count, 0),
    functions: functions.length,
    nodes,
  };
}

/** From the moment the deployment is up: when faults are over and everything has been asked for. */
export function wholeAt({ loads, healNanos }: RuntimeCase): Nanos {
  return Math.max(healNanos, ...loads.map(({ atNanos, count, gapNanos }) => atNanos + count * gapNanos));
}

const STORE_REQUEST_BYTES = 60;
const STORE_REPLY_BYTES = 300;

const bytes = (factor: number): Amount => ({ factor, variables: [] });

/** The application that a case deploys: a method for each function, a kind of request for each load. */
export function applicationOf({ functions, loads }: RuntimeCase): Application {
  const numberOf = (name: string): number => {
    const fn = functions.findIndex((each) => each.name === name);
    if (fn < 0) throw new Error(`the case has no function ${name}`);
    return fn;
  };
  return {
    name: "case",
    functions: functions.map(({ name, language, minWorkers, maxWorkers }) => ({
      ...{ name, language, minWorkers, maxWorkers },
    })),
    methods: functions.map(({ name, steps, outputBytes }, fn) => ({
      name,
      fn,
      code: codeOf(steps, numberOf),
      outputBytes: bytes(outputBytes),
    })),
    stores: [{ name: "store", kind: "redis", machine: "stores" }],
    queues: [],
    variables: [],
    requests: loads.map(({ fn, inputBytes }, i) => ({
      name: `load ${i}`,
      entry: "direct",
      draws: [],
      code: [{ op: "end" }],
      method: numberOf(fn),
      inputBytes: bytes(inputBytes),
    })),
    mix: loads.map(() => 1),
  };
}

function codeOf(steps: readonly CaseStep[], numberOf: (fn: string) => number): Instruction[] {
  const code: Instruction[] = [];
  for (const step of steps) {
    switch (step.op) {
      case "work":
        code.push({ op: "work", work: "compute", amount: bytes(step.micros) });
        break;
      case "store":
        code.push({
          op: "store",
          store: 0,
          command: "get",
          units: bytes(1),
          requestBytes: bytes(STORE_REQUEST_BYTES),
          replyBytes: bytes(STORE_REPLY_BYTES),
        });
        break;
      case "call":
      case "callAsync":
        code.push({ op: step.op, method: numberOf(step.fn), inputBytes: bytes(step.inputBytes) });
        break;
      case "parallel": {
        const first = code.length + 1;
        const branches = step.calls.map((_, i) => first + 2 * i);
        code.push({ op: "parallel", branches, behind: first + 2 * branches.length });
        for (const { fn, inputBytes } of step.calls) {
          code.push({ op: "call", method: numberOf(fn), inputBytes: bytes(inputBytes) }, { op: "end" });
        }
      }
    }
  }
  code.push({ op: "end" });
  return code;
}

/** The clients of a case, `client-load0` and so on. */
export function clientsOf({ loads }: RuntimeCase): ClientsConfig[] {
  return loads.map(({ atNanos, count, gapNanos, connections }, i) => {
    const moments = Array.from({ length: count }, (_, n) => atNanos + n * gapNanos);
    return {
      name: `load${i}`,
      load: { kind: "moments", atNanos: moments, connections },
      mix: loads.map((_, kind) => (kind === i ? 1 : 0)),
    };
  });
}
