/** What a sweep varies: `cluster.storages=3,5,9` or `boki.globalCut=50us..2ms:log:8`. */

import {
  BIT_RATE,
  BYTE_RATE,
  FACTOR,
  formatQuantity,
  parseQuantity,
  type QuantityKind,
  RATE,
  SIZE,
  TIME,
} from "../quantity.ts";

/** A field of the scenario and its values, as `--set` takes them. */
export interface Swept {
  readonly path: string;
  readonly values: readonly string[];
}

export type Over =
  | { readonly ok: true; readonly swept: Swept }
  | { readonly ok: false; readonly reason: string };

/** Values of one field: more make a page that nobody reads. */
const VALUES_MAX = 1_000;
const KINDS: readonly QuantityKind[] = [FACTOR, TIME, SIZE, RATE, BIT_RATE, BYTE_RATE];
const RANGE = /^(.+?)\.\.(.+?)(?::(lin|log))?(?::(\d+))?$/;
/** Digits of a value within a range. */
const DIGITS = 4;

export function parseOver(text: string): Over {
  const [, path, written] = /^([^=\s]+)=(.+)$/.exec(text.trim()) ?? [];
  if (path === undefined || written === undefined) {
    return wrong(
      "it has the form path=values, such as cluster.storages=3,5,9 or boki.globalCut=50us..2ms:log:8",
    );
  }
  const range = RANGE.exec(written.trim());
  if (range === null) {
    const values = written.split(",").map((each) => each.trim());
    const repeated = values.find((each, i) => each === "" || values.indexOf(each) !== i);
    if (repeated !== undefined)
      return wrong(repeated === "" ? "a value is missing between commas" : `${repeated} is there twice`);
    return { ok: true, swept: { path, values } };
  }
  const [, from = "", to = "", spacing = "lin", count] = range;
  if (count === undefined) return wrong("a range says how many values it has, such as 50us..2ms:log:8");
  return expand(path, from.trim(), to.trim(), spacing === "log", Number(count));
}

function expand(path: string, from: string, to: string, logarithmic: boolean, count: number): Over {
  if (count < 2 || count > VALUES_MAX) return wrong(`a range has 2 to ${VALUES_MAX} values, not ${count}`);
  for (const kind of KINDS) {
    const [low, high] = [parseQuantity(kind, from), parseQuantity(kind, to)];
    if (!low.ok || !high.ok) continue;
    if (!(low.value < high.value)) return wrong(`${from} is not below ${to}`);
    if (logarithmic && low.value <= 0) return wrong(`a logarithmic range cannot begin at ${from}`);
    const values = Array.from({ length: count }, (_, i) => {
      const share = i / (count - 1);
      const value = logarithmic
        ? low.value * (high.value / low.value) ** share
        : low.value + (high.value - low.value) * share;
      if (i === 0) return from;
      if (i === count - 1) return to;
      const short = Number(value.toPrecision(DIGITS));
      return kind === FACTOR
        ? String(isWhole(from) && isWhole(to) ? Math.round(short) : short)
        : formatQuantity(kind, Math.round(short));
    });
    return { ok: true, swept: { path, values: [...new Set(values)] } };
  }
  return wrong(`${from} and ${to} are not two values of one kind, such as 50us and 2ms`);
}

const isWhole = (text: string): boolean => /^\d+$/.test(text);

const wrong = (reason: string): Over => ({ ok: false, reason });
