/** What a space-time diagram shows: of an interval of a run, or of one operation and all that it caused (docs/reports.md, "Space-time diagrams"). */

import type { OperationId, TimerName } from "../../sim/machine.ts";
import type { InputKind } from "../../sim/trace-records.ts";
import type { Nanos } from "../../sim/units.ts";
import { suggestion } from "../problems.ts";
import { runAll } from "../replications.ts";
import type { ScenarioResult } from "../result.ts";
import type { AnyScenario } from "../scenario.ts";
import { BOKISIM_VERSION } from "../version.ts";
import { settleWarmup } from "../warmup.ts";
import { ExplanationError } from "./explanation.ts";
import { checkReplication, chooseVariant, otherDigest, type TracedRunOptions } from "./run-explain.ts";
import {
  OPERATIONS_MAX,
  type SampledOperation,
  type Trace,
  type TraceRequest,
  type TraceStep,
} from "./trace.ts";

/** Times count from the start of the warm-up. */
export interface SpaceTimeRequest {
  /** Everything in this time; or the operation of that name whose latency is nearest to the percentile. */
  readonly of:
    | { readonly fromNanos: Nanos; readonly untilNanos: Nanos }
    | { readonly operation: string; readonly percentile: number };
  /** Only what goes between processes with names that fit one of these, `*` for anything; empty: all. */
  readonly nodes: readonly string[];
  readonly variant?: string | undefined;
  /** From 0. */
  readonly replication: number;
}

export interface SpaceTimeMessage {
  readonly kind: string;
  /** Indices into the nodes. */
  readonly from: number;
  readonly to: number;
  readonly sentNanos: Nanos;
  /** null: it was lost. */
  readonly arrivedNanos: Nanos | null;
  /** On the critical path of the operation that is shown. */
  readonly onPath: boolean;
}

/** Time that a process spent on an input. */
export interface SpaceTimeStep {
  readonly node: number;
  /** The message or timer that was taken in. */
  readonly input: string;
  readonly fromNanos: Nanos;
  readonly untilNanos: Nanos;
  readonly onPath: boolean;
}

export interface SpaceTime {
  readonly format: "bokisim-space-time-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly file: string;
  readonly variant: string;
  readonly seed: number;
  readonly digest: string;
  readonly fromNanos: Nanos;
  readonly untilNanos: Nanos;
  /** The operation that was asked for; null: an interval was. */
  readonly operation: {
    readonly name: string;
    readonly percentile: number;
    readonly latencyNanos: Nanos;
  } | null;
  /** Names of processes, from the top. */
  readonly nodes: readonly string[];
  readonly messages: readonly SpaceTimeMessage[];
  readonly steps: readonly SpaceTimeStep[];
  readonly operations: readonly {
    readonly name: string;
    readonly node: number;
    readonly fromNanos: Nanos;
    readonly untilNanos: Nanos;
    /** `open`: it had not ended when the run did. */
    readonly outcome: string;
    /** It shows that something was broken, or what was broken is about it. */
    readonly broken: boolean;
  }[];
  /** Moments that matter: when something was broken. */
  readonly marks: readonly { readonly name: string; readonly atNanos: Nanos }[];
  readonly faults: readonly {
    readonly fault: string;
    readonly node: number;
    readonly fromNanos: Nanos;
    /** The end of what is shown, if it lasts longer. */
    readonly untilNanos: Nanos;
  }[];
}

/** More than these nobody can tell apart. */
export const MESSAGES_MAX = 400;
const NODES_MAX = 40;

