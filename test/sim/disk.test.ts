import { describe, expect, test } from "vitest";
import { Disk } from "../../sim/disk.ts";
import { streamFor } from "../../sim/random.ts";
import { constant } from "./kit.ts";

const MEBIBYTE = 1_048_576;

/** 1 byte a nanosecond, so that bytes are transfer times. */
function disk(): Disk {
  return new Disk(
    { readLatency: constant(500), syncLatency: constant(2_000), bytesPerSecond: 1e9, writeBackNanos: 1e6 },
    streamFor(1, "disk"),
    (prefix) => streamFor(1, prefix),
  );
}

describe("a disk", () => {
  test("reads what was written, at once", () => {
    const it = disk();
    it.put("a", 5_000, "x", 1, 0);
    it.put("b", 5_000, "y", 1, 0);
    expect([
      it.get("a", 5_000, 4_000_000),
      it.get("b", 5_000, 4_000_000),
      it.get("a", 5_001, 4_000_000),
      it.get("c", 0, 4_000_000),
    ]).toEqual(["x", "y", undefined, undefined]);
  });

  test.each([-1, 0.5, Number.NaN])("has no key %s", (key) => {
    expect(() => disk().put("a", key, "x", 1, 0)).toThrow("integers from 0");
  });

  test("syncs what is unsynced, one sync after the other", () => {
    const it = disk();
    it.put("a", 0, "x", 1_000, 0);
    expect(it.syncDoneNanos(0, 0)).toBe(3_000);
    it.put("a", 1, "y", 200, 10);
    expect(it.syncDoneNanos(10, 10)).toBe(3_000 + 2_200);
    expect(it.syncDoneNanos(10, 10)).toBe(5_200 + 2_000);
  });

  test("serves reads in parallel but for their transfers", () => {
    const it = disk();
    expect(it.readNanos(0, 0, 100)).toBe(600);
    expect(it.readNanos(0, 0, 100)).toBe(700);
    expect(it.readNanos(150, 150, 100)).toBe(50 + 100 + 500);
  });

  test("is as busy as what it transfers, and never for what lies ahead", () => {
    const it = disk();
    it.readNanos(0, 1_000, 400);
    expect([0, 1_000, 1_100, 1_400, 9_000].map((now) => it.busyNanos(now))).toEqual([0, 0, 100, 400, 400]);
    it.resetCounts(9_000);
    expect(it.busyNanos(9_000)).toBe(0);
  });

  test("keeps counting a transfer that straddles the end of the warm-up", () => {
    const it = disk();
    it.readNanos(0, 0, 400);
    it.resetCounts(100);
    expect([it.busyNanos(100), it.busyNanos(400)]).toEqual([0, 300]);
  });

  test("writes back what is old, once, and does not transfer it again at a sync", () => {
    const it = disk();
    it.put("a", 0, "x", MEBIBYTE, 0);
    it.put("a", 1, "y", 300, 500_000);
    expect(it.busyNanos(999_999)).toBe(0);
    expect(it.busyNanos(3_000_000)).toBe(MEBIBYTE + 300);
    expect(it.syncDoneNanos(3_000_000, 3_000_000)).toBe(3_002_000);
  });

  test("does not write back what a sync has transferred", () => {
    const it = disk();
    it.put("a", 0, "x", 1_000, 0);
    it.syncDoneNanos(0, 0);
    expect(it.busyNanos(3_000_000)).toBe(3_000);
  });

  test("forgets its work when it loses power", () => {
    const it = disk();
    it.put("a", 0, "x", 10_000, 0);
    it.syncDoneNanos(0, 0);
    it.crash(1_000, true);
    expect(it.get("a", 0, 4_000_000)).toBeUndefined();
    expect(it.busyNanos(1_000_000)).toBe(1_000);
    expect(it.syncDoneNanos(1_000_000, 1_000_000)).toBe(1_002_000);
  });

  test("undoes writes to one key in reverse", () => {
    const it = disk();
    it.put("a", 0, "first", 1, 0);
    it.syncDoneNanos(0, 0);
    it.put("a", 0, "second", 1, 5_000);
    it.put("a", 0, "third", 1, 5_000);
    it.crash(6_000, true);
    expect(it.get("a", 0, 4_000_000)).toBe("first");
  });

  test("goes on after a restore as if nothing had been", () => {
    const it = disk();
    for (let i = 0; i < 3_000; i++) it.put("a", i, i, 100, i * 1_000);
    it.syncDoneNanos(3_000_000, 3_000_000);
    it.put("a", 7, "later", 100, 3_000_100);
    const copy = disk();
    copy.restore(structuredClone(it.save()));
    for (const each of [it, copy]) {
      each.readNanos(3_000_200, 3_000_300, 50);
      each.crash(3_100_000, true);
    }
    expect(copy.save()).toEqual(it.save());
    expect(copy.get("a", 7, 4_000_000)).toBe(7);
  });
});
