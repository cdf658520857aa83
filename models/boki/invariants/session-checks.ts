/**
 * What function code sees: H1 to H3, and what O3 and T1 promise it.
 *
 * The only witness is the worker: which operations functions began, and what they were given, by LogBook, seqnum, tags, data
 * and time. Nothing is taken from an engine, a progress or the reference, so these checks stand beside the others and hold
 * whatever the roles say of themselves.
 *
 * What holds follows from two facts. Seqnums put the records of a LogBook into one order, which agrees with real time. And a
 * read reflects a prefix of that order, no shorter than any that its call, its callers and its finished nested calls have been
 * shown: the newest record that any of them has met is enough to know how much they have been shown. So a record that anybody
 * has met must not be missing from an answer that reaches beyond it, nor from one of a call that was shown as much.
 *
 * Operations that a function asked for at once follow only what it had been given before it asked. Of those whose outcome
 * nobody knows, an append may be met by somebody and a trim excuses what it may have given up.
 */

import type { Nanos } from "../../../sim/units.ts";
import { formatSeqnum, type LogBookId, SEQNUM_MAX, type Seqnum, TAG_ALL, type Tag } from "../identifiers.ts";
import type { CallId } from "../messages.ts";
import type { Observation } from "../observations.ts";
import type { CheckContext } from "./context.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

export interface SessionChecks {
  /** Takes what workers report (../worker-observations.ts), and which calls have ended; everything else is passed over. */
  observe(observation: Observation, nowNanos: Nanos): void;
}

/** An append that some function began. */
interface Append {
  readonly logBook: LogBookId;
  readonly tags: readonly Tag[];
  /** The newest record of the LogBook that anybody had met by then. */
  readonly floor: Seqnum;
  /** Where its record is, once anybody has met it. */
  seqnum: Seqnum;
  discarded: boolean;
  /** The program gave its data to several appends, so a record does not tell of which it is. */
  ambiguous: boolean;
}

/** What is known of a LogBook: by anybody, as records were met. */
interface Book {
  newest: Seqnum;
  /** Ascending seqnums of the records met, by tag; tag 0 has them all. */
  readonly met: Map<Tag, Seqnum[]>;
  /** Below which seqnum trims, begun by anybody, may have given up records. */
  readonly mayBeGone: Map<Tag, Seqnum>;
}

/** What a function has been shown; replaced and never changed, so that it can be shared. */
interface Shown {
  readonly newest: Seqnum;
  /** Below which seqnum the records that it knew of are given up, by the tag of its trim. */
  readonly gone: ReadonlyMap<Tag, Seqnum>;
}

/** A call that runs. What it was shown before its current request bounds all operations of that. */
interface Session {
  readonly call: CallId;
  request: number;
  before: Shown;
  shown: Shown;
}

const NOTHING = -1;
const NOTHING_SHOWN: Shown = { newest: NOTHING, gone: new Map() };

