import { describe, expect, test } from "vitest";
import { type Damage, damageOf } from "../../../sim/faults/damage.ts";
import type { DiskRule } from "../../../sim/faults/fault.ts";
import type { Effects } from "../../../sim/machine.ts";
import { FOREVER } from "../../../sim/units.ts";
import { add, constant, costs, logging, logOf, note, simulate } from "../kit.ts";
import { suffer, timed } from "./kit.ts";

const profile = {
  readLatency: constant(500),
  syncLatency: constant(1_000),
  bytesPerSecond: 1e9,
  writeBackNanos: 1_000_000,
};
const CRASH = { kind: "crash", of: {}, wholeHost: true } as const;
const KEYS = 400;

/**
 * Writes all keys at 500, while the rule is in force from 100 to 1,000, and syncs if it is told to; later the host may lose
 * power. Returns what the writes said, and what is read at 5,000.
 */
function written(
  rule: DiskRule,
  more: { sync?: boolean; crash?: boolean; until?: number; before?: boolean } = {},
) {
  const simulation = simulate();
  const host = simulation.addHost({ name: "host", cores: 1, disk: profile });
  const accepted: boolean[] = [];
  let read: unknown[] = [];
  const writeAll = (out: Effects, what: string) => {
    for (let key = 0; key < KEYS; key++) accepted.push(out.put("t", key, `${what} ${key}`, 1));
  };
  add(
    simulation,
    "writer",
    logging({
      start: (out) => {
        if (out.now > 0) {
          out.setTimer("read", 5_000 - out.now);
          return;
        }
        if (more.before === true) writeAll(out, "before");
        accepted.length = 0;
        out.setTimer("write", 500);
        out.setTimer("read", 5_000);
      },
      timeout: (timer, out) => {
        if (timer === "write") {
          writeAll(out, "key");
          if (more.sync === true) out.sync("synced");
        } else if (timer === "read") {
          read = Array.from({ length: KEYS }, (_, key) => out.get("t", key));
        }
      },
    }),
    { host },
  );
  const plan = [timed(100, (more.until ?? 1_000) - 100, { kind: "disk", of: {}, rule })];
  if (more.crash === true) plan.push(timed(3_000, 10, CRASH));
  suffer(simulation, plan, 10_000);
  const whole = read.filter((value, key) => value === `key ${key}`).length;
  const damaged = (damage: Damage) => read.filter((value) => damageOf(value) === damage).length;
  return { accepted: accepted.filter(Boolean).length, read, whole, damaged };
}

const about = (share: number) => (count: number) =>
  Math.abs(count - share * KEYS) < 4 * Math.sqrt(share * (1 - share) * KEYS) + 1e-9;

describe("a disk under no fault", () => {
  test("keeps what was written, and after a loss of power what was synced", () => {
    expect(written({})).toMatchObject({ accepted: KEYS, whole: KEYS });
    expect(written({}, { crash: true }).whole).toBe(0);
    expect(written({}, { crash: true, sync: true }).whole).toBe(KEYS);
  });
});

describe("a disk", () => {
  test("that is full says so and keeps what it had", () => {
    const { accepted, read } = written({ full: true }, { before: true });
    expect(accepted).toBe(0);
    expect(read[7]).toBe("before 7");
  });

  test("with write errors refuses a share of the writes, and keeps the others", () => {
    const { accepted, whole } = written({ writeErrorShare: 0.3 });
    expect(accepted).toSatisfy(about(0.7));
    expect(whole).toBe(accepted);
  });

  test("may lose at the next loss of power what it said was synced, and nothing as long as there is none", () => {
    expect(written({ unsyncedLossShare: 0.3 }, { sync: true }).whole).toBe(KEYS);
    const { accepted, whole, read } = written(
      { unsyncedLossShare: 0.3 },
      { sync: true, crash: true, before: true },
    );
    expect(accepted).toBe(KEYS);
    expect(whole).toSatisfy(about(0.7));
    // What was synced before comes back.
    for (const [key, value] of read.entries()) expect(value).toBeOneOf([`key ${key}`, `before ${key}`]);
  });

  test("may lose several writes to one key, one on top of the other, and then has what was there before all of them", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1, disk: profile });
    const found: unknown[] = [];
    const writer = logging({
      start: (out) => {
        found.push(out.get("t", 0));
        if (out.now > 0) return;
        for (const time of [0, 2_000, 4_000]) out.setTimer(time, time);
      },
      timeout: (timer, out) => {
        if (timer === "synced") return;
        out.put("t", 0, `at ${timer}`, 1);
        out.sync("synced");
      },
    });
    add(simulation, "writer", writer, { host });
    const lies = { kind: "disk", of: {}, rule: { unsyncedLossShare: 1 } } as const;
    suffer(simulation, [timed(1_000, undefined, lies), timed(8_000, 10, CRASH)], 10_000);
    expect(found).toEqual([undefined, "at 0"]);
  });

  test("may tear at a loss of power writes that were not synced, never one that was", () => {
    const { whole, damaged, read } = written({ tornShare: 0.3 }, { crash: true, until: 4_000 });
    expect(whole).toBe(0);
    expect(damaged("torn")).toSatisfy(about(0.3));
    expect(read.filter((value) => value === undefined)).toHaveLength(KEYS - damaged("torn"));
    expect(written({ tornShare: 1 }, { crash: true, sync: true, until: 4_000 }).whole).toBe(KEYS);
    // Tearing happens at the crash: a fault that is over then does nothing.
    expect(written({ tornShare: 1 }, { crash: true }).damaged("torn")).toBe(0);
  });

  test("may put a share of the writes in the place of other keys", () => {
    const { accepted, read, whole } = written({ misdirectedShare: 0.1 }, { before: true });
    expect(accepted).toBe(KEYS);
    // A key is wrong if its own write went elsewhere or another's landed on it later.
    expect(whole).toBeLessThan(KEYS * 0.95);
    expect(whole).toBeGreaterThan(KEYS * 0.75);
    const elsewhere = read.filter((value, key) => value !== `key ${key}` && value !== `before ${key}`);
    for (const value of elsewhere) expect(value).toMatch(/^key \d+$/);
    expect(elsewhere.length).toBeGreaterThan(KEYS * 0.02);
  });

  test("may alter a share of the writes, which read as corrupt, also later", () => {
    const { whole, damaged, accepted } = written({ corruptShare: 0.3 });
    expect(accepted).toBe(KEYS);
    expect(damaged("corrupt")).toSatisfy(about(0.3));
    expect(whole).toBe(KEYS - damaged("corrupt"));
  });

  test("may fail to read what is not in memory, for as long as the fault lasts", () => {
    const failing = { readErrorShare: 0.3 };
    expect(written(failing, { until: 9_000 }).whole).toBe(KEYS);
    const { whole, damaged } = written(failing, { until: 9_000, sync: true });
    expect(damaged("unreadable")).toSatisfy(about(0.3));
    expect(whole).toBe(KEYS - damaged("unreadable"));
    expect(written(failing, { until: 4_900, sync: true }).whole).toBe(KEYS);
  });
});

