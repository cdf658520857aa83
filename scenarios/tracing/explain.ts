/** Explains a percentile: runs one replication with a tracer, and compares the operations around it with those around the median. */

import { suggestion } from "../problems.ts";
import { type ReplicationProgress, type ReplicationSpec, runReplication } from "../replication.ts";
import type { Running } from "../systems/running.ts";
import { BOKISIM_VERSION } from "../version.ts";
import {
  type ExplainedPiece,
  type Explanation,
  ExplanationError,
  type OperationGroup,
} from "./explanation.ts";
import { type KeptPath, PathCollector } from "./paths.ts";

export interface ExplainSpec extends Omit<ReplicationSpec, "history" | "mode"> {
  readonly variant: string;
  readonly operation: string;
  readonly percentile: number;
  /** What is compared with, in percent: 50 for the median. */
  readonly usualPercentile: number;
  /** Of the result that is explained. */
  readonly digest?: string;
}

/** Records kept while a run is traced: what an operation needs of its past. 80 MB. */
const RECORDS_MAX = 2 ** 19;
/** Fewer say nothing about a percentile. */
const OPERATIONS_MIN = 30;
/** Ranks to both sides of a percentile that belong to it. */
const HALF_WIDTH_PERCENT = 0.5;

export function explain(
  spec: ExplainSpec,
  report: (progress: ReplicationProgress) => void = () => {},
): Explanation {
  const { scenario, seed, replication, variant, operation, percentile, usualPercentile } = spec;
  let collector: PathCollector | undefined;
  const attach = (running: Running): void => {
    const { simulation, startUpNanos, phases } = running;
    const paths = new PathCollector(running, operation, startUpNanos + scenario.warmupNanos);
    collector = paths;
    const tracer = simulation.trace({
      recordsMax: RECORDS_MAX,
      keyOf: phases.keyOf,
      onOperation: (each) => paths.take(tracer, each),
    });
  };
  const { digest, operations } = runReplication(
    { scenario, seed, replication, mode: "fast" },
    report,
    attach,
  );
  const { paths, names, completed, counts } = collector!;
  if (completed === 0) throw new ExplanationError(noneOf(operation, [...counts.keys()], operations));
  if (paths.length < 2 * OPERATIONS_MIN) {
    throw new ExplanationError(
      `${completed} operations ${operation} completed after the warm-up; for a percentile it takes ${2 * OPERATIONS_MIN}: let it run longer`,
    );
  }
  paths.sort((a, b) => a.latencyNanos - b.latencyNanos);
  const slow = groupAround(paths, percentile);
  const usual = groupAround(paths, usualPercentile);
  const slowNanos = meansByName(slow, names.length);
  const usualNanos = meansByName(usual, names.length);
  const pieces = names
    .map((name, i): ExplainedPiece => ({ ...name, slowNanos: slowNanos[i]!, usualNanos: usualNanos[i]! }))
    .filter((piece) => piece.slowNanos > 0 || piece.usualNanos > 0)
    .sort((a, b) => b.slowNanos - b.usualNanos - (a.slowNanos - a.usualNanos));
  const both = [...slow, ...usual];
  return {
    format: "bokisim-explanation-1",
    bokisimVersion: BOKISIM_VERSION,
    scenario: scenario.name,
    file: scenario.file,
    variant,
    replication,
    seed,
    digest,
    digestConfirmed: spec.digest === undefined ? null : spec.digest === digest,
    operation,
    completed,
    followed: paths.length,
    completeShare: both.filter(({ complete }) => complete).length / both.length,
    slow: summary(paths, slow, percentile),
    usual: summary(paths, usual, usualPercentile),
    pieces,
  };
}

function noneOf(
  operation: string,
  followed: readonly string[],
  operations: readonly { readonly operation: string; readonly count: number }[],
): string {
  const known = operations.find((each) => each.operation === operation);
  if (known !== undefined && known.count > 0) {
    return `operation ${operation} is measured from what workers report, and nothing is known of its way${suggestion(operation, followed, "there are")}`;
  }
  if (known !== undefined) return `no operation ${operation} completed after the warm-up`;
  return `there is no operation ${operation}${suggestion(operation, followed, "there are")}`;
}

/** Those within half a percent of ranks, or half of what is left above; and as many as it takes. */
function groupAround(sorted: readonly KeptPath[], percentile: number): readonly KeptPath[] {
  const count = sorted.length;
  const half = Math.min(HALF_WIDTH_PERCENT, (100 - percentile) / 2, percentile / 2);
  let from = Math.round(((percentile - half) / 100) * count);
  let to = Math.round(((percentile + half) / 100) * count);
  const missing = Math.max(0, OPERATIONS_MIN - (to - from));
  to = Math.min(count, to + Math.ceil(missing / 2));
  from = Math.max(0, Math.min(from, to - OPERATIONS_MIN));
  return sorted.slice(from, Math.max(to, from + OPERATIONS_MIN));
}

function meansByName(group: readonly KeptPath[], count: number): number[] {
  const sums = new Array<number>(count).fill(0);
  for (const { names, nanos } of group) {
    names.forEach((name, i) => {
      sums[name]! += nanos[i]!;
    });
  }
  return sums.map((sum) => sum / group.length);
}

function summary(
  sorted: readonly KeptPath[],
  group: readonly KeptPath[],
  percentile: number,
): OperationGroup {
  const first = sorted.indexOf(group[0]!);
  return {
    percentile,
    fromPercentile: (first / sorted.length) * 100,
    toPercentile: ((first + group.length) / sorted.length) * 100,
    operations: group.length,
    meanNanos: group.reduce((sum, { latencyNanos }) => sum + latencyNanos, 0) / group.length,
    minNanos: group[0]!.latencyNanos,
    maxNanos: group.at(-1)!.latencyNanos,
  };
}
