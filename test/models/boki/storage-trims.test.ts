import { describe, expect, test } from "vitest";
import { join, type LogspaceId, type Seqnum, TAG_ALL, type Tag } from "../../../models/boki/identifiers.ts";
import { type CutEntry, cutEntry, vectorOfZeros, vectorPlus } from "../../../models/boki/metalog.ts";
import { COLLECT, FLUSH } from "../../../models/boki/storage-state.ts";
import { get } from "../../../sim/structures/grow-map.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { engineAt, recordOf, sequencerAt, viewWith } from "./nodes.ts";
import { installed, LOG, NEXT_LOG, order, type StorageNode, singles } from "./storage-node.ts";

/** A trim of LogBook 1 behind `count` cuts of one record of engine 1 each. */
function trimAfter(count: number, seqnum: Seqnum, tag: Tag = TAG_ALL, logspace: LogspaceId = LOG): CutEntry {
  const starts = vectorPlus(vectorOfZeros(3), [0], [count]);
  const entry = cutEntry(logspace, count, count, starts, [], [], 3);
  return { ...entry, trim: { engine: 1, op: 1, logBook: 1, tag, seqnum } };
}

/** A node with `count` records of LogBook 1 in its database, of which those below `position` are trimmed. */
function trimmed(count: number, position: number, tag?: Tag): StorageNode {
  const node = installed();
  order(node, count);
  node.expire(FLUSH);
  node.metalog(trimAfter(count, join(LOG, position), tag));
  takeSent(node.out);
  return node;
}

function outcomesOf(node: StorageNode, count: number): string[] {
  takeSent(node.out);
  for (let position = 0; position < count; position++) node.readAt(position);
  return takeKind(node.out, "readResult").map(({ message }) => message.outcome);
}

