/** What a sweep found, as text for the terminal, and as rows. */

import pc from "picocolors";
import {
  effectsOf,
  measuredAt,
  type SweepMetric,
  type SweepQuestion,
  type SweepResult,
} from "../scenarios/sweep/sweep.ts";
import { readQuantity } from "./charts/setting.ts";
import type { Column } from "./columns.ts";
import { estimateNanos, estimatePerSecond, formatNanos, formatPerSecond, onOneLine } from "./format.ts";
import { left, paragraph, right, textTable } from "./text-table.ts";

/** More points are in the files. */
const POINTS_SHOWN_MAX = 40;

export function renderSweep(result: SweepResult, question: SweepQuestion, colour: boolean): string {
  const colours = pc.createColors(colour);
  const { scenario, over, points, seeds, resumed, stopped } = result;
  const columns = [...over.map(({ path }) => left(path)), right(`${question.operation} ${question.metric}`)];
  const rows = pointRows(result, question);
  const table = textTable(columns, rows.slice(0, POINTS_SHOWN_MAX), (title) => colours.dim(title));
  const more = rows.length - POINTS_SHOWN_MAX;
  const facts = [
    `${points.length} point${points.length === 1 ? "" : "s"}, ${seeds.length} seed${seeds.length === 1 ? "" : "s"} each`,
    ...(resumed > 0 ? [`${resumed} runs had been finished before`] : []),
    ...(stopped ? ["stopped early: the same command goes on from here"] : []),
  ];
  const ranking = effectSentences(result, question);
  return [
    colours.bold(`${scenario}: ${question.operation} ${question.metric}`),
    "",
    table,
    ...(more > 0 ? [`  and ${more} more points, in the files`] : []),
    "",
    ...ranking.map((sentence) => paragraph(sentence)),
    ...(ranking.length > 0 ? [""] : []),
    paragraph(`${facts.join("; ")}.`),
    "",
  ].join("\n");
}

/** A row for each point: its values, and what was measured. */
export function pointRows(result: SweepResult, question: SweepQuestion): string[][] {
  return result.points.map((point) => {
    const found = measuredAt(point, question);
    const words =
      found === undefined
        ? point.runs.every((run) => run === undefined)
          ? "not run"
          : "–"
        : onOneLine(question.metric === "throughput" ? estimatePerSecond(found) : estimateNanos(found));
    return [...point.values, words];
  });
}

/** Which field moves it most, where there are several. */
export function effectSentences(result: SweepResult, question: SweepQuestion): string[] {
  const effects = effectsOf(result, question);
  if (effects.length < 2) return [];
  const told = (mean: number): string =>
    question.metric === "throughput" ? formatPerSecond(mean) : formatNanos(mean);
  return effects.map(({ path, levels, range }, i) => {
    const sorted = [...levels].sort((a, b) => a.mean - b.mean);
    const [least, most] = [sorted[0]!, sorted.at(-1)!];
    const rank = i === 0 ? `${path} moves it most` : path;
    return `${rank}: from ${told(least.mean)} at ${least.value} to ${told(most.mean)} at ${most.value}, ${(100 * range).toFixed(0)} % of the mean.`;
  });
}

const NANOS = [
  "meanNanos",
  "p50Nanos",
  "p90Nanos",
  "p99Nanos",
  "p999Nanos",
  "maxNanos",
] as const satisfies readonly `${Exclude<SweepMetric, "throughput">}Nanos`[];

const UNIT_NAMES = {
  ...{ nanos: "Nanos", bytes: "Bytes", bits: "BitsPerSecond", rate: "PerSecond", share: "Share", number: "" },
} as const;

/** Values that are all quantities of one kind, as numbers to compute with; undefined for words. */
function numbersOf(
  written: readonly string[],
): { readonly unit: string; readonly byText: ReadonlyMap<string, number> } | undefined {
  const read = written.map((text) => ({ text, quantity: readQuantity(text) }));
  const dimensions = new Set(read.map(({ quantity }) => quantity?.dimension));
  const [dimension] = dimensions;
  if (dimension === undefined || dimensions.size > 1) return undefined;
  return {
    unit: UNIT_NAMES[dimension],
    byText: new Map(read.map(({ text, quantity }) => [text, quantity!.value])),
  };
}

/** A row is one operation of one run; swept fields have their paths for names. */
export function sweepColumns({ over, seeds, points }: SweepResult): Column[] {
  const rows = points.flatMap(({ values, runs }) =>
    runs.flatMap((run, i) =>
      (run?.operations ?? []).map((operation) => ({ values, seed: seeds[i]!, run: run!, operation })),
    ),
  );
  const column = (
    name: string,
    type: Column["type"],
    of: (row: (typeof rows)[number]) => string | number,
  ): Column => ({
    name,
    type,
    values: rows.map(of),
  });
  return [
    ...over.flatMap(({ path, values: written }, i) => {
      const text = column(path, "STRING", ({ values }) => values[i]!);
      const numbers = numbersOf(written);
      if (numbers === undefined) return [text];
      const name = `${path}${numbers.unit}`;
      const numeric = column(name, "DOUBLE", ({ values }) => numbers.byText.get(values[i]!)!);
      return numbers.unit === "" ? [numeric] : [text, numeric];
    }),
    column("seed", "INT64", ({ seed }) => seed),
    column("operation", "STRING", ({ operation }) => operation.operation),
    column("count", "INT64", ({ operation }) => operation.count),
    column("failed", "INT64", ({ operation }) => operation.failed),
    column("unknown", "INT64", ({ operation }) => operation.unknown),
    column("throughputPerSecond", "DOUBLE", ({ operation }) => operation.throughputPerSecond),
    ...NANOS.map((name) => column(name, "DOUBLE", ({ operation }) => operation[name])),
    column("digest", "STRING", ({ run }) => run.digest),
  ];
}
