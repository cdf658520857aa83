/**
 * What the functions of a workload do, as programs on the log's API: one operation drawn from the mix, once or in a loop.
 *
 * Each round of a loop is a program of its own that ends with `again`, so that its state stays as small as what the client
 * remembers: the newest record it knows of, and how far it has followed the log. An operation that the log could not carry out
 * ends its round, and the loop goes on after a pause; in a call of one operation it ends the call.
 */

import type { Distribution } from "../../sim/distribution.ts";
import { MILLISECOND, type Nanos } from "../../sim/units.ts";
import { positionOf, SEQNUM_MAX, type Seqnum, TAG_ALL } from "../boki/identifiers.ts";
import {
  append,
  checkTail,
  choose,
  invoke,
  type LogEntry,
  LogError,
  type LogProgram,
  type LogRequest,
  now,
  type ProgramEnd,
  type RequestResult,
  readNext,
  readNextBlock,
  readPrev,
  sample,
  setAuxData,
  sleep,
  trim,
} from "../boki/log-api.ts";
import { OPERATIONS, type OperationName, type WorkloadConfig } from "./config.ts";

/** What a looping client remembers from round to round. */
export interface ClientArgs {
  readonly workload: string;
  readonly stopNanos: Nanos;
  readonly index: number;
  readonly rounds: number;
  /** When the current round was due, for a paced loop. */
  readonly dueNanos?: Nanos;
  /** The newest record this client knows of. */
  readonly newest?: Seqnum;
  /** The record it read last, when it follows the log. */
  readonly cursor?: Seqnum;
}

export interface OnceArgs {
  readonly workload: string;
}

export const PROGRAM_ONCE = "once";
export const PROGRAM_LOOP = "loop";
/** What a nested call runs: one operation, and no further nesting. */
const PROGRAM_NESTED = "nested";

/** A loop pauses for this long when an operation has failed, or it would do nothing but fail. */
const PAUSE_NANOS: Nanos = 10 * MILLISECOND;

/** A client that only reads asks for the tail at its first round and then every so many, to learn of newer records. */
const ROUNDS_BETWEEN_TAILS = 64;

type Steps<Result> = Generator<LogRequest, Result, RequestResult>;
type Knowledge = Pick<ClientArgs, "newest" | "cursor">;

/** The compiled form of a workload: distributions as objects that stay the same, so that their samplers are found again. */
interface Plan {
  readonly config: WorkloadConfig;
  readonly operations: readonly OperationName[];
  /** Parallel to `operations`: shares added up, the last is 1. */
  readonly cumulative: readonly number[];
  readonly tag: Distribution;
  readonly unit: Distribution;
  /** One list per tag, shared by all records that carry just that tag: ten million lists of one take half a gigabyte. */
  readonly single: Map<number, readonly number[]>;
}

export function createPrograms(
  workloads: readonly WorkloadConfig[],
): Readonly<Record<string, LogProgram<never>>> {
  const plans = new Map(workloads.map((config) => [config.name, planOf(config)]));
  const planNamed = (name: string): Plan => plans.get(name)!;
  return {
    *[PROGRAM_ONCE]({ workload }: OnceArgs): Steps<ProgramEnd> {
      const plan = planNamed(workload);
      yield* operateOrNest(plan, {});
      return { output: null };
    },
    *[PROGRAM_NESTED]({ workload }: OnceArgs): Steps<ProgramEnd> {
      yield* operate(planNamed(workload), {});
      return { output: null };
    },
    *[PROGRAM_LOOP](args: ClientArgs): Steps<ProgramEnd> {
      return yield* round(planNamed(args.workload), args);
    },
  };
}

function planOf(config: WorkloadConfig): Plan {
  const operations = OPERATIONS.filter((operation) => (config.mix[operation] ?? 0) > 0);
  const total = operations.reduce((sum, operation) => sum + config.mix[operation]!, 0);
  let sum = 0;
  const cumulative = operations.map((operation) => {
    sum += config.mix[operation]!;
    return sum / total;
  });
  return {
    config,
    operations,
    cumulative,
    tag: { kind: "zipf", count: config.tags.count, exponent: config.tags.zipfExponent },
    unit: { kind: "uniform", low: 0, high: 1 },
    single: new Map(),
  };
}

/** One round of a looping client: wait until it is time, operate, remember. */
function* round(plan: Plan, args: ClientArgs): Steps<ProgramEnd> {
  const { arrival, mix } = plan.config;
  const { rounds, stopNanos } = args;
  let dueNanos = args.dueNanos;
  if (arrival.kind === "paced") {
    const start = yield* now();
    // Clients of a paced loop are spread over the interval, or all of them would act at the same moments for ever.
    dueNanos ??= start + (yield* choose(arrival.intervalNanos));
    if (dueNanos > start) yield* sleep(dueNanos - start);
  } else if (arrival.kind === "closedLoop" && rounds > 0) {
    const thinkNanos = yield* sample(arrival.think);
    if (thinkNanos > 0) yield* sleep(thinkNanos);
  }
  const begun = yield* now();
  if (begun >= stopNanos) return { output: null };
  const onlyReads = mix.append === undefined || mix.append === 0;
  const asksTail = onlyReads && rounds % ROUNDS_BETWEEN_TAILS === 0;
  const known = yield* operateInLoop(plan, args, asksTail);
  const next: ClientArgs = { ...args, ...known, rounds: rounds + 1 };
  if (arrival.kind !== "paced") return { again: next };
  // A round that took longer than the interval is followed at once: the pace counts from when a round began.
  return { again: { ...next, dueNanos: Math.max(dueNanos!, begun) + arrival.intervalNanos } };
}

