/** A case of the runtime as a file that `bokisim run` replays. Reading it back gives the same case, hence the same run. */

import { Bug, type BugName } from "../../../models/nightcore/mutations.ts";
import { readPart } from "../../../models/nightcore/parts.ts";
import type { Selector } from "../../../sim/faults/fault.ts";
import { suggestion } from "../../problems.ts";
import { caseText, differing, type Expected, readCaseDocument } from "../case-document.ts";
import { namesOf } from "../case-file.ts";
import { callsIn, EMPTY_RUNTIME_CASE, type RuntimeCase } from "./case.ts";
import { runtimeCaseFileFields } from "./case-schema.ts";
import type { RuntimeVerdict } from "./run-case.ts";

export interface RuntimeCaseFile {
  readonly case: RuntimeCase;
  readonly expected: Expected | undefined;
}

/** The text of a case file. `heading`: lines of prose for its top. */
export function formatRuntimeCase(
  subject: RuntimeCase,
  verdict: RuntimeVerdict,
  heading: readonly string[],
): string {
  const mutation = (Object.keys(Bug) as BugName[]).find((each) => Bug[each] === subject.mutation);
  const fields = differing({ ...subject, mutation }, { ...EMPTY_RUNTIME_CASE, mutation: "none" });
  return caseText({ system: "nightcore", ...fields }, verdict, heading);
}

/** Throws a `ScenarioError` with every mistake that was found. */
export function parseRuntimeCase(text: string, file: string): RuntimeCaseFile {
  const { content, mistake } = readCaseDocument(text, file, runtimeCaseFileFields);
  const { system: _, mutation, ...fields } = content.case;
  const subject = { ...fields, mutation: Bug[mutation] } as unknown as RuntimeCase;
  const { functions, loads, faults } = subject;
  const names = functions.map(({ name }) => name);
  const unknown = (fn: string, known: readonly string[], what: string): string =>
    `${what} "${fn}"${suggestion(fn, known, "there are")}`;
  const second = names.findIndex((name, i) => names.indexOf(name) < i);
  if (second >= 0) throw mistake(["case", "functions", second, "name"], `a second "${names[second]}"`);
  for (const [i, { steps }] of functions.entries()) {
    // None waits for itself.
    const below = names.slice(i + 1);
    for (const [j, step] of steps.entries()) {
      const wrong = callsIn([step]).find((fn) => !below.includes(fn));
      if (wrong === undefined) continue;
      const message = unknown(wrong, below, "further down the list there is no function");
      throw mistake(["case", "functions", i, "steps", j], message);
    }
  }
  for (const [i, { fn }] of loads.entries()) {
    if (!names.includes(fn)) {
      throw mistake(["case", "loads", i, "fn"], unknown(fn, names, "there is no function"));
    }
  }
  for (const [i, { fault }] of faults.timed.entries()) {
    const part = partsOf(fault).find((words) => {
      const read = readPart(words);
      return read === undefined || (read.fn !== undefined && !names.includes(read.fn));
    });
    if (part === undefined) continue;
    const message = `there is no part "${part}"; parts are "gateway", "engine", "launcher", "idle worker", "running worker", with "of FUNCTION" and "on node N"`;
    throw mistake(["case", "faults", "timed", i, "fault"], message);
  }
  const clients = loads.map((_, i) => `client-load${i}`);
  for (const [i, { fault }] of faults.timed.entries()) {
    const wrong = namesOf(fault).find((name) => !clients.includes(name));
    if (wrong === undefined) continue;
    const message = unknown(wrong, clients, "only clients are named, and there is no");
    throw mistake(["case", "faults", "timed", i, "fault"], message);
  }
  return { case: subject, expected: content.expected };
}

/** All parts that a fault strikes. */
const partsOf = (fault: object): string[] =>
  Object.values(fault).flatMap((end) => (end as Selector | undefined)?.part ?? []);
