/** What a comparison found, as text for the terminal. */

import pc from "picocolors";
import type { ComparedValue, ComparisonResult } from "../scenarios/comparison/comparison.ts";
import type { Estimate } from "../scenarios/result.ts";
import { estimateNanos, estimatePerSecond, onOneLine } from "./format.ts";
import { left, paragraph, right, textTable } from "./text-table.ts";
import { warmupText } from "./variant.ts";

export const comparedTitles = [
  "variant",
  "operation",
  "metric",
  "value",
  "against the first",
  "95 % interval",
];

export function renderComparison(result: ComparisonResult, colour: boolean): string {
  const colours = pc.createColors(colour);
  const [operation, metric] = [result.metric.operation, result.metric.metric];
  const columns = [...comparedTitles.slice(0, 3).map(left), ...comparedTitles.slice(3).map(right)];
  const table = (asked: boolean) =>
    textTable(columns, comparedRows(result, asked), (title) => colours.dim(title));
  const more = comparedRows(result, false);
  return [
    colours.bold(`${result.scenario}: ${operation} ${metric}`),
    "",
    ...verdicts(result).map((sentence) => paragraph(sentence)),
    "",
    table(true),
    "",
    ...(more.length === 0 ? [] : ["Besides:", "", table(false), ""]),
    paragraph(explanation(result)),
    "",
  ].join("\n");
}

/** A row for each variant and value: what was asked for, or everything else. */
export function comparedRows({ variants }: ComparisonResult, asked: boolean): string[][] {
  const places = variants[0]!.compared.map((_, i) => i).filter((i) => (i === 0) === asked);
  return places.flatMap((place) =>
    variants.map(({ variant, compared }) => {
      const each = compared[place]!;
      const { operation, metric, difference } = each;
      return [
        ...[variant, operation, metric, onOneLine(shown(each, each.value))],
        ...(difference === null ? ["", ""] : [percent(difference.mean), interval(difference)]),
      ];
    }),
  );
}

function shown({ metric }: ComparedValue, value: Estimate) {
  return metric === "throughput" ? estimatePerSecond(value) : estimateNanos(value);
}

/** `B's p99 append is 23 % lower (95 % interval 19 to 27 %)`, a sentence for each variant but the first. */
export function verdicts({ variants, seeds }: ComparisonResult): string[] {
  const [reference] = variants;
  return variants.slice(1).map(({ variant, compared }) => {
    const { operation, metric, difference } = compared[0]!;
    const what = `${metric} ${operation}`;
    const { mean, low, high } = difference!;
    if (low === null || high === null) {
      return `${variant}: ${what} is ${percent(mean)} of that of ${reference!.variant} away from it; with one replication nobody knows how sure that is.`;
    }
    if (low <= 0 && high >= 0) {
      return `${variant}: no difference of ${what} to ${reference!.variant} that ${seeds.length} replications can show (${percent(low)} to ${percent(high)}).`;
    }
    if (mean >= 1) {
      const times = (share: number): string => (1 + share).toPrecision(3);
      return `${variant}'s ${what} is ${times(mean)} times that of ${reference!.variant} (95 % interval ${times(low)} to ${times(high)}).`;
    }
    const word = mean > 0 ? "higher" : "lower";
    const [near, far] = [Math.abs(low), Math.abs(high)].sort((a, b) => a - b) as [number, number];
    return `${variant}'s ${what} is ${size(mean)} ${word} than that of ${reference!.variant} (95 % interval ${size(near)} to ${size(far)}).`;
  });
}

/** How it was done, and how sure it is. */
export function explanation({ seeds, precise, precision, variants, warmup }: ComparisonResult): string {
  const count = `${seeds.length} replication${seeds.length === 1 ? "" : "s"} of each, seeds ${seeds[0]} to ${seeds.at(-1)}`;
  const compared = variants.length === 2 ? "the interval is" : "every interval is";
  const end = precise
    ? `${compared} within ± ${(100 * precision).toFixed(1)} %`
    : `no more were allowed, and not ${compared} within ± ${(100 * precision).toFixed(1)} %`;
  const after = warmup === undefined ? "" : ` All are measured after ${warmupText(warmup)}.`;
  return `${count}, with the same random numbers in all variants; differences are of pairs of replications.${after} Stopped as ${end}.`;
}

const percent = (share: number): string => `${share < 0 ? "−" : "+"}${size(share)}`;

/** Without its sign, with the digits that mean something. */
function size(share: number): string {
  const value = Math.abs(100 * share);
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

const interval = ({ low, high }: Estimate): string =>
  low === null || high === null ? "–" : `${percent(low)} to ${percent(high)}`;
