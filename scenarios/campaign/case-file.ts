/**
 * A case of the log as a file that `bokisim run` replays. Reading it back gives the same case, hence the same run.
 */

import { Mutation, type MutationName } from "../../models/boki/mutations.ts";
import type { Selector } from "../../sim/faults/fault.ts";
import { suggestion } from "../problems.ts";
import { type Case, EMPTY_CASE } from "./case.ts";
import { caseText, differing, type Expected, readCaseDocument } from "./case-document.ts";
import { caseFileFields } from "./case-schema.ts";
import type { Verdict } from "./run-case.ts";
import { isPossible } from "./simpler.ts";
import { namesIn } from "./simpler-faults.ts";

export interface CaseFile {
  readonly case: Case;
  readonly expected: Expected | undefined;
}

/** The text of a case file. `heading`: lines of prose for its top. */
export function formatCase(subject: Case, verdict: Verdict, heading: readonly string[]): string {
  const mutation = (Object.keys(Mutation) as MutationName[]).find(
    (each) => Mutation[each] === subject.mutation,
  );
  return caseText(differing({ ...subject, mutation }, { ...EMPTY_CASE, mutation: "none" }), verdict, heading);
}

/** Throws a `ScenarioError` with every mistake that was found. */
export function parseCase(text: string, file: string): CaseFile {
  const { content, mistake } = readCaseDocument(text, file, caseFileFields);
  const { mutation, ...fields } = content.case;
  const subject = { ...fields, mutation: Mutation[mutation] } as unknown as Case;
  if (!isPossible(subject)) {
    throw mistake(["case", "cluster"], "there must be at least as many nodes of a kind as replicas on them");
  }
  const there = namesIn(subject);
  for (const list of ["timed", "repeated"] as const) {
    for (const [i, { fault }] of (subject.faults[list] ?? []).entries()) {
      const unknown = namesOf(fault).find((name) => !there.includes(name));
      if (unknown === undefined) continue;
      const message = `no process is named "${unknown}"${suggestion(unknown, there, "there are")}`;
      throw mistake(["case", "faults", list, i, "fault"], message);
    }
  }
  return { case: subject, expected: content.expected };
}

/** All processes that a fault names. */
export function namesOf(fault: object): string[] {
  return Object.values(fault).flatMap((end) => (end as Selector | undefined)?.names ?? []);
}