/** The operation of a round; one that fails costs a pause, and leaves the client knowing what it knew. */
function* operateInLoop(plan: Plan, known: Knowledge, asksTail: boolean): Steps<Knowledge> {
  try {
    const learned = asksTail ? learn(known, yield* checkTail(TAG_ALL)) : known;
    return yield* operateOrNest(plan, learned);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    yield* sleep(PAUSE_NANOS);
    return known;
  }
}

/** One operation, here or in a nested call. */
function* operateOrNest(plan: Plan, known: Knowledge): Steps<Knowledge> {
  const { config, unit } = plan;
  if (config.nestedShare > 0 && (yield* sample(unit)) < config.nestedShare) {
    yield* invoke({ program: PROGRAM_NESTED, args: { workload: config.name } });
    return known;
  }
  return yield* operate(plan, known);
}

/** One operation drawn from the mix. */
function* operate(plan: Plan, known: Knowledge): Steps<Knowledge> {
  const { config, operations, cumulative, unit } = plan;
  let operation = operations[0]!;
  if (operations.length > 1) {
    const drawn = yield* sample(unit);
    operation =
      operations[cumulative.findIndex((share) => drawn < share)] ?? operations[operations.length - 1]!;
  }
  switch (operation) {
    case "append": {
      const tags = yield* drawTags(plan);
      const sizeBytes = Math.max(1, Math.round(yield* sample(config.recordBytes)));
      return { ...known, newest: yield* append(tags, sizeBytes) };
    }
    case "checkTail":
      return learn(known, yield* checkTail(yield* tagOf(plan)));
    case "readPrev": {
      const from = yield* positionFor(plan, known, SEQNUM_MAX);
      return learn(known, yield* readPrev(yield* tagOf(plan), from));
    }
    case "readNext":
    case "readNextBlock": {
      const from = yield* positionFor(plan, known, 0);
      const read = operation === "readNext" ? readNext : readNextBlock;
      return learn(known, yield* read(yield* tagOf(plan), from));
    }
    case "setAuxData": {
      const sizeBytes = Math.max(1, Math.round(yield* sample(config.auxBytes)));
      const seqnum = known.newest ?? 0;
      yield* setAuxData(seqnum, { data: seqnum, sizeBytes });
      return known;
    }
    case "trim": {
      const tail = yield* checkTail(TAG_ALL);
      const { keepRecords } = config;
      // Positions begin anew in each view: a log that is shorter than what is to be kept is left alone.
      if (tail !== undefined && positionOf(tail.seqnum) >= keepRecords)
        yield* trim(TAG_ALL, tail.seqnum - keepRecords + 1);
      return {
        ...known,
        ...(tail === undefined ? {} : { newest: Math.max(known.newest ?? 0, tail.seqnum) }),
      };
    }
  }
}

function* drawTags(plan: Plan): Steps<readonly number[]> {
  const { tagsPerRecord } = plan.config;
  const tags: number[] = [];
  for (let i = 0; i < tagsPerRecord; i++) tags.push(1 + (yield* sample(plan.tag)));
  if (tags.length !== 1) return tags;
  let shared = plan.single.get(tags[0]!);
  if (shared === undefined) {
    shared = tags;
    plan.single.set(tags[0]!, shared);
  }
  return shared;
}

/** The tag a read asks for; a client that follows the log, or reads by position, reads every record. */
function* tagOf(plan: Plan): Steps<number> {
  const { tags, readPosition } = plan.config;
  if (tags.count === 0 || readPosition.kind !== "recent") return TAG_ALL;
  return plan.config.tagsPerRecord === 0 ? TAG_ALL : 1 + (yield* sample(plan.tag));
}

/** Where a read begins; a client that knows of no record yet begins at `end`, the end of the log it reads away from. */
function* positionFor(plan: Plan, known: Knowledge, end: Seqnum): Steps<Seqnum> {
  const { readPosition } = plan.config;
  const { newest, cursor } = known;
  if (readPosition.kind === "next") return cursor === undefined ? 0 : cursor + 1;
  if (newest === undefined) return end;
  const base = newest - (newest % 4_294_967_296);
  const records = newest - base + 1;
  const back = yield* choose(
    readPosition.kind === "recent" ? Math.min(readPosition.records, records) : records,
  );
  return newest - back;
}

function learn(known: Knowledge, entry: LogEntry | undefined): Knowledge {
  if (entry === undefined) return known;
  const newest = Math.max(known.newest ?? 0, entry.seqnum);
  return { newest, cursor: entry.seqnum };
}