describe("what a trim of a whole LogBook gives up", () => {
  test("is collected every 100 ms, and reads of it are told so", () => {
    const node = trimmed(4, 3);
    expect(node.out.timers.get(COLLECT)).toMatchObject({ periodNanos: 100 * MILLISECOND });
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "ok", "ok"]);
    node.expire(COLLECT);
    expect(outcomesOf(node, 4)).toEqual(["trimmed", "trimmed", "trimmed", "ok"]);
    expect(node.out.counters.get("storage.recordsReclaimed")).toBe(3);
    expect(node.out.counters.get("storage.bytesReclaimed")).toBe(300);
    expect(node.out.timers.has(COLLECT)).toBe(false);
  });

  test("leaves memory, live or not", () => {
    const node = trimmed(4, 4);
    node.expire(COLLECT);
    const log = node.state.logs.get(LOG)!;
    expect([log.live.size, log.evicted]).toEqual([0, 4]);
    const rows = [...node.out.disk.get(`log ${LOG}`)!.values()];
    expect(new Set(rows)).toEqual(new Set([{ kind: "collected", logBook: 1, engine: 1, tags: [] }]));
    expect(new Set(rows).size).toBe(1);
  });

  test("does not include what is ordered behind the trim, whatever seqnum it names", () => {
    const node = installed();
    node.hold(recordOf(1, 0), recordOf(1, 1));
    const [first] = singles(1);
    const trim = trimAfter(1, join(LOG, 1_000));
    const last = { ...singles(2)[1]!, position: 2 };
    node.metalog(first!, trim, last);
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["trimmed", "ok"]);
  });

  test("does not include other LogBooks", () => {
    const node = installed();
    node.hold(recordOf(1, 0), recordOf(1, 1, { logBook: 2 }), recordOf(1, 2));
    node.metalog(...singles(3), trimAfter(3, join(LOG, 3)));
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(outcomesOf(node, 3)).toEqual(["trimmed", "ok", "trimmed"]);
  });

  test("is not collected before it is in the database", () => {
    const node = installed();
    order(node, 2);
    node.metalog(trimAfter(2, join(LOG, 2)));
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["ok", "ok"]);
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["trimmed", "trimmed"]);
  });

  test("is tried again when the disk refuses", () => {
    const node = trimmed(2, 2);
    node.out.diskFull = true;
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["ok", "ok"]);
    node.out.diskFull = false;
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["trimmed", "trimmed"]);
  });

  test("is collected as well if the trim comes before cuts that it is behind", () => {
    const node = installed();
    node.hold(recordOf(1, 0), recordOf(1, 1));
    const [first, second] = singles(2);
    node.metalog(trimAfter(2, join(LOG, 2)), first!);
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(outcomesOf(node, 1)).toEqual(["trimmed"]);
    node.metalog(second!);
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["trimmed", "trimmed"]);
    expect(node.out.timers.has(COLLECT)).toBe(false);
  });

  test("goes on being collected as later trims reach further", () => {
    const node = trimmed(6, 2);
    node.expire(COLLECT);
    node.metalog({ ...trimAfter(6, join(LOG, 5)), position: 7 });
    node.metalog({ ...trimAfter(6, join(LOG, 1)), position: 8 });
    node.expire(COLLECT);
    expect(outcomesOf(node, 6)).toEqual(["trimmed", "trimmed", "trimmed", "trimmed", "trimmed", "ok"]);
  });

  test("may be in logs of past views, in memory no more", () => {
    const node = installed();
    order(node, 2);
    node.finalize(singles(2));
    node.expire(FLUSH);
    node.install(viewWith({ viewId: 1 }));
    node.receive(sequencerAt(1), { kind: "metalogs", entry: trimAfter(0, join(NEXT_LOG, 5), 0, NEXT_LOG) });
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["trimmed", "trimmed"]);
    expect(node.out.timers.has(COLLECT)).toBe(false);
  });

  test("is known from the tail of a log as well", () => {
    const node = installed();
    order(node, 2);
    node.expire(FLUSH);
    node.finalize([...singles(2), trimAfter(2, join(LOG, 2))]);
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(outcomesOf(node, 2)).toEqual(["trimmed", "trimmed"]);
  });

  test("is still announced to an index that lacks it", () => {
    const node = installed();
    node.hold(recordOf(1, 0, { tags: [7, 8] }), recordOf(1, 1));
    node.metalog(...singles(2), trimAfter(2, join(LOG, 1)));
    node.expire(FLUSH);
    node.expire(COLLECT);
    takeSent(node.out);
    node.receive(engineAt(2), { kind: "indexFetch", logspace: LOG, from: 0, end: 2 });
    expect(takeKind(node.out, "indexData")[0]!.message).toMatchObject({
      positions: [0, 1],
      records: [{ localid: join(1, 0), logBook: 1, tags: [7, 8] }, recordOf(1, 1)],
      tagCount: 2,
    });
  });

  test("has a bounded number of marks at hand to share, however many tags there are", () => {
    const node = installed({ maxLiveRecords: 1_000 });
    for (let i = 0; i < 600; i++) node.hold(recordOf(1, i, { tags: [i + 1] }));
    node.metalog(...singles(600), trimAfter(600, join(LOG, 600)));
    node.expire(FLUSH);
    node.expire(COLLECT);
    expect(node.out.counters.get("storage.recordsReclaimed")).toBe(600);
    expect(get(node.state.logs.get(LOG)!.books!, 1)!.marks.size).toBeLessThan(257);
  });
});

test("a trim of one tag leaves all records where they are", () => {
  const node = trimmed(2, 2, 5);
  expect(node.out.timers.has(COLLECT)).toBe(false);
  expect(outcomesOf(node, 2)).toEqual(["ok", "ok"]);
});

test("memory does not grow with a log that is trimmed as it grows", () => {
  const node = installed({ maxLiveRecords: 10_000 });
  const [rounds, perRound] = [20, 1_000];
  let starts = vectorOfZeros(3);
  for (let round = 0; round < rounds; round++) {
    const first = round * perRound;
    for (let i = 0; i < perRound; i++) node.hold(recordOf(1, first + i));
    node.metalog(cutEntry(LOG, 2 * round, first, starts, [0], [perRound], 3));
    starts = vectorPlus(starts, [0], [perRound]);
    const trim = cutEntry(LOG, 2 * round + 1, first + perRound, starts, [], [], 3);
    const seqnum = join(LOG, first + perRound);
    node.metalog({ ...trim, trim: { engine: 1, op: 1, logBook: 1, tag: TAG_ALL, seqnum } });
    node.expire(FLUSH);
    node.expire(COLLECT);
    takeSent(node.out);
  }
  const log = node.state.logs.get(LOG)!;
  expect(node.out.counters.get("storage.recordsReclaimed")).toBe(rounds * perRound);
  expect(log.live.size).toBe(0);
  expect(log.ordered.length).toBeLessThan(8_192);
  expect(get(log.books!, 1)!.positions.length).toBeLessThan(4_096);
});