/** `result`: the one that is looked into; the run must have its digest. An `ExplanationError` says why it cannot be. */
export async function runSpaceTime(
  given: AnyScenario,
  request: SpaceTimeRequest,
  result: ScenarioResult | undefined,
  options: TracedRunOptions,
): Promise<SpaceTime> {
  const threads = { jobs: 1, ...options };
  const { scenario: settled } = await settleWarmup(given, threads);
  const { name: variant, scenario } = chooseVariant(settled, request.variant);
  const { replication, of } = request;
  checkReplication(scenario, replication);
  const endNanos = scenario.warmupNanos + scenario.durationNanos;
  if ("fromNanos" in of && of.fromNanos >= endNanos) {
    throw new ExplanationError(
      `the run is over before that: it ends at ${endNanos / 1e9} s, warm-up included`,
    );
  }
  const wanted: TraceRequest =
    "fromNanos" in of
      ? { of: "steps", window: of, sample: { operations: OPERATIONS_MAX } }
      : { of: "operations", window: undefined, sample: { operations: OPERATIONS_MAX } };
  const seed = scenario.seed + replication;
  const [run] = await runAll(
    [{ variant, spec: { scenario, seed, replication, mode: "fast", trace: wanted } }],
    threads,
  );
  const { digest, trace } = run!;
  const theirs = result?.variants.find((each) => each.variant === variant)?.digests[replication];
  if (theirs !== undefined && theirs !== digest) throw new ExplanationError(otherDigest(digest, result!));
  const about = {
    bokisimVersion: BOKISIM_VERSION,
    scenario: given.name,
    file: given.file,
    variant,
    seed,
    digest,
  };
  return { format: "bokisim-space-time-1", ...about, ...diagramOf(trace!, request) };
}

export type Diagram = Omit<
  SpaceTime,
  "format" | "bokisimVersion" | "scenario" | "file" | "variant" | "seed" | "digest"
>;

/** What a diagram is made of. */
interface Traced
  extends Pick<Trace, "processes" | "steps" | "faults" | "fromNanos" | "untilNanos" | "operations"> {
  /** Operations that had not ended when the run did. */
  readonly open?: readonly OpenOperation[];
  /** Operations that show that something was broken. */
  readonly broken?: ReadonlySet<OperationId>;
}

export type OpenOperation = Pick<SampledOperation, "operation" | "name" | "process" | "startNanos">;

