/**
 * The trace for Perfetto against its form: "Trace Event Format", sections "JSON Object Format" and "Event Descriptions"
 * (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU), and what Perfetto's importer asks of it:
 * slices of a track nest, flow events lie within slices.
 */

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { perfettoJson } from "../../reports/trace-perfetto.ts";
import { traced, untracedDigest } from "./trace-fixture.ts";

const whole = z.number().int().nonnegative();
/** Microseconds: "the tracing clock timestamp of the event ... at microsecond granularity", decimals allowed. */
const micros = z.number().finite();
const track = { pid: whole, tid: whole };
const common = { name: z.string().min(1), cat: z.string().min(1), ...track, ts: micros };
const args = z.record(z.string(), z.unknown());

const event = z.discriminatedUnion("ph", [
  // Complete events: name, category, clock and duration.
  z.strictObject({ ph: z.literal("X"), ...common, dur: micros.nonnegative(), args }),
  // Async events: the same category and id from begin to end.
  z.strictObject({ ph: z.literal("b"), ...common, id: z.string(), args }),
  z.strictObject({ ph: z.literal("e"), ...common, id: z.string() }),
  // Flow events: start, step, finish; the binding point of the last is the enclosing slice.
  z.strictObject({ ph: z.literal("s"), ...common, id: z.string() }),
  z.strictObject({ ph: z.literal("t"), ...common, id: z.string() }),
  z.strictObject({ ph: z.literal("f"), ...common, id: z.string(), bp: z.literal("e") }),
  // Instant events with their scope: global, process or thread.
  z.strictObject({ ph: z.literal("i"), ...common, s: z.enum(["g", "p", "t"]), args }),
  // Counters: each argument a series.
  z.strictObject({
    ph: z.literal("C"),
    name: z.string(),
    ...track,
    ts: micros,
    args: z.record(z.string(), z.number()),
  }),
  // Metadata: names, labels and order of processes and threads.
  z.strictObject({
    ph: z.literal("M"),
    name: z.enum(["process_name", "process_labels", "process_sort_index", "thread_name"]),
    pid: whole,
    tid: whole.optional(),
    args,
  }),
]);
const file = z.strictObject({
  displayTimeUnit: z.enum(["ns", "ms"]),
  otherData: args,
  traceEvents: z.array(event),
});
type Event = z.infer<typeof event>;

const { trace, digest } = traced("steps");
const json = perfettoJson(trace);
const { traceEvents } = file.parse(JSON.parse(json));
const of = <Ph extends Event["ph"]>(ph: Ph) =>
  traceEvents.filter((each): each is Extract<Event, { ph: Ph }> => each.ph === ph);
const trackOf = ({ pid, tid }: { pid: number; tid?: number | undefined }) => `${pid}/${tid}`;
const slices = of("X");
const EPSILON_MICROS = 1e-3;

