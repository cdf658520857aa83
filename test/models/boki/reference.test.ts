/** The reference of the checkers, against a list of everything. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { highOf, join, type Seqnum, viewOfJoined } from "../../../models/boki/identifiers.ts";
import { answerOf, createReference, type Question } from "../../../models/boki/invariants/reference.ts";
import type { LogRecord } from "../../../models/boki/messages.ts";
import {
  cutEntry,
  type ShardVector,
  type Trim,
  vectorOfZeros,
  vectorPlus,
} from "../../../models/boki/metalog.ts";
import { logspaceOfLogBook } from "../../../models/boki/view.ts";
import { recordOf, viewWith } from "./nodes.ts";

const ENGINES = [1, 2];

/** What one entry does: so many records of each engine with these tags, or a trim. */
const entry = fc.oneof(
  { weight: 5, arbitrary: fc.record({ deltas: fc.tuple(fc.nat(2), fc.nat(2)), tags: fc.subarray([1, 2]) }) },
  { weight: 1, arbitrary: fc.record({ back: fc.nat(6), tag: fc.constantFrom(0, 1, 2) }) },
);
const view = fc.record({
  entries: fc.array(entry, { maxLength: 5 }),
  dropsLast: fc.boolean(),
  sequencers: fc.constantFrom([1, 2], [2, 1]),
});
const question = fc.record({
  direction: fc.constantFrom<Question["direction"]>("next", "prev"),
  tag: fc.constantFrom(0, 1, 2),
  place: fc.nat(),
});

interface Told {
  readonly seqnum: Seqnum;
  readonly record: LogRecord;
}

test("answers any read as a list of all records would, over views, dropped entries and trims", () => {
  fc.assert(
    fc.property(fc.array(view, { minLength: 1, maxLength: 3 }), question, fc.nat(), (views, ask, place) => {
      const reference = createReference();
      const told: Told[] = [];
      const trims: { progress: number; tag: number; bound: number }[] = [];
      const progresses: number[] = [];
      views.forEach(({ entries, dropsLast, sequencers }, viewId) => {
        const isLast = viewId === views.length - 1;
        const now = viewWith({ viewId, engines: ENGINES, sequencers, hashTokens: [sequencers[0]!] });
        reference.learnView(now);
        const logspace = logspaceOfLogBook(now, 1);
        let starts: ShardVector = vectorOfZeros(ENGINES.length);
        let seqnum = 0;
        progresses.push(join(logspace, 0));
        entries.forEach((each, position) => {
          const dropped = dropsLast && !isLast && position === entries.length - 1;
          const deltas = "deltas" in each ? each.deltas : [0, 0];
          const shards = [0, 1].filter((shard) => deltas[shard]! > 0);
          const some = shards.map((shard) => deltas[shard]!);
          const made = cutEntry(logspace, position, seqnum, starts, shards, some, ENGINES.length);
          let trim: Trim | undefined;
          if ("back" in each) {
            const at = Math.max(0, join(logspace, seqnum) - each.back);
            trim = { engine: 1, op: 0, logBook: 1, tag: each.tag, seqnum: at };
            if (!dropped)
              trims.push({
                progress: join(logspace, position + 1),
                tag: each.tag,
                bound: Math.min(at, join(logspace, seqnum)),
              });
          }
          shards.forEach((shard, i) => {
            const from = starts[0]![shard]!;
            for (let j = 0; j < some[i]!; j++) {
              const tags = "tags" in each ? each.tags : [];
              const record = recordOf(ENGINES[shard]!, from + j, { tags });
              reference.issue(logspace, record);
              if (!dropped) told.push({ seqnum: join(logspace, made.firsts[i]! + j), record });
            }
          });
          reference.order({ ...made, trim }, now, () => {});
          starts = vectorPlus(starts, shards, some);
          seqnum += made.total;
          if (!dropped) progresses.push(join(logspace, position + 1));
        });
        const final = dropsLast && entries.length > 0 ? entries.length - 1 : entries.length;
        if (!isLast) reference.end({ logspace, final, tail: [] }, () => {});
      });

      const progress = progresses[place % progresses.length]!;
      const shown = told.filter(({ seqnum }) => {
        const log = reference.log(highOf(seqnum));
        const before = viewOfJoined(seqnum) < viewOfJoined(progress);
        return (
          before || (highOf(seqnum) === highOf(progress) && endOf(log.ends, progress) > seqnum % 2 ** 32)
        );
      });
      const bound = trims
        .filter((trim) => trim.progress <= progress && (trim.tag === 0 || trim.tag === ask.tag))
        .reduce((most, trim) => Math.max(most, trim.bound), 0);
      const matching = shown.filter(
        ({ seqnum, record }) => seqnum >= bound && (ask.tag === 0 || record.tags.includes(ask.tag)),
      );
      const places = [0, ...told.flatMap(({ seqnum }) => [seqnum - 1, seqnum, seqnum + 1]), 2 ** 53 - 1];
      const from = places[ask.place % places.length]!;
      const expected =
        ask.direction === "next"
          ? matching.find(({ seqnum }) => seqnum >= from)
          : matching.findLast(({ seqnum }) => seqnum <= from);
      const asked: Question = { direction: ask.direction, logBook: 1, tag: ask.tag, seqnum: from };
      expect(answerOf(reference, asked, progress)).toBe(expected?.seqnum);
    }),
    { numRuns: 500 },
  );
});

function endOf(ends: readonly number[], progress: number): number {
  const position = progress % 2 ** 32;
  return position === 0 ? 0 : (ends[position - 1] ?? 0);
}

test("takes back what lies behind the end of a log, so that its records can have a place again", () => {
  const reference = createReference();
  const now = viewWith({ engines: ENGINES });
  reference.learnView(now);
  const logspace = now.logspaces[0]!;
  const starts = vectorOfZeros(ENGINES.length);
  const record = recordOf(1, 0, { tags: [1] });
  reference.issue(logspace, record);
  reference.order(cutEntry(logspace, 0, 0, starts, [0], [1], ENGINES.length), now, () => {});
  const taken: LogRecord[] = [];
  reference.end({ logspace, final: 0, tail: [] }, (each) => taken.push(each));
  expect(taken).toEqual([record]);
  expect(reference.recordAt(join(logspace, 0))).toBeUndefined();
  const all: Question = { direction: "next", logBook: 1, tag: 0, seqnum: 0 };
  expect(answerOf(reference, all, join(logspace, 1))).toBeUndefined();
});
