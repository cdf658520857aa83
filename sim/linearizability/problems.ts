/** What is wrong with a history file, for the person who has it. */

export interface HistoryProblem {
  /** Line of the file, from 1, where lines are operations or events of their own. */
  readonly line?: number;
  /** Place of the operation or event in the history, from 0. */
  readonly operation?: number;
  /** `input.seqnum`; empty for the whole. */
  readonly field: string;
  /** What was found and what is allowed; goes on after the field. */
  readonly message: string;
}

/** The only error that reading a history throws. */
export class HistoryError extends Error {
  override readonly name = "HistoryError";
  readonly problems: readonly HistoryProblem[];

  constructor(problems: readonly HistoryProblem[]) {
    super(formatProblems("history", problems));
    this.problems = problems;
  }
}

const SHOWN_MAX = 20;

/** A line for each problem: `history.json:3  operation 2, output: is missing; ...`. */
export function formatProblems(file: string, problems: readonly HistoryProblem[]): string {
  const lines = problems.slice(0, SHOWN_MAX).map(({ line, operation, field, message }) => {
    const place = line === undefined ? file : `${file}:${line}`;
    const what = [operation === undefined ? "" : `operation ${operation}`, field].filter(
      (part) => part !== "",
    );
    return `${place}  ${what.length === 0 ? "" : `${what.join(", ")}: `}${message}`;
  });
  const more = problems.length - lines.length;
  return more > 0 ? `${lines.join("\n")}\n... and ${more} more` : lines.join("\n");
}
