/**
 * `npm run mutations`: hunts every mutation and every defect of the released code with one and the same campaign, prints the table, and
 * writes it to docs/mutations.md.
 *
 *     npm run mutations -- [--runs 1000] [--jobs J] [--seed 1] [--only NAME]...
 *
 * With `--only` nothing is written. Exit status 1: a bug was not found, or an allowed change raised an alarm.
 */

import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Piscina } from "piscina";
import { DEFECT_IDS, DEFECTS, type DefectId } from "../../models/boki/defects.ts";
import { Mutation, type MutationName } from "../../models/boki/mutations.ts";
import { ALLOWED, EXPECTED_OF_DEFECT, EXPECTED_OF_MUTATION } from "./bugs.ts";
import type { Task } from "./campaign-worker.ts";
import type { Campaign } from "./generate.ts";
import type { Quarry } from "./hunt.ts";
import { type Entry, mutationsPage, rowOf } from "./mutations-page.ts";
import type { FailureName } from "./run-case.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seed: { type: "string", default: "1" },
    only: { type: "string", multiple: true, default: [] },
    shrink: { type: "string", default: "2000" },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed);

interface Wanted {
  readonly id: string;
  readonly name: string;
  readonly kind: Entry["kind"];
  readonly expected: readonly FailureName[];
  readonly campaign: Campaign;
}

const isAllowed = (name: string): boolean => (ALLOWED as readonly string[]).includes(name);

const mutations = (Object.keys(Mutation) as MutationName[])
  .filter((name) => name !== "none")
  .map((name): Wanted => {
    const id = Mutation[name];
    const kind = isAllowed(name) ? "allowed" : "mutation";
    const expected = EXPECTED_OF_MUTATION[name as keyof typeof EXPECTED_OF_MUTATION] ?? [];
    return { id: String(id), name, kind, expected, campaign: { seed, mutation: id, defects: [] } };
  });
const defects = DEFECT_IDS.map((id: DefectId): Wanted => {
  const expected = EXPECTED_OF_DEFECT[id];
  return { id, name: DEFECTS[id], kind: "defect", expected, campaign: { seed, mutation: 0, defects: [id] } };
});
const wanted = [...mutations, ...defects].filter(
  ({ id, name }) => values.only.length === 0 || values.only.includes(id) || values.only.includes(name),
);

const pool = new Piscina<Task, Quarry>({
  filename: new URL("./campaign-worker.ts", import.meta.url).href,
  maxThreads: Number(values.jobs),
});
const entries = await Promise.all(
  wanted.map(async ({ campaign, ...rest }): Promise<Entry> => {
    const task: Task = { kind: "hunt", campaign, runs, shrinkAttempts: Number(values.shrink) };
    const entry = { ...rest, quarry: await pool.run(task) };
    console.log(rowOf(entry).join("  "));
    return entry;
  }),
);
await pool.destroy();

const { page, missed } = mutationsPage(entries, runs, seed);
if (values.only.length === 0) writeFileSync("docs/mutations.md", page);
else if (missed.length === 0) console.log("all as expected");
if (missed.length > 0) {
  console.log(`not as expected: ${missed.join(", ")}`);
  process.exitCode = 1;
}
