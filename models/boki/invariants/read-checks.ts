/**
 * Reads and sessions: R1 to R6, T1 and X1.
 *
 * A read names the metalog position it reflects, and its answer must be the reference's as of that position (R1; R5 where
 * several views have a part in it) and of its own LogBook (R6). What has been given up by then is not shown (T1). A call is a session: it sees its own appends (R2), never less than it has seen (R3), and its
 * children begin there (R4). Aux data is a hint, but a hint for the record it comes with (X1).
 *
 * What a call has seen is taken from what it was given, not from the progress that came with it, as that may be what is
 * wrong: a record it appended or read shows it the log up to the entry that ordered the record.
 *
 * The order of operations is the engine's: an operation that starts there after another is done follows it, also when the
 * function issued both at once.
 */

import type { Nanos } from "../../../sim/units.ts";
import {
  formatSeqnum,
  highOf,
  join,
  type MetalogProgress,
  positionOf,
  type Seqnum,
  TAG_ALL,
  viewOfJoined,
} from "../identifiers.ts";
import type { AuxData, CallId } from "../messages.ts";
import type { Observation } from "../observations.ts";
import type { CheckContext } from "./context.ts";
import type { OpenRead } from "./open-reads.ts";
import { answerOf, boundAt, describeRecord, entryOf, logspaceIn, type Question } from "./reference.ts";
import type { InvariantName } from "./violations.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

/** How far a call has seen the log: by its own appends, and by reads, its parent's included. */
export interface Session {
  own: MetalogProgress;
  read: MetalogProgress;
}

const NOTHING_SEEN: Readonly<Session> = { own: 0, read: 0 };

export interface ReadChecks {
  /** The session of a call, as it is now. */
  session(call: CallId): Readonly<Session>;
  callStarted(observation: Of<"callStarted">, nowNanos: Nanos): void;
  callEnded(observation: Of<"callEnded">): void;
  appendDone(observation: Of<"appendDone">): void;
  auxSet(observation: Of<"auxSet">): void;
  readStarted(observation: Of<"readStarted">, nowNanos: Nanos): void;
  readDone(read: OpenRead, observation: Of<"readDone">, nowNanos: Nanos): void;
}

