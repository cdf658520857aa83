/**
 * Names for the pieces of an operation's critical path (sim/trace-path.ts): what a message on its way, the step that takes it in, or
 * the wait for a timer is called in the model's own words. A model has a table of rows, by message or timer.
 */

import type { Tagged, TimerName } from "../sim/machine.ts";
import type { Part } from "../sim/trace-path.ts";
import type { InputKind } from "../sim/trace-records.ts";
import type { TakesUp } from "../sim/trace-search.ts";

export interface PhaseRow {
  /** Only at processes of this role; a row without comes last. */
  readonly at?: string;
  /** What its way to the process is called, the wait for a thread there included. */
  readonly way: string;
  /** What the step itself is called; default: as its way. */
  readonly step?: string;
  /** What waiting for it is called, of timers and where it takes up something that has come before. */
  readonly waiting?: string;
  /** The same by what waits, where that makes a difference. */
  readonly waitingWith?: Readonly<Record<string, string>>;
  /** What the process has taken in before and may have waited for this step: kinds of messages, and timers. */
  readonly takesUp?: readonly TimerName[];
  /** By what it goes on, and as what it is answered (sim/trace-search.ts, `TakesUp`). */
  readonly sends?: readonly TimerName[];
  readonly answers?: readonly TimerName[];
}

/**
 * By kind of message or name of timer. Of timers with a number in their name what stands before it counts (`retry` of `retry 17`), of
 * those that are a number `#` and the role (`#client`).
 */
export type PhaseTable = Readonly<Record<string, PhaseRow | readonly PhaseRow[]>>;

export interface Phases {
  /** For `TraceOptions.keyOf`. */
  readonly keyOf: (message: Tagged) => number | undefined;
  /** `waits`: of a wait for a step, the message or timer that had come before and waits for it. */
  phaseOf(role: string, kind: InputKind, name: TimerName, part: Part, waits?: TimerName): string;
  takenUpBy(role: string, kind: InputKind, name: TimerName): TakesUp | undefined;
}

/** What the parts of the step itself are; the rest is on the way to it. */
const OF_STEP: ReadonlySet<Part> = new Set<Part>(["wakeUp", "cpu", "diskRead"]);
const OF_WAIT: ReadonlySet<Part> = new Set<Part>(["timer", "sync", "waiting"]);

export const LATE = "before the client begins it";
export const UNKNOWN = "before what is recorded";
const START = "start of a process";

export function createPhases(table: PhaseTable, keyOf: Phases["keyOf"]): Phases {
  const rowOf = (role: string, kind: InputKind, name: TimerName): PhaseRow | undefined => {
    if (kind === "start") return { way: START };
    const row = table[rowKey(role, name)];
    if (row === undefined || !Array.isArray(row)) return row as PhaseRow | undefined;
    return (row as readonly PhaseRow[]).find(({ at }) => at === undefined || at === role);
  };
  const known = new Map<PhaseRow, TakesUp>();
  return {
    keyOf,
    phaseOf(role, kind, name, part, waits = "") {
      if (part === "late") return LATE;
      if (part === "unknown") return UNKNOWN;
      const row = rowOf(role, kind, name);
      if (row === undefined) return kind === "message" ? String(name) : `timer ${name}`;
      if (OF_WAIT.has(part)) return row.waitingWith?.[waits] ?? row.waiting ?? row.way;
      return OF_STEP.has(part) ? (row.step ?? row.way) : row.way;
    },
    takenUpBy(role, kind, name) {
      const row = rowOf(role, kind, name);
      if (row?.takesUp === undefined) return undefined;
      let takesUp = known.get(row);
      if (takesUp === undefined) known.set(row, (takesUp = takesUpOf(row, row.takesUp)));
      return takesUp;
    },
  };
}

function takesUpOf({ sends, answers }: PhaseRow, of: readonly TimerName[]): TakesUp {
  return {
    of: new Set(of),
    ...(sends === undefined ? {} : { sends: new Set(sends) }),
    ...(answers === undefined ? {} : { answers: new Set(answers) }),
  };
}

function rowKey(role: string, name: TimerName): string {
  if (typeof name === "number") return `#${role}`;
  const space = name.indexOf(" ");
  return space < 0 ? name : name.slice(0, space);
}
