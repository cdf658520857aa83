/**
 * A case as a file that `bokisim run` replays: YAML with a `case` block, what it came to, and above it in words what was found.
 * Reading it back gives the same case, hence the same run.
 */

import { Document, isMap, isSeq, visit } from "yaml";
import type { z } from "zod";
import { Mutation, type MutationName } from "../../models/boki/mutations.ts";
import type { Selector } from "../../sim/faults/fault.ts";
import { type Problem, ScenarioError, shown, suggestion } from "../problems.ts";
import { keyOf, problemAt, readSource } from "../source.ts";
import { BOKISIM_VERSION } from "../version.ts";
import { type Case, EMPTY_CASE } from "./case.ts";
import { caseFileFields } from "./case-schema.ts";
import type { Verdict } from "./run-case.ts";
import { isPossible } from "./simpler.ts";
import { namesIn } from "./simpler-faults.ts";

export interface Expected {
  readonly version: string;
  readonly digest: string;
  readonly failures: readonly string[];
}

export interface CaseFile {
  readonly case: Case;
  readonly expected: Expected | undefined;
}

const LINE_WIDTH = 120;

/** The text of a case file. `heading`: lines of prose for its top. */
export function formatCase(subject: Case, verdict: Verdict, heading: readonly string[]): string {
  const expected: Expected = {
    version: BOKISIM_VERSION,
    digest: verdict.digest,
    failures: Object.keys(verdict.counts).sort(),
  };
  const document = new Document({ case: written(subject), expected }, { aliasDuplicateObjects: false });
  // What has no list or mapping with several entries below it stands on one line.
  visit(document, {
    Collection(_, node) {
      if ((isSeq(node) || isMap(node)) && depthOf(node.toJSON()) <= 2) node.flow = true;
    },
  });
  const prose = heading.flatMap((line) => wrapped(line)).map((line) => `# ${line}`.trimEnd());
  return `${prose.join("\n")}\n\n${document.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: true })}`;
}

/** What differs from a case of nothing. */
function written(subject: Case): Record<string, unknown> {
  const name = (Object.keys(Mutation) as MutationName[]).find((each) => Mutation[each] === subject.mutation);
  const fields = { ...subject, mutation: name };
  const defaults: Record<string, unknown> = { ...EMPTY_CASE, mutation: "none" };
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([field, value]) => field === "seed" || JSON.stringify(value) !== JSON.stringify(defaults[field]),
    ),
  );
}

/** Throws a `ScenarioError` with every mistake that was found. */
export function parseCase(text: string, file: string): CaseFile {
  const { source, problems } = readSource(text, file);
  if (problems.length > 0) throw new ScenarioError(problems);
  const parsed = caseFileFields.safeParse(source.value);
  if (!parsed.success) {
    throw new ScenarioError(
      parsed.error.issues.map((issue): Problem => {
        const path = issue.path as (string | number)[];
        const place = nearestPlace(path);
        const span = place?.value ?? { start: 0, end: 0 };
        return problemAt(source, span, path.join("."), messageOf(issue, source.value));
      }),
    );
  }
  const { mutation, ...fields } = parsed.data.case;
  const subject = { ...fields, mutation: Mutation[mutation] } as unknown as Case;
  if (!isPossible(subject)) {
    const place = nearestPlace(["case", "cluster"])!;
    const message = "there must be at least as many nodes of a kind as replicas on them";
    throw new ScenarioError([problemAt(source, place.value, "case.cluster", message)]);
  }
  const there = namesIn(subject);
  for (const list of ["timed", "repeated"] as const) {
    for (const [i, { fault }] of (subject.faults[list] ?? []).entries()) {
      const unknown = namesOf(fault).find((name) => !there.includes(name));
      if (unknown === undefined) continue;
      const path = ["faults", list, i, "fault"] as const;
      const place = nearestPlace(["case", ...path])!;
      const message = `no process is named "${unknown}"${suggestion(unknown, there, "there are")}`;
      throw new ScenarioError([problemAt(source, place.value, `case.${path.join(".")}`, message)]);
    }
  }
  return { case: subject, expected: parsed.data.expected };

  function nearestPlace(path: readonly (string | number)[]) {
    for (let length = path.length; length >= 0; length--) {
      const place = source.places.get(keyOf(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return undefined;
  }
}

/** All processes that a fault names. */
function namesOf(fault: object): string[] {
  return Object.values(fault).flatMap((end) => (end as Selector | undefined)?.names ?? []);
}

function messageOf(issue: z.core.$ZodIssue, content: unknown): string {
  const found = (issue.path as (string | number)[]).reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | undefined)?.[step],
    content,
  );
  switch (issue.code) {
    case "unrecognized_keys":
      return `unknown field ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_value":
      return `found ${shown(found)}; allowed: ${issue.values.map(String).join(", ")}`;
    default:
      return `found ${shown(found)}: ${issue.message}`;
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const entries = Object.values(value);
  return entries.length === 0 ? 1 : 1 + Math.max(...entries.map(depthOf));
}

/** Lines of at most the width, broken at spaces. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > LINE_WIDTH - 2) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
