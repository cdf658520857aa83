/** The runtime's part of docs/mutations.md, from what the hunts brought home. */

import type { Quarry } from "../hunt.ts";
import type { RuntimeCaseSize } from "./case.ts";
import type { RuntimeCampaign } from "./generate.ts";
import type { RuntimeFailureName } from "./run-case.ts";

export interface RuntimeEntry {
  readonly id: string;
  readonly name: string;
  readonly expected: readonly RuntimeFailureName[];
  readonly quarry: Quarry<RuntimeCampaign>;
}

export const RUNTIME_HEADING = "\n## The runtime\n";

const HEAD = ["id", "what is wrong", "expected", "broke", "runs until found", "made small", "time"];

/** The cells of an entry's row, as `HEAD` has them. */
export function rowOf({ id, name, expected, quarry }: RuntimeEntry): string[] {
  const { found, runs, huntMillis, shrinkMillis } = quarry;
  const broke = found && [found.first, ...found.names.filter((each) => each !== found.first)].join(" ");
  const made = runs.toLocaleString("en-US");
  return [
    id,
    `\`${name}\``,
    expected.join(" "),
    broke ?? "nothing",
    found === undefined ? `none of ${made}` : made,
    found === undefined ? "" : describeSize(found.shrunk),
    `${((huntMillis + shrinkMillis) / 1_000).toFixed(1)} s`,
  ];
}

/** `1 fault, 2 requests, 3 functions, 1 node` */
export function describeSize({ faults, requests, functions, nodes }: RuntimeCaseSize): string {
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return [
    plural(faults, "fault"),
    plural(requests, "request"),
    plural(functions, "function"),
    plural(nodes, "node"),
  ].join(", ");
}

/** What follows the heading. A bug is missed if its run broke nothing that it was expected to break. */
export function runtimeSection(
  entries: readonly RuntimeEntry[],
  runs: number,
  seed: number,
): { section: string; missed: readonly string[] } {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const isAsExpected = ({ expected, quarry }: RuntimeEntry): boolean =>
    quarry.found?.names.some((name) => expected.includes(name)) === true;
  const missed = entries.filter((entry) => !isAsExpected(entry)).map(({ id }) => id);
  const found = entries.length - missed.length;
  const section = `
The bugs of [Nightcore's page](models/nightcore.md), each hunted with one campaign of small applications, loads and faults in the same way:
seed ${seed}, at most ${runs.toLocaleString("en-US")} runs each. ${found} of ${entries.length} broke what they were expected to break. \`abort\`: an engine stops itself.
\`npm run mutations -- --system nightcore\` writes this part alone.

${[HEAD, HEAD.map(() => "---"), ...entries.map(rowOf)].map(line).join("\n")}
`;
  return { section, missed };
}
