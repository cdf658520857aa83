/** Function bodies for tests of the log: one that does everything at random, and small ones that do one thing. */

import {
  all,
  append,
  checkTail,
  choose,
  invoke,
  type LogEntry,
  type LogProgram,
  type LogRequest,
  type ProgramEnd,
  type RequestResult,
  readNext,
  readNextBlock,
  readPrev,
  setAuxData,
  sleep,
} from "../../../models/boki/log-api.ts";
import { MICROSECOND } from "../../../sim/units.ts";

type Steps<Result> = Generator<LogRequest, Result, RequestResult>;

export interface MixArgs {
  /** Operations still to be done. */
  readonly rounds: number;
  /** Tags are 1 to this. */
  readonly tags: number;
  /** How deep calls may nest. */
  readonly depth: number;
  readonly pauseNanos: number;
  /** The newest record known. */
  readonly known?: number;
}

/** Operations of every kind, drawn at random: one a round, each round a program of its own. */
function* mix(args: MixArgs): Steps<ProgramEnd> {
  const { rounds, tags, depth, pauseNanos } = args;
  if (rounds === 0) return { output: args.known ?? null };
  if (pauseNanos > 0) yield* sleep(yield* choose(pauseNanos));
  const known = newest(args.known, yield* operation(args, tags, depth));
  return {
    again: known === undefined ? { ...args, rounds: rounds - 1 } : { ...args, rounds: rounds - 1, known },
  };
}

function newest(known: number | undefined, found: number | undefined): number | undefined {
  if (known === undefined || found === undefined) return known ?? found;
  return Math.max(known, found);
}

/** One operation; returns a seqnum it learned of. */
function* operation(args: MixArgs, tags: number, depth: number): Steps<number | undefined> {
  const known = args.known ?? 0;
  switch (yield* choose(12)) {
    case 0:
    case 1:
    case 2:
      return yield* append(yield* someTags(tags), 1 + (yield* choose(1_000)));
    case 3:
      return seqnumOf(yield* readPrev(yield* choose(tags + 1), known));
    case 4:
      return seqnumOf(yield* readNext(yield* choose(tags + 1), Math.max(0, known - (yield* choose(20)))));
    case 5:
      return seqnumOf(yield* checkTail(yield* choose(tags + 1)));
    case 6:
      return seqnumOf(yield* readNextBlock(yield* choose(tags + 1), known + 1));
    case 7: {
      if (args.known === undefined) return undefined;
      yield* setAuxData(known, { data: known + 1_000_000 * (yield* choose(3)), sizeBytes: 50 });
      return seqnumOf(yield* readPrev(0, known));
    }
    case 8: {
      // Several at once, of which the reads may or may not see the appends.
      const ownTags = yield* someTags(tags);
      const results = yield* all([
        { op: "append", tags: ownTags, dataBytes: 100 },
        { op: "checkTail", tag: 0, seqnum: 0 },
        { op: "append", tags: [], dataBytes: 100 },
        { op: "readPrev", tag: ownTags[0] ?? 0, seqnum: known },
      ]);
      return Math.max(...results.map((result) => result.seqnum));
    }
    case 9:
    case 10: {
      // What was appended is read at once, by its place and by its tag.
      const tag = 1 + (yield* choose(tags));
      const seqnum = yield* append([tag], 200);
      yield* readPrev(tag, seqnum);
      yield* readNext(0, seqnum);
      return seqnum;
    }
    default: {
      if (depth === 0) return yield* append([], 10);
      const seqnum = yield* append([1], 10);
      const child: MixArgs = { rounds: 3, tags, depth: depth - 1, pauseNanos: 0, known: seqnum };
      const output = yield* invoke({ program: "mix", args: child });
      return typeof output === "number" ? output : seqnum;
    }
  }
}

function* someTags(tags: number): Steps<number[]> {
  const count = yield* choose(4);
  const drawn: number[] = [];
  for (let i = 0; i < count; i++) drawn.push(1 + (yield* choose(tags)));
  return drawn;
}

function seqnumOf(entry: LogEntry | undefined): number | undefined {
  return entry?.seqnum;
}

/** Appends, and reads back at once, `rounds` times. */
function* appendAndRead({ rounds, tag }: { rounds: number; tag: number }): Steps<ProgramEnd> {
  for (let i = 0; i < rounds; i++) {
    const seqnum = yield* append([tag], 100);
    yield* readPrev(tag, seqnum);
    yield* checkTail(tag);
  }
  return { output: null };
}

/** Appends `rounds` times, `width` at once each time. */
function* appendOnly({
  rounds,
  width,
  tag,
}: {
  rounds: number;
  width: number;
  tag: number;
}): Steps<ProgramEnd> {
  const requests = Array.from({ length: width }, () => ({
    op: "append" as const,
    tags: [tag],
    dataBytes: 100,
  }));
  for (let i = 0; i < rounds; i++) yield* all(requests);
  return { output: null };
}

