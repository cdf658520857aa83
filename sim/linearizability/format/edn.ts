/**
 * Reads EDN, the notation of Jepsen's histories, as far as they use it: maps, vectors, lists, sets, keywords, symbols, text, characters,
 * numbers, nil, booleans, tags (ignored) and comments. Keywords become text without the colon.
 */

import { HistoryError } from "../problems.ts";

export interface EdnValue {
  readonly value: unknown;
  /** Line where it begins, from 1. */
  readonly line: number;
}

/** All values of a text; when it is a single list or vector, its elements. */
export function parseEdn(text: string): EdnValue[] {
  const reader = new Reader(text);
  const start = reader.lineAhead();
  const opening = reader.peek();
  if (opening === "[" || opening === "(") {
    reader.skip();
    const elements = reader.until(opening === "[" ? "]" : ")");
    if (reader.peek() !== undefined) reader.fail("has more after the end of its list", start);
    return elements;
  }
  return reader.until(undefined);
}

const CLOSING: Readonly<Record<string, string>> = { "{": "}", "[": "]", "(": ")" };
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };
const NO_TOKEN = /[\s,()[\]{}";]/;

class Reader {
  private at = 0;
  private line = 1;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  fail(message: string, line = this.line): never {
    throw new HistoryError([{ line, field: "", message: `is no EDN: it ${message}` }]);
  }

  /** The next character that means something, or undefined at the end. */
  peek(): string | undefined {
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at]!;
      if (character === "\n") this.line++;
      else if (character === ";") {
        while (this.at + 1 < this.text.length && this.text[this.at + 1] !== "\n") this.at++;
      } else if (!/[\s,]/.test(character)) return character;
    }
    return undefined;
  }

  lineAhead(): number {
    this.peek();
    return this.line;
  }

  skip(): void {
    this.at++;
  }

  /** Values up to a closing bracket, or to the end of the text. */
  until(closing: string | undefined): EdnValue[] {
    const values: EdnValue[] = [];
    // Nested only as deep as values are: no history nests without bound.
    for (;;) {
      const next = this.peek();
      if (next === closing) {
        if (closing !== undefined) this.skip();
        return values;
      }
      if (next === undefined) this.fail(`ends without ${closing}`);
      const { line } = this;
      values.push({ value: this.value(next), line });
    }
  }

  private value(first: string): unknown {
    if (first === "{") {
      this.skip();
      return this.map();
    }
    if (first === "[" || first === "(") {
      this.skip();
      return this.until(CLOSING[first]!).map(({ value }) => value);
    }
    if (first === '"') return this.string();
    if (first === "#") return this.dispatch();
    if (first === "\\") return this.character();
    const token = this.token();
    if (token === "") this.fail(`has ${first} where a value is wanted`);
    if (token === "nil") return null;
    if (token === "true" || token === "false") return token === "true";
    if (/^[+-]?\d/.test(token)) return this.number(token);
    return token.startsWith(":") ? token.slice(1) : token;
  }

  private map(): Record<string, unknown> {
    const { line } = this;
    const values = this.until("}");
    if (values.length % 2 !== 0) this.fail("has a map with a key that has no value", line);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < values.length; i += 2) {
      const { value } = values[i]!;
      map[typeof value === "string" ? value : JSON.stringify(value)] = values[i + 1]!.value;
    }
    return map;
  }

  private dispatch(): unknown {
    this.skip();
    const next = this.text[this.at];
    if (next === "{") {
      this.skip();
      return this.until("}").map(({ value }) => value);
    }
    if (next === "_") {
      this.skip();
      this.value(this.peek() ?? this.fail("ends after #_"));
    } else this.token();
    return this.value(this.peek() ?? this.fail("ends after a tag"));
  }

  private string(): string {
    let result = "";
    for (this.skip(); this.at < this.text.length; this.skip()) {
      const character = this.text[this.at]!;
      if (character === '"') {
        this.skip();
        return result;
      }
      if (character === "\n") this.line++;
      if (character !== "\\") result += character;
      else if (this.text[this.at + 1] === "u") {
        result += String.fromCharCode(Number.parseInt(this.text.slice(this.at + 2, this.at + 6), 16));
        this.at += 5;
      } else {
        this.skip();
        const escaped = this.text[this.at] ?? "";
        result += ESCAPES[escaped] ?? escaped;
      }
    }
    return this.fail("has a text that does not end");
  }

  private character(): string {
    this.skip();
    const first = this.text[this.at] ?? this.fail("ends after a backslash");
    this.skip();
    return first + this.token();
  }

  private token(): string {
    const start = this.at;
    while (this.at < this.text.length && !NO_TOKEN.test(this.text[this.at]!)) this.at++;
    return this.text.slice(start, this.at);
  }

  private number(token: string): unknown {
    const digits = token.replace(/[NM]$/, "");
    const value = Number(digits);
    if (Number.isNaN(value)) return token;
    // An integer that a double does not hold stays text, so that two of them stay two.
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? digits : value;
  }
}
