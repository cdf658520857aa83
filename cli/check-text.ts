/** The result of `bokisim check` for a person. */

import { formatCount, nanosUnit } from "../reports/format.ts";
import { canonical } from "../sim/linearizability/canonical.ts";
import type { Explanation, PossibleState } from "../sim/linearizability/explain.ts";
import type { Clock, Operation } from "../sim/linearizability/history.ts";
import type { Checked } from "./check.ts";

const VERDICTS = {
  linearizable: "linearizable",
  violated: "not linearizable",
  unknown: "undecided, the limit was reached first",
} as const;

export function checkText({ file, model, history, result, violation }: Checked): string {
  const { objects, verdict, operations, visited } = result;
  const keyed = objects.some(({ key }) => key !== undefined);
  const size = keyed
    ? `${counted(operations, "operation")} on ${counted(objects.length, "key")}`
    : counted(operations, "operation");
  const summary = `${file}: ${VERDICTS[verdict]} (${model}, ${size}, ${counted(visited, "configuration")} visited)\n`;
  const undecided = objects.filter((object) => object.verdict === "unknown");
  const unknown =
    undecided.length === 0 || !keyed ? "" : `Undecided: ${keysText(undecided.map(({ key }) => key))}.\n`;
  if (violation === undefined) return summary + unknown;
  const violated = objects.filter((object) => object.verdict === "violated");
  const others = violated.slice(1).map(({ key }) => key);
  const also = others.length === 0 ? "" : `Not linearizable either: ${keysText(others)}.\n`;
  const what = violation.key === undefined ? `The ${model}` : `Key ${violation.key}`;
  return `${summary}\n${explanationText(what, violation.explanation, history.clock)}${also}${unknown}`;
}

const counted = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

const KEYS_MAX = 10;

function keysText(keys: readonly (string | undefined)[]): string {
  const shown = keys.slice(0, KEYS_MAX).join(", ");
  return keys.length > KEYS_MAX
    ? `keys ${shown} and ${keys.length - KEYS_MAX} more`
    : `${keys.length === 1 ? "key" : "keys"} ${shown}`;
}

function explanationText(what: string, explanation: Explanation, clock: Clock): string {
  const { operation, returnedBefore, part, states } = explanation;
  const timeOf = timeFormat(part, clock);
  const fits =
    returnedBefore === 0
      ? `${what}: already the first operation to return cannot have taken effect.`
      : `${what}: the first ${formatCount(returnedBefore)} to return can be put in order; with the next one they cannot.`;
  return [
    fits,
    "",
    `  operation ${operation.index}: ${callText(operation)}`,
    `  process ${operation.process}, from ${timeOf(operation.invoked)} to ${timeOf(operation.returned)}`,
    "",
    ...whyText(operation, states),
    "",
    part.length === 1
      ? "This operation alone shows it."
      : `${counted(part.length, "operation")} show it; without any of them, and what read it, the others fit.`,
    "",
    ...partText(part, timeOf),
    "",
  ].join("\n");
}

/** What the operation returned and what it could have returned. */
function whyText(operation: Operation, states: readonly PossibleState[] | undefined): string[] {
  if (states === undefined) return ["The states it could have met are too many to list."];
  if (states.length === 0) {
    return ["There is no moment for it: whatever the order, others must come both before it and after it."];
  }
  const lines = states.map(({ state, expected, possible }) => {
    if (possible) return `  ${state}: it could take effect, but then the others do not fit`;
    return `  ${state}${expected === undefined ? "" : `: it would have to return ${expected}`}`;
  });
  const returned = operation.output === undefined ? "" : `It returned ${canonical(operation.output)}. `;
  return [
    `${returned}Whatever the order of the others, it meets one of these states:`,
    ...lines.slice(0, LINES_MAX),
    ...more(lines),
  ];
}

const LINES_MAX = 30;
const more = (lines: readonly string[]): string[] =>
  lines.length > LINES_MAX ? [`  ... and ${formatCount(lines.length - LINES_MAX)} more`] : [];

/** A line for each operation with its time as a bar: events in their order, equally far apart. */
function partText(part: readonly Operation[], timeOf: (moment: number) => string): string[] {
  const shown = part.slice(-LINES_MAX);
  const moments = shown.flatMap(({ invoked, returned }) => [invoked, returned]).filter(Number.isFinite);
  const columns = new Map(
    [...new Set(moments)].sort((a, b) => a - b).map((moment, column) => [moment, column]),
  );
  const width = columns.size;
  const rows = shown.map((operation) => {
    const { invoked, returned } = operation;
    const from = columns.get(invoked)!;
    const to = columns.get(returned);
    const bar =
      to === undefined
        ? `${" ".repeat(from)}|${"-".repeat(width - from - 1)}>`
        : from === to
          ? `${" ".repeat(from)}|`
          : `${" ".repeat(from)}|${"-".repeat(to - from - 1)}|`;
    const until = to === undefined ? "open" : timeOf(returned);
    return [
      String(operation.index),
      String(operation.process),
      timeOf(invoked),
      until,
      bar,
      callText(operation),
    ];
  });
  const table = aligned([["operation", "process", "invoked", "returned", "", ""], ...rows]);
  return part.length > LINES_MAX
    ? [...table.slice(0, 1), `  (${formatCount(part.length - LINES_MAX)} before these)`, ...table.slice(1)]
    : table;
}

const RIGHT_ALIGNED = [0, 2, 3];

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      RIGHT_ALIGNED.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    return `  ${cells.join("  ").trimEnd()}`;
  });
}

/** `write 3`, `read -> 3`; of an outcome that is unknown the table says that the operation is open. */
function callText({ name, input, output, outcome }: Operation): string {
  const call = input === undefined || input === null ? name : `${name} ${canonical(input)}`;
  // Some clients repeat what they were given.
  const says = outcome === "ok" && output !== undefined && canonical(output) !== canonical(input);
  return !says ? call : `${call} -> ${canonical(output)}`;
}

/** All times of an explanation in one unit, with the digits to tell them apart. */
function timeFormat(part: readonly Operation[], clock: Clock): (moment: number) => string {
  if (clock === "events") return (moment) => `event ${moment}`;
  const moments = part.flatMap(({ invoked, returned }) => [invoked, returned]).filter(Number.isFinite);
  const { size, symbol } = nanosUnit(Math.max(...moments) - Math.min(...moments));
  return (moment) => `${(moment / size).toFixed(size === 1 ? 0 : 3)} ${symbol}`;
}
