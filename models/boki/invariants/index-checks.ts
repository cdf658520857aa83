/**
 * The index: I1 and I2.
 *
 * An index that says it is complete up to a metalog position holds exactly the records of the entries before it: each
 * under its LogBook and under each of its tags, once, with the engine whose shard holds it (I1); so all its vectors ascend
 * (I2).
 *
 * Each advance is checked for the records it added, and everything again at the end of the run. In checked mode the state
 * an advance leads to is not there before its step is over, so an advance is looked at when the next process speaks.
 */

import type { Address } from "../../../sim/machine.ts";
import { entries, get } from "../../../sim/structures/grow-map.ts";
import { at, type IntList, type IntStore, lowerBound } from "../../../sim/structures/int-list.ts";
import type { Nanos } from "../../../sim/units.ts";
import type { EngineState } from "../engine-state.ts";
import { highOf, type LogBookId, type LogspaceId, type NodeId, TAG_ALL, type Tag } from "../identifiers.ts";
import type { IndexState } from "../index-state.ts";
import type { Observation } from "../observations.ts";
import { isMember } from "../view.ts";
import type { CheckContext } from "./context.ts";
import { endBefore, type LogReference, viewOfLog } from "./reference.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

/** How far the index of one log on one engine has been checked. */
interface Checked {
  readonly engine: NodeId;
  readonly address: Address;
  readonly logspace: LogspaceId;
  /** Records before this position have been found. */
  position: number;
  /** What the last advance said. */
  metalogPosition: number;
  seqnumPosition: number;
}