export function createReadChecks({ reference, violations }: CheckContext): ReadChecks {
  const sessions = new Map<CallId, Session>();
  const auxBySeqnum = new Map<Seqnum, AuxData[]>();

  const sessionOf = (call: CallId): Readonly<Session> => sessions.get(call) ?? NOTHING_SEEN;

  /** The progress of who has been shown a record. */
  function shownBy(seqnum: Seqnum): MetalogProgress {
    const log = reference.log(highOf(seqnum));
    return join(log.logspace, entryOf(log, positionOf(seqnum)) + 1);
  }

  /** Whether the returned answer is the reference's; if not, which rule it breaks and what is wrong with it. */
  function checkAnswer(
    question: Question,
    found: Seqnum | undefined,
    progress: MetalogProgress,
  ): { readonly rule: InvariantName; readonly wrong: string } | undefined {
    const view = viewOfJoined(progress);
    const logspace = logspaceIn(reference, view, question.logBook);
    if (logspace === undefined || highOf(progress) !== logspace) {
      return { rule: "R1", wrong: `progress of log ${highOf(progress)}, not ${logspace}` };
    }
    const position = positionOf(progress);
    const made = reference.log(logspace).ends.length;
    if (position > made) {
      return { rule: "R1", wrong: `progress ${position}, while only ${made} entries have been made` };
    }
    const expected = answerOf(reference, question, progress);
    if (expected === found) return undefined;
    const wrong = `${name(found)}; as of metalog position ${position} it is ${name(expected)}`;
    const bound = boundAt(reference, question, progress);
    if (found !== undefined && found < bound) {
      return { rule: "T1", wrong: `${wrong}: everything below ${name(bound)} has been given up` };
    }
    const crosses = [found, expected].some((seqnum) => seqnum !== undefined && viewOfJoined(seqnum) < view);
    return {
      rule: bound > 0 && expected !== undefined && found === undefined ? "T1" : crosses ? "R5" : "R1",
      wrong,
    };
  }

  /** A read that reflects less than `seen` is wrong only if its answer shows it. */
  function showsLess(
    question: Question,
    found: Seqnum | undefined,
    seen: MetalogProgress,
  ): Seqnum | undefined {
    if (reference.trims(question.logBook).length > 0) return undefined;
    const known = answerOf(reference, question, seen);
    if (known === undefined) return undefined;
    const consistent =
      question.direction === "prev" ? found !== undefined && found >= known : found === known;
    return consistent ? undefined : known;
  }

  return {
    session: sessionOf,

    callStarted({ call, parent, progress, engine }, nowNanos) {
      const seen = parent === undefined ? NOTHING_SEEN : sessionOf(parent);
      sessions.set(call, { own: seen.own, read: seen.read });
      const expected = Math.max(seen.own, seen.read);
      if (progress >= expected) return;
      violations.report(
        "R4",
        nowNanos,
        `call ${call} begins on engine ${engine} with progress ${describeProgress(progress)}; its parent has seen ${describeProgress(expected)}`,
      );
    },

    callEnded({ call }) {
      sessions.delete(call);
    },

    appendDone({ call, outcome, seqnum }) {
      const session = sessions.get(call);
      if (session === undefined || outcome !== "ok") return;
      session.own = Math.max(session.own, shownBy(seqnum));
    },

    auxSet({ seqnum, aux }) {
      const known = auxBySeqnum.get(seqnum);
      if (known === undefined) auxBySeqnum.set(seqnum, [aux]);
      else if (!known.some((each) => sameAux(each, aux))) known.push(aux);
    },

    readStarted({ call, progress, engine }, nowNanos) {
      const { own, read } = sessionOf(call);
      const start = `a read of call ${call} on engine ${engine} starts with progress ${describeProgress(progress)}`;
      if (progress < own) {
        const message = `${start}; the call's own appends reach ${describeProgress(own)}`;
        violations.report("R2", nowNanos, message);
      }
      if (progress < read) {
        violations.report("R3", nowNanos, `${start}; the call has seen ${describeProgress(read)}`);
      }
    },

    readDone({ started, session }, { outcome, seqnum, record, aux, progress, engine }, nowNanos) {
      if (outcome !== "ok" && outcome !== "empty") return;
      const { logBook, tag, call } = started;
      const found = outcome === "ok" ? seqnum : undefined;
      const what = () => describeQuestion(started, engine);

      if (progress < started.progress) {
        violations.report(
          "R1",
          nowNanos,
          `${what()} came with progress ${describeProgress(started.progress)} and returns ${describeProgress(progress)}`,
        );
      }
      const wrong = checkAnswer(started, found, progress);
      if (wrong !== undefined) violations.report(wrong.rule, nowNanos, `${what()} returns ${wrong.wrong}`);

      if (record !== undefined && record.logBook !== logBook) {
        violations.report("R6", nowNanos, `${what()} returns ${describeRecord(record)}`);
      }
      if (record !== undefined && tag !== TAG_ALL && !record.tags.includes(tag)) {
        violations.report("R1", nowNanos, `${what()} returns ${describeRecord(record)}, without the tag`);
      }

      // A right answer as of a position that includes what the call has seen shows all of it.
      if (wrong !== undefined || progress < session.own || progress < session.read) {
        const appended = showsLess(started, found, session.own);
        if (appended !== undefined) {
          violations.report(
            "R2",
            nowNanos,
            `${what()} returns ${name(found)}; with the call's own appends it is ${name(appended)}`,
          );
        }
        const before = showsLess(started, found, session.read);
        if (before !== undefined) {
          violations.report(
            "R3",
            nowNanos,
            `${what()} returns ${name(found)}; by what the call has seen it is ${name(before)}`,
          );
        }
      }

      if (aux !== undefined && !auxBySeqnum.get(seqnum)?.some((each) => sameAux(each, aux))) {
        violations.report(
          "X1",
          nowNanos,
          `${what()} returns aux data ${aux.data} with ${formatSeqnum(seqnum)}, for which it was not set`,
        );
      }

      const own = sessions.get(call);
      if (own === undefined) return;
      own.read = Math.max(own.read, progress, found === undefined ? 0 : shownBy(found));
    },
  };
}

function sameAux(a: AuxData, b: AuxData): boolean {
  return a.data === b.data && a.sizeBytes === b.sizeBytes;
}

function name(seqnum: Seqnum | undefined): string {
  return seqnum === undefined ? "nothing" : formatSeqnum(seqnum);
}

function describeProgress(progress: MetalogProgress): string {
  return progress === 0 ? "0" : `${positionOf(progress)} of log ${highOf(progress)}`;
}

export function describeQuestion({ direction, logBook, tag, seqnum }: Question, engine: number): string {
  const which = tag === TAG_ALL ? "" : ` with tag ${tag}`;
  const operation = { next: "readNext", prev: "readPrev", nextBlock: "readNextBlock" }[direction];
  return `${operation} from ${formatSeqnum(seqnum)} in LogBook ${logBook}${which}, on engine ${engine},`;
}
