/** A scenario file as plain data, with the place in the text where each value stands. */

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from "yaml";
import { valueAt } from "./findings.ts";
import type { Problem } from "./problems.ts";
import { shown } from "./problems.ts";

export type Path = readonly (string | number)[];

/** Offsets into the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a value stands and, in a mapping, its key. */
export interface Place {
  readonly key: Span | undefined;
  readonly value: Span;
}

export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  /** Mappings, lists and scalars; a field left empty is left out. */
  readonly value: Record<string, unknown>;
  readonly places: ReadonlyMap<string, Place>;
}

/** Aliases multiply values: a file of a few lines could stand for billions of them. */
const VALUES_MAX = 100_000;
const DEPTH_MAX = 50;

export function keyOf(path: Path): string {
  return JSON.stringify(path);
}

/** Reads YAML 1.2; with problems the value is not to be trusted. */
export function readSource(text: string, file: string): { source: Source; problems: Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const source = { file, text, lines, value: {} as Record<string, unknown>, places };
  const isOurs = ({ code }: YAMLError): boolean => Object.hasOwn(SYNTAX_MESSAGES, code);
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  // After a slip in the syntax the parser finds more that follow from it.
  const firstSlip = errors.find((error) => !isOurs(error));
  for (const error of errors) {
    if (!isOurs(error) && error !== firstSlip) continue;
    const [start, end] = error.pos;
    problems.push(problemAt(source, { start, end }, "", syntaxMessage(error)));
  }
  if (problems.length > 0) return { source, problems };

  const whole: Span = { start: 0, end: 0 };
  let values = 0;
  const open = new Set<Node>();

  function convert(node: unknown, path: Path, key: Span | undefined): unknown {
    const value = spanOf(node) ?? key ?? whole;
    const complain = (message: string): undefined => {
      problems.push(problemAt(source, value, path.join("."), message));
    };
    if (values++ > VALUES_MAX) {
      if (values === VALUES_MAX + 2)
        complain(`more than ${VALUES_MAX} values, aliases counted; a scenario is far smaller`);
      return undefined;
    }
    if (path.length > DEPTH_MAX) return complain(`nested more than ${DEPTH_MAX} deep`);
    // What an alias stands for is shown where it is written out, its key where the alias is.
    places.set(keyOf(path), { key, value });
    const target = isAlias(node) ? node.resolve(document) : (node as Node | null);
    if (target === undefined) return complain("unknown alias");
    if (target === null) return null;
    if (isScalar(target)) return target.value;
    if (open.has(target)) return complain("an alias must not stand inside what it stands for");
    open.add(target);
    try {
      if (isSeq(target)) return target.items.map((item, i) => convert(item, [...path, i], undefined));
      if (isMap(target)) return convertMap(target, path);
      return complain("must be a mapping, a list or a scalar");
    } finally {
      open.delete(target);
    }
  }

  function convertMap(
    map: { items: { key: unknown; value: unknown }[] },
    path: Path,
  ): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const merged: { node: unknown; key: Span }[] = [];
    for (const pair of map.items) {
      const keySpan = spanOf(pair.key) ?? whole;
      const name = isScalar(pair.key) ? keyText(pair.key.value, keySpan) : undefined;
      if (name === undefined || name === "__proto__") {
        problems.push(problemAt(source, keySpan, path.join("."), "a field's name must be a plain word"));
        continue;
      }
      if (name === "<<") {
        merged.push({ node: pair.value, key: keySpan });
        continue;
      }
      const value = convert(pair.value, [...path, name], keySpan);
      // A field without a value is as good as none; its place stays known.
      if (value !== null) result[name] = value;
    }
    for (const { node, key } of merged) merge(node, key, path, result);
    return result;
  }

  /** `<<: *other` takes over the fields of another mapping that are not given here. */
  function merge(node: unknown, key: Span, path: Path, into: Record<string, unknown>): void {
    const target = isAlias(node) ? node.resolve(document) : node;
    const parts = isSeq(target) ? target.items : [node];
    for (const part of parts) {
      const map = isAlias(part) ? part.resolve(document) : part;
      if (!isMap(map) || open.has(map)) {
        problems.push(
          problemAt(source, key, path.join("."), '"<<" takes an alias of another mapping, such as *base'),
        );
        continue;
      }
      open.add(map);
      for (const [name, value] of Object.entries(convertMap(withoutKnown(map, into), path)))
        into[name] ??= value;
      open.delete(map);
    }
  }

  /** Only fields that are taken over may set their place. */
  function withoutKnown(map: { items: { key: unknown; value: unknown }[] }, known: object) {
    return {
      items: map.items.filter(({ key }) => !(isScalar(key) && Object.hasOwn(known, String(key.value)))),
    };
  }

  function keyText(key: unknown, span: Span): string | undefined {
    if (typeof key === "string") return key;
    return key === null || typeof key === "object" ? undefined : text.slice(span.start, span.end);
  }

  const value = convert(document.contents, [], undefined);
  if (problems.length === 0 && (typeof value !== "object" || value === null || Array.isArray(value))) {
    const span = spanOf(document.contents) ?? whole;
    const found = value === null ? "the file is empty" : `found ${shown(value)}`;
    problems.push(
      problemAt(source, span, "", `${found}; a scenario is a mapping that begins with "name: ..."`),
    );
  } else {
    source.value = value as Record<string, unknown>;
  }
  return { source, problems };
}

/** A problem at a place of the file. */
export function problemAt(
  { file, text, lines }: Pick<Source, "file" | "text" | "lines">,
  span: Span,
  path: string,
  message: string,
): Problem {
  // Behind the last line break there may be nothing to show: the end of the file is the end of its last line.
  const start = Math.min(span.start, text.trimEnd().length);
  const { line, col } = lines.lineStarts.length === 0 ? { line: 1, col: 1 } : lines.linePos(start);
  const lineStart = start - (col - 1);
  const lineEnd = text.indexOf("\n", lineStart);
  const source = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, "");
  const length = Math.max(1, Math.min(span.end - span.start, source.length - (col - 1)));
  return { where: file, line, column: col, source, length, path, message };
}

function spanOf(node: unknown): Span | undefined {
  const range = (node as { range?: [number, number, number] | null } | null | undefined)?.range;
  return range == null ? undefined : { start: range[0], end: range[1] };
}

/** Our words for what people do most; the library's for the rest. */
const SYNTAX_MESSAGES: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  DUPLICATE_KEY: "this field is given twice",
  TAB_AS_INDENT: "YAML does not allow a tab here; indent with spaces",
  MULTIPLE_DOCS: 'a file holds one scenario; remove the "---" and what follows',
};

function syntaxMessage({ code, message }: YAMLError): string {
  return SYNTAX_MESSAGES[code] ?? `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

/** Where a field stands, or where the nearest mapping around it begins. */
export function spanAt({ places, value: content }: Source, path: Path, at?: "key"): Span {
  for (let length = path.length; length >= 0; length--) {
    const place = places.get(keyOf(path.slice(0, length)));
    if (place === undefined) continue;
    const value = valueAt(content, path.slice(0, length));
    const isWhole = length === path.length;
    // A mapping or list begins on a line of its own; its key says better what is meant.
    const byKey = at === "key" || !isWhole || typeof value === "object" || value === undefined;
    if (byKey && place.key !== undefined) return place.key;
    return isWhole && typeof value !== "object"
      ? place.value
      : { start: place.value.start, end: place.value.start + 1 };
  }
  return { start: 0, end: 1 };
}
