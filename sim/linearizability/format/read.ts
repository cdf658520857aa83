/**
 * Reads a history from text: operations or events, as a JSON document, JSON Lines or EDN (docs/histories.md, "The format").
 */

import type { History } from "../history.ts";
import { HistoryError } from "../problems.ts";
import { parseEdn } from "./edn.ts";
import { historyOfEvents } from "./events.ts";
import { type Item, shown, type Vocabulary } from "./items.ts";
import { historyOfOperations } from "./operations.ts";

/** Reads a history; a `HistoryError` has everything that is wrong with it. */
export function parseHistory(text: string, vocabulary: Vocabulary): History {
  const items = itemsOf(text);
  const [first] = items;
  return first !== undefined && "type" in first.fields
    ? historyOfEvents(items, vocabulary)
    : historyOfOperations(items, vocabulary);
}

/** A map whose first key is a keyword, perhaps in a list, after comments. */
const EDN_BEGINNING = /^(?:\s|;.*\n|[[(])*(?:#[\w./-]+\s*)?\{\s*:/;

function itemsOf(text: string): Item[] {
  const start = text.trimStart();
  if (EDN_BEGINNING.test(start)) {
    return parseEdn(text).map(({ value, line }, place) => itemOf(value, line, place));
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    if (start.startsWith("{") && /\}\s*\n\s*\{/.test(start)) return itemsOfLines(text);
    throw new HistoryError([{ field: "", message: syntaxMessage(error) }]);
  }
  const list = listIn(document);
  return list.map((value, place) => itemOf(value, undefined, place));
}

function listIn(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const fields = (typeof document === "object" && document !== null ? document : {}) as Record<
    string,
    unknown
  >;
  for (const name of ["operations", "events", "history"]) {
    if (Array.isArray(fields[name])) return fields[name];
  }
  if ("process" in fields) return [document];
  throw new HistoryError([
    {
      field: "",
      message: 'is no history: a list is wanted, or an object with the list "operations" or "events"',
    },
  ]);
}

function itemsOfLines(text: string): Item[] {
  const items: Item[] = [];
  text.split("\n").forEach((content, index) => {
    if (content.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      throw new HistoryError([{ line: index + 1, field: "", message: syntaxMessage(error) }]);
    }
    items.push(itemOf(value, index + 1, items.length));
  });
  return items;
}

function itemOf(value: unknown, line: number | undefined, place: number): Item {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { fields: value as Record<string, unknown>, line };
  }
  const problem = {
    operation: place,
    field: "",
    message: `is ${shown(value)}; an object with fields is wanted`,
  };
  throw new HistoryError([line === undefined ? problem : { ...problem, line }]);
}

const syntaxMessage = (error: unknown): string =>
  `is no JSON: ${error instanceof Error ? error.message : String(error)}`;
