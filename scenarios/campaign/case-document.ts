/**
 * Cases of any system as files: YAML with a `case` block, what it came to, and above it in words what was found. Only what differs from
 * a case of nothing is written.
 */

import { Document, isMap, isSeq, visit } from "yaml";
import type { z } from "zod";
import { type Problem, ScenarioError, shown } from "../problems.ts";
import { keyOf, problemAt, readSource } from "../source.ts";
import { BOKISIM_VERSION } from "../version.ts";

/** What a run came to when its case was written; with another version of bokisim it may differ. */
export interface Expected {
  readonly version: string;
  readonly digest: string;
  readonly failures: readonly string[];
}

const LINE_WIDTH = 120;

/** The text of a case file. `fields`: what stands in the block, in its order. `heading`: lines of prose for its top. */
export function caseText(
  fields: object,
  { digest, counts }: { readonly digest: string; readonly counts: object },
  heading: readonly string[],
): string {
  const failures = Object.keys(counts).sort();
  const expected: Expected = { version: BOKISIM_VERSION, digest, failures };
  const document = new Document({ case: fields, expected }, { aliasDuplicateObjects: false });
  // What has no list or mapping with several entries below it stands on one line.
  visit(document, {
    Collection(_, node) {
      if ((isSeq(node) || isMap(node)) && depthOf(node.toJSON()) <= 2) node.flow = true;
    },
  });
  const prose = heading.flatMap((line) => wrapped(line)).map((line) => `# ${line}`.trimEnd());
  return `${prose.join("\n")}\n\n${document.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: true })}`;
}

/** The fields that differ from the defaults, and the seed. */
export function differing(fields: object, defaults: object): Record<string, unknown> {
  const usual = new Map<string, unknown>(Object.entries(defaults));
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([field, value]) => field === "seed" || JSON.stringify(value) !== JSON.stringify(usual.get(field)),
    ),
  );
}

export interface CaseDocument<Fields> {
  readonly content: Fields;
  /** A mistake at the place of a path of the file, or at the nearest that there is. */
  readonly mistake: (path: readonly (string | number)[], message: string) => ScenarioError;
}

/** Reads a case file by its schema; throws a `ScenarioError` with every mistake that was found. */
export function readCaseDocument<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
): CaseDocument<z.output<Schema>> {
  const { source, problems } = readSource(text, file);
  if (problems.length > 0) throw new ScenarioError(problems);
  const problemOf = (path: readonly (string | number)[], message: string): Problem =>
    problemAt(source, nearestSpan(path), path.join("."), message);
  const parsed = schema.safeParse(source.value);
  if (!parsed.success) {
    throw new ScenarioError(
      parsed.error.issues.map((issue) =>
        problemOf(issue.path as (string | number)[], messageOf(issue, source.value)),
      ),
    );
  }
  return {
    content: parsed.data,
    mistake: (path, message) => new ScenarioError([problemOf(path, message)]),
  };

  function nearestSpan(path: readonly (string | number)[]) {
    for (let length = path.length; length >= 0; length--) {
      const place = source.places.get(keyOf(path.slice(0, length)));
      if (place !== undefined) return place.value;
    }
    return { start: 0, end: 0 };
  }
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
