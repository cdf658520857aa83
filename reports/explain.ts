/** An explanation as text: a sentence, and tables of where the time went, by phase, by what it went by with, and by place. */

import pc from "picocolors";
import type { ExplainedPiece, Explanation, OperationGroup } from "../scenarios/tracing/explanation.ts";
import { formatCount, formatNanos, formatShare } from "./format.ts";
import { left, paragraph, right, textTable } from "./text-table.ts";

/** A row of a table: mean times of the operations of both groups, and how much of the difference it is. */
export interface ExplainedRow {
  readonly name: string;
  readonly slowNanos: number;
  readonly usualNanos: number;
  readonly differenceNanos: number;
  /** Of the difference between the groups; null where they are equally fast. */
  readonly share: number | null;
}

type By = "phase" | "resource" | "place";

const PLACES_SHOWN_MAX = 10;
/** What is less of the difference is not worth a word in the sentence. */
const SHARE_MIN = 0.08;
const CAUSES_MAX = 3;

/** What pieces sum up to by name, what explains the difference first. */
export function explainedRows({ pieces, slow, usual }: Explanation, by: By): ExplainedRow[] {
  const sums = new Map<string, { slowNanos: number; usualNanos: number }>();
  for (const piece of pieces) {
    const sum = sums.get(piece[by]) ?? { slowNanos: 0, usualNanos: 0 };
    sum.slowNanos += piece.slowNanos;
    sum.usualNanos += piece.usualNanos;
    sums.set(piece[by], sum);
  }
  const whole = slow.meanNanos - usual.meanNanos;
  return [...sums]
    .map(([name, { slowNanos, usualNanos }]) => {
      const differenceNanos = slowNanos - usualNanos;
      return {
        name,
        slowNanos,
        usualNanos,
        differenceNanos,
        share: whole === 0 ? null : differenceNanos / whole,
      };
    })
    .sort((a, b) => (b.share ?? b.slowNanos) - (a.share ?? a.slowNanos));
}

export function renderExplanation(explanation: Explanation, colour: boolean): string {
  const colours = pc.createColors(colour);
  const { scenario, variant, operation, slow, usual } = explanation;
  const named = variant === "base" ? scenario : `${scenario}, ${variant}`;
  const table = (by: By, title: string, most: number): string => {
    const rows = explainedRows(explanation, by);
    const shown = chosen(rows, most);
    const columns = [
      left(title),
      ...[percentileName(slow), percentileName(usual), "difference", "of it"].map(right),
    ];
    const lines = shown.map((row) => [
      row.name,
      formatNanos(row.slowNanos),
      formatNanos(row.usualNanos),
      signed(row.differenceNanos),
      shareText(row.share),
    ]);
    const rest = rows.length - shown.length;
    const note = rest === 0 ? "" : `\n${colours.dim(`  and ${rest} more, --json has them`)}`;
    return textTable(columns, lines, (head) => colours.dim(head)) + note;
  };
  return [
    colours.bold(`${named}: ${operation} around ${withArticle(slow)}, against ${withArticle(usual)}`),
    "",
    paragraph(explanationSentence(explanation)),
    "",
    ...factsOf(explanation).map((fact) => colours.dim(paragraph(fact))),
    "",
    table("phase", "phase", Number.POSITIVE_INFINITY),
    "",
    table("resource", "goes by with", Number.POSITIVE_INFINITY),
    "",
    table("place", "where", PLACES_SHOWN_MAX),
    "",
  ].join("\n");
}

/** The rows that differ most, either way, in their order. */
function chosen(rows: readonly ExplainedRow[], most: number): readonly ExplainedRow[] {
  const large = new Set(
    [...rows].sort((a, b) => Math.abs(b.differenceNanos) - Math.abs(a.differenceNanos)).slice(0, most),
  );
  return rows.filter((row) => large.has(row));
}

/** `The p99 append takes 1.80 ms longer than the median one: 71 % of it is wait for the global cut (sequencer-1), ...` */
export function explanationSentence(explanation: Explanation): string {
  const { operation, slow, usual } = explanation;
  const differenceNanos = slow.meanNanos - usual.meanNanos;
  const other = usual.percentile === 50 ? "the median one" : `the ${percentileName(usual)} one`;
  const head = `The ${percentileName(slow)} ${operation} takes ${formatNanos(Math.abs(differenceNanos))}`;
  if (differenceNanos <= 0) return `${head} less than ${other}.`;
  const causes = explainedRows(explanation, "phase")
    .filter(({ share }) => share! >= SHARE_MIN)
    .slice(0, CAUSES_MAX)
    .map(({ name, share }, i) => {
      const place = mainPlace(explanation.pieces.filter(({ phase }) => phase === name));
      const where = i > 0 || place === undefined ? "" : `, mostly at ${place}`;
      return `${Math.round(share! * 100)} % of it is “${name}”${where}`;
    });
  const [first, ...more] = causes;
  if (first === undefined) return `${head} longer than ${other}, a little of everything.`;
  return `${head} longer than ${other}: ${[first, ...more.map((each) => each.replace(" of it is", ""))].join("; ")}.`;
}

/** Where most of a difference is; undefined: at no single place. */
function mainPlace(pieces: readonly ExplainedPiece[]): string | undefined {
  const byPlace = new Map<string, number>();
  let whole = 0;
  for (const { place, slowNanos, usualNanos } of pieces) {
    byPlace.set(place, (byPlace.get(place) ?? 0) + slowNanos - usualNanos);
    whole += slowNanos - usualNanos;
  }
  return [...byPlace].find(([, nanos]) => nanos > whole / 2)?.[0];
}

/** How many operations it goes by, and what a reader must know of them. */
export function factsOf({
  operation,
  slow,
  usual,
  completed,
  followed,
  completeShare,
  digestConfirmed,
  digest,
  seed,
}: Explanation): string[] {
  const group = (each: OperationGroup): string =>
    `${formatCount(each.operations)} around ${withArticle(each)} (${formatNanos(each.minNanos)} to ${formatNanos(each.maxNanos)}, on average ${formatNanos(each.meanNanos)})`;
  const some = followed < completed ? `, of which ${formatCount(followed)} were followed` : "";
  return [
    `Means of ${group(slow)} and ${group(usual)}, out of ${formatCount(completed)} operations ${operation}${some}. Seed ${seed}, digest ${digest}${digestConfirmed === true ? ", which is that of the result" : ""}.`,
    ...(completeShare < 1
      ? [
          `The way of ${formatShare(1 - completeShare)} of them could not be followed to their begin: what is missing is not attributed to them.`,
        ]
      : []),
  ];
}

/** `p99`, `median` */
export const percentileName = ({ percentile }: Pick<OperationGroup, "percentile">): string =>
  percentile === 50 ? "median" : `p${String(percentile)}`;

export const withArticle = (group: Pick<OperationGroup, "percentile">): string =>
  group.percentile === 50 ? "the median" : percentileName(group);

/** `-5.9 %`, and no sign where there is nothing. */
export const shareText = (share: number | null): string =>
  share === null ? "–" : formatShare(Math.abs(share) < 0.0005 ? 0 : share);

/** `+184.0 us` */
export const signed = (nanos: number): string => `${nanos < 0 ? "−" : "+"}${formatNanos(Math.abs(nanos))}`;
