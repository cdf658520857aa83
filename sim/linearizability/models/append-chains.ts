/**
 * Which writes made the values that were read from a cell with appends, where the values themselves tell: each value read has one
 * decomposition into a value written as a whole and texts appended to it, and no two appends have the same text. Texts with a
 * number or a name of their own are like that, as are lists of elements that are all different.
 *
 * An append that is part of a value read must then have taken effect on the value before it in that decomposition, and one that is
 * part of none leaves a value that nobody read.
 */

import { canonical } from "../canonical.ts";

/** How a value that was read came about. */
export interface Chain {
  /** What was written as a whole, as text; null for a cell without a value. */
  readonly base: string | null;
  /** The appends after it, as numbers of `appends`. */
  readonly appends: readonly number[];
}

/** Stands for a value that nobody can have written. */
export const UNWRITTEN = "unwritten";

/** Decomposes values: by the values written as a whole (null: the cell can be without) and by what was appended. */
export class Chains {
  private readonly bases = new Set<string>();
  private readonly baseLengths: readonly number[];
  private readonly hasNull: boolean;
  private readonly appends = new Map<string, number>();
  private readonly appendLengths: readonly number[];
  private readonly textOf: (value: unknown) => string | undefined;

  private constructor(
    textOf: (value: unknown) => string | undefined,
    bases: readonly (string | null)[],
    appends: readonly string[],
  ) {
    this.textOf = textOf;
    this.hasNull = bases.includes(null);
    for (const base of bases) if (base !== null) this.bases.add(base);
    appends.forEach((text, number) => {
      this.appends.set(text, number);
    });
    this.baseLengths = [...new Set(this.bases.values().map(({ length }) => length))];
    this.appendLengths = [...new Set(this.appends.keys().map(({ length }) => length))];
  }

  /** Undefined when values are of another kind than what is appended, or two appends are the same. */
  static of(written: readonly unknown[], appended: readonly unknown[]): Chains | undefined {
    const textOf = appended.every((value) => typeof value === "string") ? textOfText : textOfList;
    const bases = written.map((value) => (value === null ? null : textOf(value)));
    const appends = appended.map(textOf);
    if (!bases.every((base) => base !== undefined) || !appends.every((text) => text !== undefined))
      return undefined;
    if (new Set(appends).size < appends.length || appends.includes("")) return undefined;
    return new Chains(textOf, bases, appends);
  }

  /** The one decomposition of a value, `UNWRITTEN` when it has none, undefined when it has several. */
  decompose(value: unknown): Chain | typeof UNWRITTEN | undefined {
    if (value === null) return this.hasNull ? { base: null, appends: [] } : UNWRITTEN;
    const text = this.textOf(value);
    if (text === undefined) return UNWRITTEN;
    // Nothing appended leaves no value, which is not the empty one.
    if (text === "") return this.bases.has("") ? { base: "", appends: [] } : UNWRITTEN;
    // By place in the text: how many decompositions end there, and the last part of one: an append, or a base.
    const ways = new Uint8Array(text.length + 1);
    const last = new Int32Array(text.length + 1).fill(BASE);
    const lengths = new Int32Array(text.length + 1);
    if (this.hasNull) ways[0] = 1;
    for (const length of this.baseLengths) {
      if (length > text.length || !this.bases.has(text.slice(0, length))) continue;
      ways[length] = Math.min(2, ways[length]! + 1);
      lengths[length] = length;
    }
    for (let at = 0; at < text.length; at++) {
      if (ways[at] === 0) continue;
      for (const length of this.appendLengths) {
        if (at + length > text.length) continue;
        const append = this.appends.get(text.slice(at, at + length));
        if (append === undefined) continue;
        ways[at + length] = Math.min(2, ways[at + length]! + ways[at]!);
        last[at + length] = append;
        lengths[at + length] = length;
      }
    }
    if (ways[text.length] === 0) return UNWRITTEN;
    if (ways[text.length]! > 1) return undefined;
    const appends: number[] = [];
    let at = text.length;
    for (; last[at] !== BASE; at -= lengths[at]!) appends.push(last[at]!);
    const isNull = at === 0 && !this.bases.has("");
    return { base: isNull ? null : text.slice(0, at), appends: appends.reverse() };
  }

  /** A value written as a whole, as bases are named. */
  baseOf(value: unknown): string | null {
    return value === null ? null : this.textOf(value)!;
  }
}
const BASE = -1;

const textOfText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const textOfList = (value: unknown): string | undefined =>
  Array.isArray(value) ? value.map((element) => `${canonical(element)}\n`).join("") : undefined;
