/** The state of a process, and what its steps changed, as text for the terminal. */

import pc from "picocolors";
import type { Patch, Plain } from "../scenarios/tracing/plain-state.ts";
import type { StateChange, States } from "../scenarios/tracing/states.ts";
import { formatCount } from "./format.ts";

/** Of longer lists and maps the first and the last are shown. */
const SHOWN_MAX = 12;
const FIRST = 6;
const LAST = 3;
const VALUE_LETTERS_MAX = 90;
const LINE_LETTERS_MAX = 108;

export function renderStates(
  { node, scenario, variant, seed, atNanos, up, state, changes, ...rest }: States,
  colour: boolean,
): string {
  const colours = pc.createColors(colour);
  const run = [scenario, ...(variant === "base" ? [] : [variant]), `seed ${seed}`].join(", ");
  const heading = `${colours.bold(`${node} at ${moment(atNanos)}`)} ${colours.dim(`(${run}${up ? "" : ", down"})`)}`;
  const lines = [heading, "", ...stateLines(shortened(state), "  "), ""];
  if (rest.untilNanos === null) return `${lines.join("\n")}\n`;
  lines.push(
    colours.bold(`${formatCount(changes.length)} steps up to ${moment(rest.untilNanos)}`),
    "",
    ...changes.flatMap((change) => [
      ...changeLines(change).map((line, i) => (i === 0 ? colours.bold(line) : line)),
    ]),
  );
  return `${lines.join("\n")}\n`;
}

/** When and what was taken in; then a line for each change. */
export function changeLines({ atNanos, inputs, patches }: StateChange): string[] {
  const what = inputs.map(({ kind, name, from }) =>
    from === null ? `${kind} ${name}` : `${name} from ${from}`,
  );
  return [
    `${moment(atNanos)}  ${what.length === 0 ? "began anew" : what.join(", ")}`,
    ...(patches.length === 0 ? ["    nothing changed"] : patches.map((patch) => `    ${patchText(patch)}`)),
  ];
}

/** `live.17: + {…}`, `tail: 3 → 4`. */
function patchText({ op, path, value, was }: Patch): string {
  const at = path.length === 0 ? "the state" : path.join(".");
  const text = (each: Plain | undefined): string => (each === undefined ? "" : clipped(inline(each)));
  switch (op) {
    case "add":
      return `${at}: + ${text(value)}`;
    case "remove":
      return `${at}: − ${text(was)}`;
    case "replace":
      return `${at}: ${text(was)} → ${text(value)}`;
  }
}

const clipped = (text: string): string =>
  text.length <= VALUE_LETTERS_MAX ? text : `${text.slice(0, VALUE_LETTERS_MAX - 1)}…`;

/** In seconds to the nanosecond, as `--at` takes it. */
export const moment = (nanos: number): string => `${(nanos / 1e9).toFixed(9).replace(/0{1,6}$/, "")}s`;

/** Whatever fits on a line is on one; the rest is a line for each field or element, further in. */
function stateLines(value: Plain, margin: string): string[] {
  if (typeof value !== "object" || value === null) return [`${margin}${inline(value)}`];
  return Object.entries(value).flatMap(([key, each]) => {
    const name = Array.isArray(value) ? "-" : `${key}:`;
    const line = `${margin}${name} ${inline(each)}`;
    if (line.length <= LINE_LETTERS_MAX || typeof each !== "object" || each === null) return [line];
    return [`${margin}${name}`, ...stateLines(each, `${margin}  `)];
  });
}

/** As JSON, without what only machines need. */
function inline(value: Plain): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  const pairs = Object.entries(value).map(([key, each]) => `${key}: ${inline(each)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

function shortened(value: Plain): Plain {
  if (Array.isArray(value)) {
    const list = value as readonly Plain[];
    if (list.length <= SHOWN_MAX) return list.map(shortened);
    const hidden = `… ${formatCount(list.length - FIRST - LAST)} more`;
    return [...list.slice(0, FIRST).map(shortened), hidden, ...list.slice(-LAST).map(shortened)];
  }
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value);
  // Fields of a state have names; numbers and the like are keys of a map, of which there may be thousands.
  const isMap = pairs.length > SHOWN_MAX && pairs.every(([key]) => !/^[a-zA-Z]\w*$/.test(key));
  if (!isMap) return Object.fromEntries(pairs.map(([key, each]) => [key, shortened(each)]));
  return Object.fromEntries([
    ...pairs.slice(0, FIRST).map(([key, each]) => [key, shortened(each)] as const),
    ["…", `${formatCount(pairs.length - FIRST - LAST)} more`] as const,
    ...pairs.slice(-LAST).map(([key, each]) => [key, shortened(each)] as const),
  ]);
}
