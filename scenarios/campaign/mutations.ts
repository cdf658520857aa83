/**
 * `npm run mutations`: hunts every mutation and every defect of the released code with one and the same campaign, prints the table, and
 * writes it to docs/mutations.md.
 *
 *     npm run mutations -- [--runs 1000] [--jobs J] [--seed 1] [--system boki|nightcore] [--only NAME]...
 *
 * With `--system` only the part of this system is hunted and written anew. With `--only` nothing is written. Exit status 1: a bug was not found, or an allowed change raised an alarm.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { DEFECT_IDS, DEFECTS, type DefectId } from "../../models/boki/defects.ts";
import { Mutation, type MutationName } from "../../models/boki/mutations.ts";
import { Bug } from "../../models/nightcore/mutations.ts";
import { threadPool } from "../threads.ts";
import { ALLOWED, EXPECTED_OF_DEFECT, EXPECTED_OF_MUTATION } from "./bugs.ts";
import type { Task } from "./campaign-worker.ts";
import type { Campaign } from "./generate.ts";
import type { Quarry } from "./hunt.ts";
import { type Entry, mutationsPage, rowOf } from "./mutations-page.ts";
import type { FailureName } from "./run-case.ts";
import { bugNumber, EXPECTED_OF_BUG } from "./runtime/bugs.ts";
import type { RuntimeCampaign } from "./runtime/generate.ts";
import {
  RUNTIME_HEADING,
  type RuntimeEntry,
  rowOf as runtimeRowOf,
  runtimeSection,
} from "./runtime/mutations-section.ts";

const PAGE = "docs/mutations.md";
const RUNTIME_RUNS_FACTOR = 5;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seed: { type: "string", default: "1" },
    system: { type: "string", default: "" },
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
const isOnly = ({ id, name }: { readonly id: string; readonly name: string }): boolean =>
  values.only.length === 0 || values.only.includes(id) || values.only.includes(name);
const isMeant = (system: "boki" | "nightcore"): boolean => values.system === "" || values.system === system;
const wanted = isMeant("boki") ? [...mutations, ...defects].filter(isOnly) : [];
const bugs = (Object.keys(EXPECTED_OF_BUG) as (keyof typeof EXPECTED_OF_BUG)[])
  .map((name) => ({ id: bugNumber(name), name, mutation: Bug[name], expected: EXPECTED_OF_BUG[name] }))
  .filter((each) => isMeant("nightcore") && isOnly(each));

const pool = threadPool<Task, unknown>(new URL("./campaign-worker.ts", import.meta.url), Number(values.jobs));
const entries = await Promise.all(
  wanted.map(async ({ campaign, ...rest }): Promise<Entry> => {
    const task: Task = { kind: "hunt", campaign, runs, shrinkAttempts: Number(values.shrink) };
    const entry = { ...rest, quarry: (await pool.run(task)) as Quarry };
    console.log(rowOf(entry).join("  "));
    return entry;
  }),
);
const runtimeEntries = await Promise.all(
  bugs.map(async ({ mutation, ...rest }): Promise<RuntimeEntry> => {
    const campaign: RuntimeCampaign = { system: "nightcore", seed, mutation };
    // A run of the runtime is a fifth of one of the log.
    const task: Task = {
      kind: "hunt",
      campaign,
      runs: RUNTIME_RUNS_FACTOR * runs,
      shrinkAttempts: Number(values.shrink),
    };
    const entry = { ...rest, quarry: (await pool.run(task)) as Quarry<RuntimeCampaign> };
    console.log(runtimeRowOf(entry).join("  "));
    return entry;
  }),
);
await pool.destroy();

const boki = mutationsPage(entries, runs, seed);
const runtime = runtimeSection(runtimeEntries, RUNTIME_RUNS_FACTOR * runs, seed);
const missed = [...boki.missed, ...runtime.missed];
if (values.only.length === 0) {
  const [bokiBefore = "", runtimeBefore = ""] = readFileSync(PAGE, "utf8").split(RUNTIME_HEADING);
  writeFileSync(
    PAGE,
    (isMeant("boki") ? boki.page : bokiBefore) +
      RUNTIME_HEADING +
      (isMeant("nightcore") ? runtime.section : runtimeBefore),
  );
}
if (values.only.length > 0 && missed.length === 0) console.log("all as expected");
if (missed.length > 0) {
  console.log(`not as expected: ${missed.join(", ")}`);
  process.exitCode = 1;
}
