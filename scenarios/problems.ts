/** What is wrong with a scenario, for the person who wrote it. */

import { closest, distance } from "fastest-levenshtein";

/** One mistake. */
export interface Problem {
  /** The file, or the setting of the command line that is wrong: `--set boki.localCut=1`. */
  readonly where: string;
  /** From 1; undefined for a setting of the command line. */
  readonly line?: number;
  readonly column?: number;
  /** The text of that line, and how many of its characters are meant. */
  readonly source?: string;
  readonly length?: number;
  /** The field: `workload.0.recordSize`; empty for the file as a whole. */
  readonly path: string;
  /** What was found and what would be right. */
  readonly message: string;
}

/** The only error that reading a scenario throws; it has every mistake that was found. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(formatProblems(problems));
    this.problems = problems;
  }
}

/**
 * Prints problems as a compiler does, in the order of the file:
 *
 *     quickstart.yaml:12:3  boki.localCutt: unknown field; did you mean "localCut"?
 *       12 |   localCutt: 300us
 *          |   ^^^^^^^^^
 */
export function formatProblems(problems: readonly Problem[]): string {
  const inOrder = [...problems].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  return inOrder.map(formatProblem).join("\n");
}

function formatProblem({ where, line, column, source, length, path, message }: Problem): string {
  const place = line === undefined ? where : `${where}:${line}:${column}`;
  const head = `${place}  ${path === "" ? "" : `${path}: `}${message}`;
  if (line === undefined || column === undefined || source === undefined) return head;
  const number = String(line);
  const gutter = " ".repeat(number.length);
  // Tabs stay tabs, so that the caret stands where it should whatever their width.
  const indent = source.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  return `${head}\n  ${number} | ${source}\n  ${gutter} | ${indent}${"^".repeat(Math.max(1, length ?? 1))}`;
}

/** `; did you mean "x"?` when a name is near enough to be a typo, else the names there are. */
export function suggestion(found: string, names: readonly string[], noun = "allowed here"): string {
  const name = nearest(found, names);
  if (name !== undefined) return `; did you mean "${name}"?`;
  return names.length === 0 ? "" : `; ${noun}: ${names.join(", ")}`;
}

function nearest(found: string, names: readonly string[]): string | undefined {
  if (names.length === 0 || found.length > 60) return undefined;
  const lower = found.toLowerCase();
  const same = names.find((name) => name.toLowerCase() === lower);
  if (same !== undefined) return same;
  const best = closest(found, names);
  return distance(found, best) <= Math.max(1, Math.floor(Math.min(found.length, best.length) / 3))
    ? best
    : undefined;
}

/** Shows a value as it may stand in a message. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (value === null || value === undefined) return "nothing";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