describe("the trace of a run in which things fail", () => {
  test("is a file of the form, in which every step that ran is a slice", () => {
    const ran = trace.steps.filter(({ nanos }) => nanos.onCore !== undefined);
    expect(slices).toHaveLength(ran.length);
    expect(ran.length).toBeGreaterThan(3_000);
    expect(slices.reduce((sum, { dur }) => sum + dur, 0)).toBeGreaterThan(0);
  });

  test("has a name for every process and thread that does something", () => {
    const processes = new Set(of("M").flatMap(({ name, pid }) => (name === "process_name" ? [pid] : [])));
    const threads = new Set(of("M").flatMap((each) => (each.name === "thread_name" ? [trackOf(each)] : [])));
    for (const each of slices) {
      expect(processes.has(each.pid)).toBe(true);
      expect(threads.has(trackOf(each))).toBe(true);
    }
    const names = of("M").map(({ args: { name } }) => name);
    for (const name of ["engine-1", "storage-1", "sequencer-1", "io 1", "zookeeper"])
      expect(names).toContain(name);
  });

  test("has slices that do not overlap on their track, through crashes too", () => {
    const busyUntil = new Map<string, number>();
    for (const each of [...slices].sort((a, b) => a.ts - b.ts)) {
      const { ts, dur } = each;
      expect(ts).toBeGreaterThanOrEqual((busyUntil.get(trackOf(each)) ?? 0) - EPSILON_MICROS);
      busyUntil.set(trackOf(each), ts + dur);
    }
  });

  test("has flows that begin once, end once, go forward in time, and lie within slices", () => {
    const flows = new Map<string, Event[]>();
    for (const each of traceEvents) {
      if (each.ph !== "s" && each.ph !== "t" && each.ph !== "f") continue;
      flows.set(each.id, [...(flows.get(each.id) ?? []), each]);
    }
    expect(flows.size).toBeGreaterThan(20);
    const starts = new Map<string, { ts: number; dur: number }[]>();
    for (const each of slices) starts.set(trackOf(each), [...(starts.get(trackOf(each)) ?? []), each]);
    for (const [, events] of flows) {
      const inner = events.slice(1, -1).map(({ ph }) => ph);
      expect([events[0]!.ph, events.at(-1)!.ph]).toEqual(["s", "f"]);
      expect(new Set(inner).size).toBeLessThanOrEqual(1);
      let last = Number.NEGATIVE_INFINITY;
      for (const each of events as Extract<Event, { ph: "s" }>[]) {
        expect(each.ts).toBeGreaterThanOrEqual(last);
        last = each.ts;
        const within = starts.get(trackOf(each))!.some(({ ts, dur }) => ts <= each.ts && each.ts <= ts + dur);
        expect(within).toBe(true);
      }
    }
  });

  test("has a begin and an end of every sampled operation and of every fault", () => {
    const key = ({ cat, id }: { cat: string; id: string }) => `${cat} ${id}`;
    const begins = new Map(of("b").map((each) => [key(each), each]));
    const ends = new Map(of("e").map((each) => [key(each), each]));
    expect(begins.size).toBe(of("b").length);
    expect([...begins.keys()].sort()).toEqual([...ends.keys()].sort());
    for (const [id, { ts, name }] of begins) {
      expect(ends.get(id)!.ts).toBeGreaterThanOrEqual(ts);
      expect(ends.get(id)!.name).toBe(name);
    }
    expect(begins.size).toBe(trace.operations.length + trace.faults.length);
    const struck = of("i").filter(({ cat }) => cat === "fault");
    expect(struck.map(({ name }) => name)).toEqual(trace.faults.map(({ fault }) => fault));
  });

  test("shows messages that were lost", () => {
    const lost = of("i").filter(({ cat }) => cat === "lost");
    const sent = trace.steps.filter(({ kind, nanos }) => kind === "message" && nanos.arrived === undefined);
    expect(lost.length).toBe(sent.length);
    expect(lost.length).toBeGreaterThan(10);
    expect(lost.every(({ s, name }) => s === "p" && name.startsWith("lost: "))).toBe(true);
  });

  test("counts waiting jobs, which are never fewer than none and in the end none", () => {
    const counters = of("C");
    expect(counters.length).toBeGreaterThan(100);
    const last = new Map<number, number>();
    for (const { pid, args: counts } of counters) {
      expect(counts.jobs).toBeGreaterThanOrEqual(0);
      last.set(pid, counts.jobs!);
    }
    expect(Math.max(...last.values())).toBe(0);
  });

  test("changes nothing in the run, and is the same every time", () => {
    expect(digest).toBe(untracedDigest());
    expect(perfettoJson(traced("steps").trace)).toBe(json);
  });
});

test("a window has what begins in it, and a sample no more operations than were asked for", () => {
  const window = { fromNanos: 30_000_000, untilNanos: 32_000_000 };
  const { trace: part } = traced("steps", { operations: 7 }, window);
  expect(part.cutShort).toBe(false);
  expect(part.operations.length).toBeLessThanOrEqual(7);
  expect(part.steps.length).toBeGreaterThan(100);
  for (const { nanos } of part.steps) {
    if (nanos.onCore === undefined) continue;
    expect(nanos.onCore).toBeGreaterThanOrEqual(window.fromNanos);
  }
  file.parse(JSON.parse(perfettoJson(part)));
});