/** The diagram of a trace; an `ExplanationError` says what is wrong with the question. */
export function diagramOf(
  trace: Traced,
  { of, nodes: patterns }: Pick<SpaceTimeRequest, "of" | "nodes">,
): Diagram {
  const one = "operation" in of ? chosen(trace, of) : undefined;
  const [fromNanos, untilNanos] =
    one === undefined ? [trace.fromNanos, trace.untilNanos] : [one.startNanos, one.endNanos];
  const path = new Set(one?.path ?? []);
  const isWanted = matcher(
    patterns,
    trace.processes.map(({ name }) => name),
  );
  const wanted = (address: number): boolean => isWanted[address]!;
  const during = (step: TraceStep): boolean => {
    const { sent, ended, arrived } = step.nanos;
    return (sent ?? arrived ?? 0) < untilNanos && (ended ?? arrived ?? Infinity) > fromNanos;
  };
  const inputs = (one?.steps ?? trace.steps).filter(during);
  const sent = inputs.filter(
    ({ kind, from, process }) => kind === "message" && wanted(from) && wanted(process),
  );
  if (sent.length > MESSAGES_MAX) {
    throw new ExplanationError(
      `${sent.length} messages are more than the ${MESSAGES_MAX} that a diagram can show: ${one === undefined ? "take a shorter time, or" : "look at"} some of the processes (--nodes)`,
    );
  }
  const taken = inputs.filter(({ process, nanos }) => wanted(process) && nanos.onCore !== undefined);
  const shown = new Set([
    ...(one === undefined ? [] : [one.process]),
    ...sent.flatMap(({ from, process }) => [from, process]),
    ...(one === undefined ? taken.map(({ process }) => process) : []),
  ]);
  // An operation is read from who asked for it to who was asked last, an interval by the order of the deployment.
  const order = one === undefined ? [...shown].sort((a, b) => a - b) : [...shown];
  if (order.length > NODES_MAX) {
    throw new ExplanationError(
      `${order.length} processes are more than the ${NODES_MAX} that a diagram can show: choose some with --nodes`,
    );
  }
  const places = new Map(order.map((address, place) => [address, place]));
  const named = new Map(trace.processes.map(({ name }, address) => [name, address]));
  return {
    ...{ fromNanos, untilNanos },
    operation:
      one === undefined || !("operation" in of)
        ? null
        : { name: one.name, percentile: of.percentile, latencyNanos: one.endNanos - one.startNanos },
    nodes: order.map((address) => trace.processes[address]!.name),
    messages: sent.map(({ id, name, from, process, nanos }) => ({
      kind: String(name),
      ...{ from: places.get(from)!, to: places.get(process)! },
      sentNanos: nanos.sent!,
      arrivedNanos: nanos.arrived ?? null,
      onPath: path.has(id),
    })),
    steps: taken.flatMap(({ id, kind, name, process, nanos }) => {
      const node = places.get(process);
      if (node === undefined) return [];
      const { onCore, ended = onCore } = nanos;
      return [
        { node, input: inputName(kind, name), fromNanos: onCore!, untilNanos: ended!, onPath: path.has(id) },
      ];
    }),
    operations: [
      ...(one === undefined ? trace.operations : [one]),
      ...(trace.open ?? []).map((open) => ({ ...open, endNanos: untilNanos, outcome: "open" })),
    ].flatMap((operation) => {
      const node = places.get(operation.process);
      if (node === undefined || operation.startNanos >= untilNanos || operation.endNanos <= fromNanos)
        return [];
      const { name, startNanos, endNanos, outcome } = operation;
      const broken = trace.broken?.has(operation.operation) === true;
      return [{ name, node, fromNanos: startNanos, untilNanos: endNanos, outcome, broken }];
    }),
    marks: [],
    faults: trace.faults.flatMap(({ fault, struck, fromNanos: begins, untilNanos: ends = Infinity }) =>
      begins >= untilNanos || ends <= fromNanos
        ? []
        : struck.flatMap((name) => {
            const node = places.get(named.get(name) ?? -1);
            return node === undefined
              ? []
              : [
                  {
                    fault,
                    node,
                    fromNanos: Math.max(begins, fromNanos),
                    untilNanos: Math.min(ends, untilNanos),
                  },
                ];
          }),
    ),
  };
}

/** Timers of a machine that has many of a kind have numbers. */
const inputName = (kind: InputKind, name: TimerName): string =>
  typeof name === "number" ? `timer ${name}` : kind === "message" ? name : `${kind} ${name}`;

/** Of the operations that were followed, the one whose latency is nearest to the percentile. */
function chosen(
  { operations }: Traced,
  { operation, percentile }: { readonly operation: string; readonly percentile: number },
): SampledOperation {
  const latency = ({ startNanos, endNanos }: SampledOperation): number => endNanos - startNanos;
  const candidates = operations
    .filter(({ name, complete, outcome }) => name === operation && complete && outcome === "ok")
    .sort((a, b) => latency(a) - latency(b));
  if (candidates.length === 0) {
    const names = [...new Set(operations.map(({ name }) => name))];
    throw new ExplanationError(
      `no operation ${operation} that could be followed completed after the warm-up${suggestion(operation, names, "there are")}`,
    );
  }
  return candidates[Math.min(candidates.length - 1, Math.floor((percentile / 100) * candidates.length))]!;
}

/** By address, whether one of the patterns fits; a pattern that fits nobody is a mistake. */
function matcher(patterns: readonly string[], names: readonly string[]): boolean[] {
  if (patterns.length === 0) return names.map(() => true);
  const matching = patterns.map((pattern) => {
    const form = new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`);
    const fits = names.map((name) => form.test(name));
    if (!fits.includes(true)) {
      throw new ExplanationError(`no process is named ${pattern}${suggestion(pattern, names, "there are")}`);
    }
    return fits;
  });
  return names.map((_, address) => matching.some((fits) => fits[address]));
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