export function createSessionChecks({ violations }: Pick<CheckContext, "violations">): SessionChecks {
  const appends = new Map<number, Append>();
  const dataAt = new Map<Seqnum, number>();
  const books = new Map<LogBookId, Book>();
  /** Of the calls that run. */
  const sessions = new Map<CallId, Session>();
  /** What nested calls begin with, and after that have been shown, until their callers go on. */
  const nested = new Map<CallId, Shown>();

  function bookOf(logBook: LogBookId): Book {
    let book = books.get(logBook);
    if (book === undefined) {
      book = { newest: NOTHING, met: new Map([[TAG_ALL, []]]), mayBeGone: new Map() };
      books.set(logBook, book);
    }
    return book;
  }

  /** The session of a call as of a request: with a new one, all that has returned has become what it follows. */
  function sessionOf({ call, request }: { call: CallId; request: number }): Session {
    let session = sessions.get(call);
    if (session === undefined) {
      const shown = nested.get(call) ?? NOTHING_SHOWN;
      session = { call, request, before: shown, shown };
      sessions.set(call, session);
    }
    if (session.request !== request) {
      session.request = request;
      session.before = session.shown;
    }
    return session;
  }

  function show(session: Session, shown: Shown): void {
    const merged = mergedOf(session.shown, shown);
    session.shown = merged;
    if (nested.has(session.call)) nested.set(session.call, merged);
  }

  /** Somebody meets the record of an append. */
  function meet(append: Append, data: number, seqnum: Seqnum, nowNanos: Nanos, who: () => string): void {
    const { logBook, tags, floor, ambiguous } = append;
    const other = dataAt.get(seqnum);
    if (other === data && (append.seqnum === seqnum || ambiguous)) return;
    if (other !== undefined && other !== data) {
      violations.report(
        "H1",
        nowNanos,
        `${who()} the record of append ${data} at ${formatSeqnum(seqnum)}, where that of append ${other} was met before`,
      );
      return;
    }
    if (append.seqnum !== NOTHING && !ambiguous) {
      violations.report(
        "H1",
        nowNanos,
        `${who()} the record of append ${data} at ${formatSeqnum(seqnum)}; it was met at ${formatSeqnum(append.seqnum)} before`,
      );
      return;
    }
    if (seqnum <= floor && !ambiguous) {
      violations.report(
        "O3",
        nowNanos,
        `${who()} the record of append ${data} at ${formatSeqnum(seqnum)}, which was begun when ${formatSeqnum(floor)} of LogBook ${logBook} had been met`,
      );
    }
    append.seqnum = seqnum;
    dataAt.set(seqnum, data);
    const book = bookOf(logBook);
    if (seqnum > book.newest) book.newest = seqnum;
    insert(book.met.get(TAG_ALL)!, seqnum);
    for (const tag of tags) {
      const met = book.met.get(tag);
      if (met === undefined) book.met.set(tag, [seqnum]);
      else insert(met, seqnum);
    }
  }

  /** The record that an answer passes over: in front of it, not given up by anybody, and met by somebody. */
  function passedOver(
    { logBook, op, tag, asked }: Of<"readReturned">,
    found: Seqnum | undefined,
    newest: Seqnum,
  ): Seqnum | undefined {
    const book = bookOf(logBook);
    const met = book.met.get(tag);
    if (met === undefined) return undefined;
    const gone = boundOf(book.mayBeGone, tag);
    if (isForwards(op)) {
      const first = met[lowerBound(met, Math.max(asked, gone))];
      // An answer reflects all records in front of it, so what it passes over need not have been shown to its call.
      return first !== undefined && first < (found ?? newest + 1) ? first : undefined;
    }
    const last = met[lowerBound(met, Math.min(asked, newest) + 1) - 1];
    return last !== undefined && last >= gone && (found === undefined || last > found) ? last : undefined;
  }

  /** A record that a read returned, held against what was appended and what was asked. */
  function checkRecord(observation: Of<"readReturned">, before: Shown, nowNanos: Nanos): void {
    const { logBook, op, tag, asked, seqnum, record } = observation;
    const who = () => describe(observation);
    if (record === undefined) {
      violations.report("H1", nowNanos, `${who()} ${formatSeqnum(seqnum)} without its record`);
      return;
    }
    const append = appends.get(record.data);
    if (append === undefined || append.logBook !== logBook) {
      const where = append === undefined ? "no function has begun" : `was begun in LogBook ${append.logBook}`;
      violations.report(
        "H1",
        nowNanos,
        `${who()} a record with the data of append ${record.data}, which ${where}`,
      );
    } else if (!append.ambiguous && !sameTags(append.tags, record.tags)) {
      violations.report(
        "H1",
        nowNanos,
        `${who()} the record of append ${record.data} with tags [${record.tags.join(", ")}]; it was begun with [${append.tags.join(", ")}]`,
      );
    } else if (append.discarded && !append.ambiguous) {
      violations.report("H1", nowNanos, `${who()} the record of append ${record.data}, which was discarded`);
    } else {
      meet(append, record.data, seqnum, nowNanos, who);
    }
    if (isForwards(op) ? seqnum < asked : seqnum > asked) {
      violations.report(
        "H3",
        nowNanos,
        `${who()} ${formatSeqnum(seqnum)}, on the wrong side of what was asked`,
      );
    }
    if (tag !== TAG_ALL && !record.tags.includes(tag)) {
      violations.report("H3", nowNanos, `${who()} ${formatSeqnum(seqnum)}, without the tag`);
    }
    const gone = boundOf(before.gone, tag);
    if (seqnum < gone) {
      violations.report(
        "T1",
        nowNanos,
        `${who()} ${formatSeqnum(seqnum)}; the call had given up everything below ${formatSeqnum(gone)}`,
      );
    }
  }

  function appendBegun({ logBook, data, tags }: Of<"appendBegun">): void {
    const known = appends.get(data);
    if (known !== undefined) {
      known.ambiguous = true;
      return;
    }
    const floor = bookOf(logBook).newest;
    appends.set(data, { logBook, tags, floor, seqnum: NOTHING, discarded: false, ambiguous: false });
  }

  function appendReturned(observation: Of<"appendReturned">, nowNanos: Nanos): void {
    const { data, outcome, seqnum } = observation;
    const append = appends.get(data);
    if (append === undefined) return;
    const session = sessionOf(observation);
    if (outcome === "ok") {
      const { newest } = session.before;
      meet(append, data, seqnum, nowNanos, () => `an append of call ${observation.call} returns, with`);
      show(session, { newest: Math.max(newest, seqnum), gone: NOTHING_SHOWN.gone });
      return;
    }
    if (outcome !== "discarded") return;
    append.discarded = true;
    if (append.seqnum === NOTHING || append.ambiguous) return;
    violations.report(
      "H1",
      nowNanos,
      `append ${data} of call ${observation.call} is discarded, and its record was met at ${formatSeqnum(append.seqnum)}`,
    );
  }

  function readReturned(observation: Of<"readReturned">, nowNanos: Nanos): void {
    const { outcome, seqnum, logBook } = observation;
    const session = sessionOf(observation);
    const { before } = session;
    if (outcome === "trimmed" && bookOf(logBook).mayBeGone.size === 0) {
      violations.report(
        "T1",
        nowNanos,
        `${describe(observation)} that its record is given up; nobody trimmed`,
      );
    }
    if (outcome !== "ok" && outcome !== "empty") return;
    const found = outcome === "ok" ? seqnum : undefined;
    if (found !== undefined) checkRecord(observation, before, nowNanos);
    const missing = passedOver(observation, found, before.newest);
    if (missing !== undefined) {
      const wasShown = missing <= before.newest;
      const why = wasShown ? `the call had been shown ${formatSeqnum(before.newest)}` : "it had been met";
      violations.report(
        wasShown ? "H2" : "H3",
        nowNanos,
        `${describe(observation)} ${found === undefined ? "nothing" : formatSeqnum(found)} and passes over ${formatSeqnum(missing)}; ${why}`,
      );
    }
    if (found !== undefined && found > session.shown.newest) {
      show(session, { newest: found, gone: NOTHING_SHOWN.gone });
    }
  }

  function trimBegun({ logBook, tag, seqnum }: Of<"trimBegun">): void {
    const { mayBeGone } = bookOf(logBook);
    mayBeGone.set(tag, Math.max(mayBeGone.get(tag) ?? 0, seqnum));
  }

  function trimReturned(observation: Of<"trimReturned">): void {
    const { outcome, tag, seqnum } = observation;
    const session = sessionOf(observation);
    if (outcome !== "ok") return;
    // What came to the log meanwhile may be spared: only of what the call had been shown it knows that it is gone.
    const { newest } = session.before;
    show(session, { newest, gone: new Map([[tag, Math.min(seqnum, newest + 1)]]) });
  }

  function invokeBegun(observation: Of<"invokeBegun">): void {
    nested.set(observation.child, sessionOf(observation).before);
  }

  function invokeReturned(observation: Of<"invokeReturned">): void {
    const { child } = observation;
    const session = sessionOf(observation);
    const shown = nested.get(child);
    nested.delete(child);
    if (shown !== undefined) show(session, shown);
  }
  return {
    observe(observation, nowNanos) {
      switch (observation.kind) {
        case "appendBegun":
          return appendBegun(observation);
        case "appendReturned":
          return appendReturned(observation, nowNanos);
        case "readReturned":
          return readReturned(observation, nowNanos);
        case "trimBegun":
          return trimBegun(observation);
        case "trimReturned":
          return trimReturned(observation);
        case "invokeBegun":
          return invokeBegun(observation);
        case "invokeReturned":
          return invokeReturned(observation);
        case "callEnded":
          sessions.delete(observation.call);
          return;
      }
    },
  };
}