/** Syncs 100 bytes at 0 and at 2,000 and reads 100 at 0 and 2,000: when each is done, under faults. */
function times(rules: readonly [from: number, length: number, DiskRule][], heal = FOREVER) {
  const simulation = simulate();
  const host = simulation.addHost({ name: "host", cores: 4, disk: profile });
  const sink = add(simulation, "sink", logging({}));
  const steps = (what: string) =>
    logging({
      start: (out) => [0, 2_000].map((time) => out.setTimer(time, time)),
      timeout: (timer, out) => {
        if (String(timer).startsWith("synced")) {
          out.send(sink, note("synced"));
        } else if (what === "syncs") {
          out.put("t", 0, 0, 100);
          out.sync(`synced ${timer}`);
        } else {
          out.work("diskRead", 100);
          out.send(sink, note("read"));
        }
      },
    });
  const run = (what: string) =>
    add(simulation, what, steps(what), {
      host: what === "syncs" ? host : simulation.addHost({ name: "other", cores: 1, disk: profile }),
      costs: costs(),
    });
  run("syncs");
  run("reads");
  const timedRules = rules.map(([from, length, rule]) => timed(from, length, { kind: "disk", of: {}, rule }));
  suffer(simulation, { timed: timedRules, healAtNanos: heal }, 1e6);
  const log = logOf(simulation, sink);
  const timesOf = (kind: string) => log.filter(([, what]) => what === kind).map(([at]) => at);
  return { syncs: timesOf("synced"), reads: timesOf("read") };
}

describe("the time a disk takes", () => {
  test("is its profile's when nothing is wrong", () => {
    expect(times([])).toEqual({ syncs: [1_100, 3_100], reads: [600, 2_600] });
  });

  test("is multiplied by all that make it slow: latencies and transfers", () => {
    expect(times([[1_500, 9_000, { slowdown: 3 }]])).toEqual({ syncs: [1_100, 5_300], reads: [600, 3_800] });
    const twice = times([
      [1_500, 9_000, { slowdown: 3 }],
      [1_600, 900, { slowdown: 2 }],
    ]);
    expect(twice).toEqual({ syncs: [1_100, 8_600], reads: [600, 5_600] });
  });

  test("is to the end of a stall and beyond, for syncs and reads", () => {
    // The first sync is under way for another 600; the second and the read find the disk stalled. A read begun is a step begun.
    expect(times([[500, 4_500, { stalled: true }]])).toEqual({ syncs: [5_600, 6_700], reads: [600, 5_600] });
  });

  test("is to the end of the second stall if two overlap", () => {
    const overlapping = times([
      [500, 2_000, { stalled: true }],
      [1_000, 4_000, { stalled: true }],
    ]);
    expect(overlapping.syncs).toEqual([5_600, 6_700]);
  });

  test("is to the moment at which everything is healed", () => {
    expect(times([[500, FOREVER, { stalled: true }]], 5_000).syncs).toEqual([5_600, 6_700]);
  });

  test("is over for a sync that is done when the stall begins", () => {
    expect(times([[1_100, 4_000, { stalled: true }]]).syncs).toEqual([1_100, 6_200]);
  });

  test("never ends if the stall does not", () => {
    expect(times([[500, FOREVER, { stalled: true }]])).toEqual({ syncs: [], reads: [600] });
  });

  test("includes what it writes back by itself", () => {
    const survivors = [0, 1].map((stalled) => {
      const simulation = simulate();
      const host = simulation.addHost({ name: "host", cores: 1, disk: profile });
      let found: unknown;
      add(
        simulation,
        "writer",
        logging({
          start: (out) => {
            found = out.get("t", 0);
            if (out.now === 0) out.put("t", 0, "x", 1);
          },
        }),
        { host },
      );
      const rule = stalled === 1 ? { stalled: true } : {};
      suffer(
        simulation,
        [timed(900_000, 300_000, { kind: "disk", of: {}, rule }), timed(1_100_000, 10, CRASH)],
        2e6,
      );
      return found;
    });
    expect(survivors).toEqual(["x", undefined]);
  });
});
