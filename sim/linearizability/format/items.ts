/** The operations or events of a history file, before they are read, and what is wrong with them. */

import { closest, distance } from "fastest-levenshtein";
import type { Model } from "../model.ts";
import { HistoryError, type HistoryProblem } from "../problems.ts";

/** An operation or event as it stands in the file, and its line where it has one of its own. */
export interface Item {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly line: number | undefined;
}

/** What reading needs of a model. */
export type Vocabulary = Pick<Model<never>, "name" | "operations" | "problem">;

/** Collects what is wrong with items. */
export class Complaints {
  readonly problems: HistoryProblem[] = [];

  add({ line }: Item, operation: number, field: string, message: string): void {
    this.problems.push({ ...(line !== undefined && { line }), operation, field, message });
  }

  /** Fields that are not known may be there, unless one looks like one that was meant. */
  checkNames(item: Item, operation: number, known: readonly string[]): void {
    for (const name of Object.keys(item.fields)) {
      if (known.includes(name) || name.length < 4) continue;
      const nearest = closest(name, known);
      if (nearest in item.fields || distance(name, nearest) > 2) continue;
      this.add(item, operation, name, `is no field; did you mean "${nearest}"?`);
    }
  }

  throwIfAny(): void {
    if (this.problems.length > 0) throw new HistoryError(this.problems);
  }
}

/** Shows a value as it may stand in a message. */
export function shown(value: unknown): string {
  const text = value === undefined ? "missing" : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What a model has to say against the name of an operation, or undefined. */
export function nameProblem(name: unknown, { name: model, operations }: Vocabulary): string | undefined {
  if (typeof name === "string" && operations.includes(name)) return undefined;
  return `is ${shown(name)}; a ${model} has ${operations.join(", ")}`;
}

export const isIdentity = (value: unknown): value is string | number =>
  typeof value === "string" || typeof value === "number";

export const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