function mergedOf(one: Shown, other: Shown): Shown {
  const newest = Math.max(one.newest, other.newest);
  if (other.gone.size === 0 || other.gone === one.gone) return { newest, gone: one.gone };
  const gone = new Map(one.gone);
  for (const [tag, bound] of other.gone) gone.set(tag, Math.max(gone.get(tag) ?? 0, bound));
  return { newest, gone };
}

/** Below which seqnum readers of a tag find nothing, by trims of all tags and of theirs. */
function boundOf(bounds: ReadonlyMap<Tag, Seqnum>, tag: Tag): Seqnum {
  return Math.max(bounds.get(TAG_ALL) ?? 0, bounds.get(tag) ?? 0);
}

/** Keeps a list ascending; most records are met in their order. */
function insert(list: Seqnum[], seqnum: Seqnum): void {
  let at = list.length;
  while (at > 0 && list[at - 1]! > seqnum) at--;
  if (at === list.length) list.push(seqnum);
  else if (list[at - 1] !== seqnum) list.splice(at, 0, seqnum);
}

/** The index of the first element that is not below the bound. */
function lowerBound(list: readonly Seqnum[], bound: Seqnum): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tags are a set: the function may name one twice. */
function sameTags(asked: readonly Tag[], found: readonly Tag[]): boolean {
  return asked.every((tag) => found.includes(tag)) && found.every((tag) => asked.includes(tag));
}

function isForwards(op: Of<"readReturned">["op"]): boolean {
  return op === "readNext" || op === "readNextBlock";
}

function describe({ call, logBook, op, tag, asked }: Of<"readReturned">): string {
  const from = asked === SEQNUM_MAX ? "the end" : formatSeqnum(asked);
  const which = tag === TAG_ALL ? "" : ` with tag ${tag}`;
  return `${op} of call ${call} from ${from} in LogBook ${logBook}${which} returns`;
}
