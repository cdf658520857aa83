/**
 * Whom a fault strikes, as people write it: `storage-2`, `storages`, `any 2 storages`, `primary of log 2`, `any backup`, `any idle
 * worker of Feed`, or a list of names.
 */

import { z } from "zod";
import { readPart } from "../models/boki/parts.ts";
import type { Selector } from "../sim/faults/fault.ts";
import { type FieldDoc, text } from "./fields.ts";

/** Groups in the log by the word for one of them; models/boki/parts.ts says what those are that are no roles. */
const LOG_GROUPS = {
  storage: "storages",
  engine: "engines",
  sequencer: "sequencers",
  worker: "workers",
  client: "clients",
  node: "nodes",
  backup: "backups",
  process: "processes",
} as const;
/** Further ones where applications run. */
const RUNTIME_GROUPS = {
  launcher: "launchers",
  server: "servers",
  watchdog: "watchdogs",
  store: "stores",
  queue: "queues",
  consumer: "consumers",
  "web server": "web servers",
} as const;
const PLURALS = { ...LOG_GROUPS, ...RUNTIME_GROUPS };
type Singular = keyof typeof PLURALS;

/** Words that a selector in the log may be, besides the names of processes; shown to a person who wrote another. */
export const SELECTOR_WORDS: readonly string[] = [
  "primary",
  "primary of log 1",
  ...Object.values(LOG_GROUPS),
  ...Object.keys(LOG_GROUPS).map((singular) => `any ${singular}`),
  ...Object.values(LOG_GROUPS).map((plural) => `all ${plural}`),
  ...Object.values(LOG_GROUPS).map((plural) => `any 2 ${plural}`),
];

const OF_LOG = "(?: of log [1-9]\\d*)?";
const QUANTIFIER = "(?:(all|any|any [1-9]\\d*) )?";
const GROUP = new RegExp(
  `^${QUANTIFIER}(?:(${Object.values(PLURALS).join("|")})|(${Object.keys(PLURALS).join("|")}))(${OF_LOG})$`,
);
/** Parts of Nightcore (models/nightcore/parts.ts), of a function or on a node. */
const RUNTIME_PART = new RegExp(
  `^${QUANTIFIER}(?:((?:idle|running) worker|launcher|engine|process)|((?:idle|running) workers|launchers|engines|processes))((?: of (?!log )\\w[\\w-]*)?(?: on node [1-9]\\d*)?)$`,
);
const NAME = /^[A-Za-z][\w.-]*$/;
const ONE = new RegExp(`${GROUP.source}|^primary${OF_LOG}$|${RUNTIME_PART.source}|${NAME.source}`);

/** Reads a selector. What is none of its words is taken for the name of a process. */
export function parseSelector(written: string): Selector {
  if (readPart(written)?.part === "primary") return { part: written };
  const match = GROUP.exec(written);
  if (match === null) return parseRuntimePart(written) ?? { names: [written] };
  const [, quantifier = "all", plural, singular, ofLog = ""] = match;
  const word = singular ?? singularOf(plural!);
  const isPart = word === "node" || word === "backup" || word === "process";
  // "engines of log 2" is not said.
  if (!isSaid(quantifier, singular !== undefined) || (ofLog !== "" && word !== "backup")) {
    return { names: [written] };
  }
  const role = word === "web server" ? "web" : word;
  return {
    ...(isPart ? { part: `${PLURALS[word as Singular]}${ofLog}` } : { role }),
    ...counted(quantifier),
  };
}

/** `any idle worker`, `running workers of Feed on node 2`; undefined for anything else. */
function parseRuntimePart(written: string): Selector | undefined {
  const match = RUNTIME_PART.exec(written);
  if (match === null) return undefined;
  const [, quantifier = "all", one, many, where] = match;
  if (!isSaid(quantifier, one !== undefined)) return undefined;
  const which = one ?? (many === "processes" ? "process" : many!.slice(0, -"s".length));
  return { part: `${which === "process" ? "processes" : which}${where}`, ...counted(quantifier) };
}

/** "any storage", "any 2 storages" and "storages" are said; "all storage" and "storage" alone are not. */
const isSaid = (quantifier: string, isOne: boolean): boolean => isOne === (quantifier === "any");

const counted = (quantifier: string): { count?: number } =>
  quantifier === "all" ? {} : { count: Number(quantifier.slice("any ".length) || 1) };

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
