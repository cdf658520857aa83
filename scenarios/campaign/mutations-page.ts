/** docs/mutations.md, from what the hunts brought home. */

import { SHOWN_BY } from "./bugs.ts";
import { describeSize } from "./explain.ts";
import type { Quarry } from "./hunt.ts";
import type { FailureName } from "./run-case.ts";

export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly kind: "mutation" | "allowed" | "defect";
  readonly expected: readonly FailureName[];
  readonly quarry: Quarry;
}

/** The cells of an entry's row: id, name, expected, fired, runs, shrunk to, time. */
export function rowOf({ id, name, expected, quarry }: Entry): string[] {
  const { found, runs, huntMillis, shrinkMillis } = quarry;
  const seconds = ((huntMillis + shrinkMillis) / 1_000).toFixed(1);
  const fired = found && [found.first, ...found.names.filter((each) => each !== found.first)].join(" ");
  return [
    id,
    `\`${name}\``,
    expected.length === 0 ? "nothing" : expected.join(" "),
    fired ?? "nothing",
    found === undefined ? `none of ${runs.toLocaleString("en-US")}` : runs.toLocaleString("en-US"),
    found === undefined ? "" : describeSize(found.shrunk),
    `${seconds} s`,
  ];
}

/** Whether the hunt ended as the table of expectations has it. */
export function isAsExpected({ expected, quarry }: Entry): boolean {
  return expected.length === 0 ? quarry.found === undefined : quarry.found !== undefined;
}

const HEAD = ["id", "what is wrong", "expected", "broke", "runs until found", "made small", "time"];

function table(entries: readonly Entry[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(HEAD), line(HEAD.map(() => "---")), ...entries.map((entry) => line(rowOf(entry)))].join("\n");
}

function shownByTests(): string {
  return Object.entries(SHOWN_BY)
    .map(([id, { why, test }]) => `- ${id} (\`${test}\`): ${why}.`)
    .join("\n");
}

export function mutationsPage(
  entries: readonly Entry[],
  runs: number,
  seed: number,
): { page: string; missed: readonly string[] } {
  const of = (kind: Entry["kind"]): Entry[] => entries.filter((entry) => entry.kind === kind);
  const mutations = of("mutation");
  const found = [...mutations, ...of("defect")].flatMap(({ quarry }) => quarry.found ?? []);
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  const foundMutations = mutations.filter(({ quarry }) => quarry.found !== undefined);
  const missed = entries.filter((entry) => !isAsExpected(entry)).map(({ id }) => id);
  const page = `# Proof that the checkers fire

\`npm run mutations\` writes this page. For each bug that can be switched on, a campaign draws cases (clusters, workloads, faults) until
a run breaks something, and makes that case small. The campaign is the same for all and knows nothing of the bug: run i of seed s is the same
cluster, workload and faults whichever bug is on. \`npx bokisim fuzz --mutation ID\` or \`--defect ID\` shows any of them.

This page: seed ${seed}, at most ${runs.toLocaleString("en-US")} runs each. ${foundMutations.length} of ${mutations.length} mutations were found; shrunk cases have a median of
${middle(found.map(({ shrunk }) => shrunk.faults))} faults and ${middle(found.map(({ shrunk }) => shrunk.operations))} operations.

"Expected" is what the slip leads to by reasoning, "broke" what the run that found it broke, the first thing first. \`exception\`: a role reached a state that
its author held to be impossible; \`abort\`: a role gave up. The invariants are those of [Boki's page](models/boki.md).

## Mutations

${table(mutations)}

## Changes that keep every promise

None of these may raise an alarm.

${table(of("allowed"))}

## Defects of the released code

Each alone, everything else as designed.

${table(of("defect"))}

Those that alone break nothing in any run are shown by a test of the role:

${shownByTests()}
`;
  return { page, missed };
}