export interface IndexChecks {
  indexAdvanced(at: Address, observation: Of<"indexAdvanced">): void;
  /** Checks the advances of a step that is over, if `at` shows that it is. */
  settle(at: Address, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

const NOBODY = -1;

export function createIndexChecks({ reference, violations, inspected }: CheckContext): IndexChecks {
  const indexes = new Map<Address, Map<LogspaceId, Checked>>();
  /** The process whose advances are to be checked, and they. */
  let advancing: Address = NOBODY;
  let advances: Checked[] = [];

  function checkedOf(address: Address, engine: NodeId, logspace: LogspaceId): Checked {
    let ofEngine = indexes.get(address);
    if (ofEngine === undefined) {
      ofEngine = new Map();
      indexes.set(address, ofEngine);
    }
    let checked = ofEngine.get(logspace);
    if (checked === undefined) {
      checked = { engine, address, logspace, position: 0, metalogPosition: 0, seqnumPosition: 0 };
      ofEngine.set(logspace, checked);
    }
    return checked;
  }

  function stateOf({ address, logspace }: Checked): IndexState | undefined {
    const state = inspected().simulation.stateOf(address) as EngineState | undefined;
    return state?.indexes.get(logspace);
  }

  function isMemberStill({ address, engine, logspace }: Checked): boolean {
    const state = inspected().simulation.stateOf(address) as EngineState | undefined;
    const view = viewOfLog(reference, logspace);
    return (
      state !== undefined && view !== undefined && isMember(view, "engines", engine, state.session.birth)
    );
  }

  function checkAdvance(checked: Checked, nowNanos: Nanos): void {
    const log = reference.log(checked.logspace);
    const index = stateOf(checked);
    const end = endBefore(log, checked.metalogPosition);
    const who = whoIs(checked);
    // The engine has died since, and its index with it.
    if (index === undefined && !isMemberStill(checked)) return;
    if (index === undefined || checked.seqnumPosition !== end || index.indexedSeqnum !== end) {
      violations.report(
        "I1",
        nowNanos,
        `${who} is at metalog position ${checked.metalogPosition}, before which ${end} records are ordered; it has indexed ${checked.seqnumPosition}`,
      );
    }
    if (index === undefined) return;
    for (; checked.position < Math.min(end, checked.seqnumPosition); checked.position++) {
      checkRecord(index, log, checked.position, who, nowNanos);
    }
  }

  function checkRecord(
    index: IndexState,
    log: LogReference,
    position: number,
    who: string,
    nowNanos: Nanos,
  ): void {
    const record = log.records[position];
    if (record === undefined) return;
    const { logBook, tags } = record;
    const expected = log.books.get(logBook)!;
    const found = get(index.books, logBook);
    checkPlace(found?.all, expected.all, position, who, logBook, TAG_ALL, nowNanos);
    for (const tag of tags) {
      const vector = found && get(found.byTag, tag);
      checkPlace(vector, expected.byTag.get(tag)!, position, who, logBook, tag, nowNanos);
    }
    const engine = highOf(record.localid);
    const foundEngine = position < index.engineOf.length ? at(index.engineOf, position) : undefined;
    if (foundEngine !== engine) {
      violations.report(
        "I1",
        nowNanos,
        `${who} has engine ${foundEngine} for position ${position}, a record of engine ${engine}`,
      );
    }
  }

  /** A record stands in a vector where it stands in the reference's. */
  function checkPlace(
    vector: IntList | undefined,
    expected: IntList,
    position: number,
    who: string,
    logBook: LogBookId,
    tag: Tag,
    nowNanos: Nanos,
  ): void {
    const place = lowerBound(expected, position);
    const found = vector !== undefined && place < vector.length ? at(vector, place) : undefined;
    if (found === position) return;
    const name = vectorName(logBook, tag);
    violations.report(
      "I1",
      nowNanos,
      `${who} has ${found ?? "nothing"} at place ${place} of ${name}, where position ${position} belongs`,
    );
    if (found !== undefined && place > 0 && found <= at(vector!, place - 1)) {
      violations.report(
        "I2",
        nowNanos,
        `${who} has ${found} behind ${at(vector!, place - 1)} in ${name}, at place ${place}`,
      );
    }
  }

  function settle(address: Address, nowNanos: Nanos): void {
    if (advancing === NOBODY || advancing === address) return;
    for (const checked of advances) checkAdvance(checked, nowNanos);
    advances = [];
    advancing = NOBODY;
  }

  return {
    indexAdvanced(address, { engine, logspace, metalogPosition, seqnumPosition }) {
      const checked = checkedOf(address, engine, logspace);
      checked.metalogPosition = metalogPosition;
      checked.seqnumPosition = seqnumPosition;
      advancing = address;
      if (!advances.includes(checked)) advances.push(checked);
    },

    settle,

    finish(nowNanos) {
      settle(NOBODY, nowNanos);
      /** Vectors of several engines share their elements; how many of a store have been compared already. */
      const compared = new Map<IntStore, number>();
      for (const ofEngine of indexes.values()) {
        for (const checked of ofEngine.values()) checkWhole(checked, compared, nowNanos);
      }
    },
  };

  function checkWhole(checked: Checked, compared: Map<IntStore, number>, nowNanos: Nanos): void {
    const log = reference.log(checked.logspace);
    const index = stateOf(checked);
    if (index === undefined) return;
    const who = whoIs(checked);
    const end = endBefore(log, index.indexedMetalog);
    const compare = (vector: IntList | undefined, expected: IntList | undefined, name: () => string) => {
      const length = expected === undefined ? 0 : lowerBound(expected, end);
      const store = vector?.store;
      const already = store === undefined ? 0 : (compared.get(store) ?? 0);
      if ((vector?.length ?? 0) !== length) {
        violations.report(
          "I1",
          nowNanos,
          `${who} has ${vector?.length ?? 0} records in ${name()} at metalog position ${index.indexedMetalog}; there are ${length}`,
        );
      }
      if (vector === undefined) return;
      for (let place = already; place < vector.length; place++) {
        const found = at(vector, place);
        if (place > 0 && found <= at(vector, place - 1)) {
          violations.report(
            "I2",
            nowNanos,
            `${who} has ${found} behind ${at(vector, place - 1)} in ${name()}`,
          );
        }
        if (place < length && found !== at(expected!, place)) {
          violations.report(
            "I1",
            nowNanos,
            `${who} has ${found} at place ${place} of ${name()}, where ${at(expected!, place)} belongs`,
          );
        }
      }
      compared.set(vector.store, Math.max(already, vector.length));
    };
    for (const [logBook, book] of log.books) {
      const found = get(index.books, logBook);
      compare(found?.all, book.all, () => vectorName(logBook, TAG_ALL));
      for (const [tag, positions] of book.byTag)
        compare(found && get(found.byTag, tag), positions, () => vectorName(logBook, tag));
    }
    for (const [logBook, book] of entries(index.books)) {
      const expected = log.books.get(logBook);
      if (expected === undefined) compare(book.all, undefined, () => vectorName(logBook, TAG_ALL));
      for (const [tag, positions] of entries(book.byTag)) {
        if (!expected?.byTag.has(tag)) compare(positions, undefined, () => vectorName(logBook, tag));
      }
    }
  }
}

function whoIs({ engine, logspace }: Checked): string {
  return `the index of engine ${engine} for log ${logspace}`;
}

function vectorName(logBook: LogBookId, tag: Tag): string {
  return tag === TAG_ALL
    ? `the vector of LogBook ${logBook}`
    : `the vector of tag ${tag} in LogBook ${logBook}`;
}