/** Appends, then waits for a record behind its own that only others can append. */
function* appendAndWait({ tag }: { tag: number }): Steps<ProgramEnd> {
  const seqnum = yield* append([tag], 100);
  const entry = yield* readNextBlock(tag, seqnum + 1);
  return { output: entry?.seqnum ?? null };
}

/** Reads the tail again and again while an append is under way beside each read. */
function* readBeside({ rounds, tag }: { rounds: number; tag: number }): Steps<ProgramEnd> {
  for (let i = 0; i < rounds; i++) {
    yield* all([
      { op: "checkTail", tag, seqnum: 0 },
      { op: "append", tags: [tag], dataBytes: 100 },
      { op: "checkTail", tag, seqnum: 0 },
    ]);
    yield* checkTail(tag);
  }
  return { output: null };
}

/** Appends in a child what the parent then reads, and reads in the child what the parent appended. */
function* nest({ rounds, tag }: { rounds: number; tag: number }): Steps<ProgramEnd> {
  for (let i = 0; i < rounds; i++) {
    yield* append([tag], 100);
    yield* invoke({ program: "tail", args: { tag } });
  }
  return { output: null };
}

/** Has a child append what the parent then reads. */
function* adopt({ rounds, tag }: { rounds: number; tag: number }): Steps<ProgramEnd> {
  for (let i = 0; i < rounds; i++) {
    yield* invoke({ program: "appendOnly", args: { rounds: 1, width: 1, tag } });
    yield* checkTail(tag);
  }
  return { output: null };
}

function* tail({ tag }: { tag: number }): Steps<ProgramEnd> {
  return { output: (yield* checkTail(tag))?.seqnum ?? null };
}

/** Appends a record every `nanos`. */
function* appendLater({
  nanos,
  tag,
  rounds,
}: {
  nanos: number;
  tag: number;
  rounds: number;
}): Steps<ProgramEnd> {
  for (let i = 0; i < rounds; i++) {
    yield* sleep(nanos);
    yield* append([tag], 100);
  }
  return { output: null };
}

/** Follows the records with a tag, waiting for each. */
function* wait({ tag, rounds }: { tag: number; rounds: number }): Steps<ProgramEnd> {
  let next = 0;
  for (let i = 0; i < rounds; i++) {
    const entry = yield* readNextBlock(tag, next);
    if (entry !== undefined) next = entry.seqnum + 1;
  }
  return { output: next };
}

/** Attaches aux data to every other record it appends and reads all of them. */
function* attach({ rounds }: { rounds: number }): Steps<ProgramEnd> {
  for (let i = 0; i < rounds; i++) {
    const first = yield* append([1], 100);
    yield* append([1], 100);
    yield* setAuxData(first, { data: first, sizeBytes: 10 });
    yield* readNext(0, first);
    yield* readNext(0, first + 1);
  }
  return { output: null };
}

export interface TurnoverArgs {
  readonly rounds: number;
  readonly tag: number;
  readonly pauseNanos: number;
  /** After so many rounds the log is trimmed up to the newest record known; 0: never. */
  readonly trimEvery?: number;
}

/** Appends, reads the oldest and the newest record there is, and gives up what is old. */
function* turnover({ rounds, tag, pauseNanos, trimEvery = 0 }: TurnoverArgs): Steps<ProgramEnd> {
  for (let i = 1; i <= rounds; i++) {
    yield* all([{ op: "checkTail", tag, seqnum: 0 }]);
    // What a change of views discards or leaves open is no reason to end.
    const [appended] = yield* all([{ op: "append", tags: [tag], dataBytes: 100 }]);
    yield* all([
      { op: "readNext", tag, seqnum: 0 },
      { op: "checkTail", tag, seqnum: 0 },
    ]);
    if (appended!.outcome === "ok" && trimEvery > 0 && i % trimEvery === 0) {
      yield* all([
        { op: "trim", tag: 0, seqnum: appended!.seqnum + 5 },
        { op: "checkTail", tag, seqnum: 0 },
      ]);
      yield* all([{ op: "readNext", tag, seqnum: 0 }]);
    }
    if (pauseNanos > 0) yield* sleep(yield* choose(pauseNanos));
  }
  return { output: null };
}

export const PROGRAMS: Readonly<Record<string, LogProgram<never>>> = {
  mix,
  appendAndRead,
  appendOnly,
  appendAndWait,
  readBeside,
  nest,
  adopt,
  tail,
  appendLater,
  wait,
  attach,
  turnover,
};

/** `count` calls of a program, spread over LogBooks and over the first `MICROSECOND`s of a run. */
export function callsOf(
  program: string,
  args: unknown,
  { count = 6, logBooks = 2, everyNanos = 37 * MICROSECOND, fromNanos = 0 } = {},
) {
  return Array.from({ length: count }, (_, i) => ({
    atNanos: fromNanos + i * everyNanos,
    logBook: 1 + (i % logBooks),
    program,
    args,
  }));
}
