/**
 * Whom a fault strikes, as people write it: `storage-2`, `storages`, `any 2 storages`, `primary of log 2`, `any backup`, or a
 * list of names.
 */

import { z } from "zod";
import { readPart } from "../models/boki/parts.ts";
import type { Selector } from "../sim/faults/fault.ts";
import { type FieldDoc, text } from "./fields.ts";

/** Groups by the word for one of them; models/boki/parts.ts says what those are that are no roles. */
const PLURALS = {
  storage: "storages",
  engine: "engines",
  sequencer: "sequencers",
  worker: "workers",
  client: "clients",
  node: "nodes",
  backup: "backups",
  process: "processes",
} as const;
type Singular = keyof typeof PLURALS;

/** Words that a selector may be, besides the names of processes; shown to a person who wrote another. */
export const SELECTOR_WORDS: readonly string[] = [
  "primary",
  "primary of log 1",
  ...Object.values(PLURALS),
  ...Object.keys(PLURALS).map((singular) => `any ${singular}`),
  ...Object.values(PLURALS).map((plural) => `all ${plural}`),
  ...Object.values(PLURALS).map((plural) => `any 2 ${plural}`),
];

const OF_LOG = "(?: of log [1-9]\\d*)?";
const GROUP = new RegExp(
  `^(?:(all|any|any [1-9]\\d*) )?(?:(${Object.values(PLURALS).join("|")})|(${Object.keys(PLURALS).join("|")}))(${OF_LOG})$`,
);
const NAME = /^[A-Za-z][\w.-]*$/;
const ONE = new RegExp(`${GROUP.source}|^primary${OF_LOG}$|${NAME.source}`);

/** Reads a selector. What is none of its words is taken for the name of a process. */
export function parseSelector(written: string): Selector {
  if (readPart(written)?.part === "primary") return { part: written };
  const match = GROUP.exec(written);
  if (match === null) return { names: [written] };
  const [, quantifier = "all", plural, singular, ofLog = ""] = match;
  const role = singular ?? singularOf(plural!);
  const isPart = role === "node" || role === "backup" || role === "process";
  // "any storage", "any 2 storages" and "storages" are said; "all storage" and "storage" alone are not, nor is "engines of log 2".
  const isSaid = (singular === undefined) === (quantifier !== "any") && (ofLog === "" || role === "backup");
  if (!isSaid) return { names: [written] };
  const count = quantifier === "all" ? undefined : Number(quantifier.slice("any ".length) || 1);
  return {
    ...(isPart ? { part: `${PLURALS[role as Singular]}${ofLog}` } : { role }),
    ...(count === undefined ? {} : { count }),
  };
}

const singularOf = (plural: string): string =>
  Object.entries(PLURALS).find(([, each]) => each === plural)![0];

/** A field that says whom. Whether such processes exist is a matter of the cluster (rules-faults.ts). */
export function selector(doc: FieldDoc) {
  const one = text(
    { ...doc },
    ONE,
    "any storage",
    'does not name processes, as "storage-2", "primary" or "any 2 storages" do',
  ).transform((written): WrittenSelector => ({ written, selector: parseSelector(written) }));
  const many = z
    .array(text({ description: "Name of a process." }, NAME, "storage-1", "is not the name of a process"))
    .min(1, { error: "must name a process" })
    .transform((names): WrittenSelector => ({ written: names.join(", "), selector: { names } }));
  return z.union([one, many]).meta({ ...doc, kind: "processes" });
}

/** A selector and its words, for labels. */
export interface WrittenSelector {
  readonly written: string;
  readonly selector: Selector;
}
