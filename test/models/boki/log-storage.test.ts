import { describe, expect, test } from "vitest";
import { NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import { evict, flush as flushLog } from "../../../models/boki/log-database.ts";
import {
  createLogStorage,
  holdRecord,
  type LogStorageOptions,
  type LogStorageState,
  orderRecords,
  type ParkedRead,
  progressVector,
} from "../../../models/boki/log-storage.ts";
import { readAt, takeMisdirected, takeParked } from "../../../models/boki/log-storage-reads.ts";
import type { LogRecord } from "../../../models/boki/messages.ts";
import { type CutEntry, cutEntry, vectorOfZeros, vectorPlus } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { DISK_READ } from "../../../sim/effects.ts";
import { type FakeEffects, fakeEffects } from "./fake-effects.ts";
import { viewWith } from "./nodes.ts";

const LOGSPACE = logspaceId(0, 1);
const CACHE_BYTES = 1_000_000;
/** Shards 0 and 2, engines 7 and 9, are stored on storage node 1; shard 1, engine 8, is not. */
const VIEW = viewWith({ userlogReplicas: 1, engines: [7, 8, 9], storages: [1, 2] });
const OPTIONS: LogStorageOptions = { mutation: Mutation.none, defects: NO_DEFECTS, journal: false };

function recordOf(engine: number, counter: number): LogRecord {
  return {
    localid: join(engine, counter),
    logBook: 1,
    tags: [],
    dataBytes: 100,
    data: engine * 1_000 + counter,
  };
}

function createTest() {
  const out = fakeEffects();
  const log = createLogStorage(VIEW, LOGSPACE, 1, OPTIONS);
  let starts = vectorOfZeros(3);
  let [position, seqnum] = [0, 0];
  return {
    out,
    log,
    hold: (engine: number, ...counters: number[]) =>
      counters.map((counter) => holdRecord(log, recordOf(engine, counter), out)),
    /** The metalog's next entry. */
    next(shards: number[], deltas: number[]): CutEntry {
      const entry = cutEntry(LOGSPACE, position++, seqnum, starts, shards, deltas, 3);
      starts = vectorPlus(starts, shards, deltas);
      seqnum += entry.total;
      return entry;
    },
    order: (entry: CutEntry) => orderRecords(log, entry, out),
    read: (at: number, cacheBytes = CACHE_BYTES) => readAt(log, readOf(at), cacheBytes, out),
  };
}

const flush = (log: LogStorageState, out: FakeEffects) => flushLog(log, true, out);

function readOf(position: number, op = position): ParkedRead {
  return { seqnum: join(LOGSPACE, position), origin: 7, op, progress: 0 };
}

/** A node that holds and has ordered `count` records of engine 7. */
function createOrdered(count: number) {
  const storage = createTest();
  storage.hold(7, ...Array.from({ length: count }, (_, i) => i));
  storage.order(storage.next([0], [count]));
  return storage;
}

describe("progress of a shard", () => {
  test("is the length of the prefix without a gap", () => {
    const { hold, log } = createTest();
    expect(hold(7, 0, 2, 3)).toEqual([true, false, false]);
    expect(progressVector(log)).toEqual([1, 0]);
    expect(hold(7, 1)).toEqual([true]);
    expect(progressVector(log)).toEqual([4, 0]);
  });

  test("does not change by a duplicate, held or ordered", () => {
    const { hold, log, order, next } = createTest();
    hold(9, 0, 1);
    expect(hold(9, 1)).toEqual([false]);
    order(next([2], [2]));
    expect(hold(9, 0)).toEqual([false]);
    expect(progressVector(log)).toEqual([0, 2]);
    expect(log.unordered.size).toBe(0);
  });

  test("has no place for a shard stored elsewhere", () => {
    const { hold, log } = createTest();
    expect(hold(8, 0)).toEqual([false]);
    expect(progressVector(log)).toEqual([0, 0]);
  });

  test("is reported as a copy: later records do not change a report that is under way", () => {
    const { hold, log } = createTest();
    hold(7, 0);
    const reported = progressVector(log);
    hold(7, 1);
    expect(reported).toEqual([1, 0]);
  });
});

describe("an entry", () => {
  test("gives the records held here their places, and counts the others' too", () => {
    const { hold, order, next } = createTest();
    hold(7, 0, 1);
    hold(9, 0);
    const { positions, records } = order(next([0, 1, 2], [2, 5, 1]));
    expect(positions).toEqual([0, 1, 7]);
    expect(records.map(({ data }) => data)).toEqual([7_000, 7_001, 9_000]);
  });

  test("that comes too early is applied with the one it waits for", () => {
    const { hold, order, next } = createTest();
    hold(7, 0, 1);
    const [first, second] = [next([0], [1]), next([0, 1], [1, 1])];
    expect(order(second).positions).toEqual([]);
    expect(order(first).positions).toEqual([0, 1]);
    expect(order(first).positions).toEqual([]);
  });

  test("that orders a record which is not here is counted", () => {
    const { order, next, out } = createTest();
    expect(order(next([0], [1])).positions).toEqual([]);
    expect(out.counters.get("storage.orderedButMissing")).toBe(1);
  });
});

describe("a read", () => {
  test("of what is ordered and in memory is answered from there", () => {
    const { read, out } = createOrdered(2);
    expect(read(1)).toEqual({ kind: "found", record: recordOf(7, 1) });
    expect(out.worked.size).toBe(0);
  });

  test("of what is not ordered yet is parked, and answered when it is", () => {
    const { log, read, hold, order, next, out } = createOrdered(1);
    expect(read(1)).toEqual({ kind: "parked" });
    expect(readAt(log, readOf(1, 50), CACHE_BYTES, out)).toEqual({ kind: "parked" });
    hold(7, 1, 2);
    const ordered = order(next([0], [2]));
    expect(takeParked(log, ordered)).toEqual([
      { read: readOf(1), record: recordOf(7, 1) },
      { read: readOf(1, 50), record: recordOf(7, 1) },
    ]);
    expect(log.parked.size).toBe(0);
    expect(takeMisdirected(log)).toEqual([]);
  });

  test("that waits for a record which turns out to be stored elsewhere is given back", () => {
    const { log, read, hold, order, next } = createOrdered(1);
    read(2);
    hold(7, 1);
    const ordered = order(next([0, 1], [1, 1]));
    expect(takeParked(log, ordered)).toEqual([]);
    expect(takeMisdirected(log)).toEqual([readOf(2)]);
    expect(takeMisdirected(log)).toEqual([]);
  });

  test("of a record stored elsewhere is lost", () => {
    const { read, order, next } = createOrdered(1);
    order(next([0, 1], [0, 1]));
    expect(read(1)).toEqual({ kind: "lost" });
  });

  test("of what has left memory costs a read of the database", () => {
    const { log, read, out } = createOrdered(3);
    flush(log, out);
    evict(log, 1, out);
    expect(read(0)).toEqual({ kind: "found", record: recordOf(7, 0) });
    expect(out.worked.get("databaseRead")).toBe(1);
    expect(out.worked.has(DISK_READ)).toBe(false);
    expect(out.counters.get("databaseCache.hit")).toBe(1);
  });

  test("goes to the disk when more has been flushed since than the database's cache holds", () => {
    const { log, read, out } = createOrdered(10);
    flush(log, out);
    evict(log, 0, out);
    // Records of 100 bytes: the newest 5 are cached.
    expect(read(5, 500)).toMatchObject({ kind: "found" });
    expect(out.worked.has(DISK_READ)).toBe(false);
    expect(read(4, 500)).toMatchObject({ kind: "found" });
    expect(out.worked.get(DISK_READ)).toBe(4_096);
  });
});

describe("memory", () => {
  test("keeps what the database lacks, however much there is", () => {
    const { log, out } = createOrdered(5);
    evict(log, 2, out);
    expect(log.live.size).toBe(5);
  });

  test("drops the oldest of what is flushed, down to the limit", () => {
    const { log, out, read, hold, order, next } = createOrdered(5);
    expect(flush(log, out)).toBe(5);
    hold(7, 5, 6);
    order(next([0], [2]));
    evict(log, 4, out);
    expect(log.live.size).toBe(4);
    evict(log, 0, out);
    expect(log.live.size).toBe(2);
    for (let position = 0; position < 7; position++) {
      expect(read(position)).toEqual({ kind: "found", record: recordOf(7, position) });
    }
  });

  test("is flushed once: a second flush writes only what is new", () => {
    const { log, out, hold, order, next } = createOrdered(3);
    expect(flush(log, out)).toBe(3);
    expect(flush(log, out)).toBe(0);
    hold(7, 3);
    order(next([0], [1]));
    expect(flush(log, out)).toBe(1);
    expect(log).toMatchObject({ persistedPosition: 4, flushedBytes: 400 });
  });
});
