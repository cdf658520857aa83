import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fault, LinkRule } from "../../../sim/faults/fault.ts";
import type { Tagged } from "../../../sim/machine.ts";
import { add, constant, costs, kindsOf, link, logging, logOf, type Note, note, simulate } from "../kit.ts";
import { every10, sender, suffer, timed } from "./kit.ts";

const silent = logging({});
const of = (...names: string[]) => ({ names });

/** Which links carry a note that is sent while the fault lasts: a row per sender. */
function cutBy(fault: Fault, names = ["a", "b", "c", "d", "e"]) {
  const simulation = simulate({ link: link(1) });
  const machine = logging({
    start: (out) => [5, 15, 25].map((time) => out.setTimer(time, time)),
    timeout: (timer, out) => {
      for (let to = 0; to < names.length; to++) out.send(to, note(`${timer} from ${out.self}`));
    },
  });
  for (const name of names) add(simulation, name, machine);
  suffer(simulation, [timed(10, 10, fault)], 100);
  const heard = (time: number) =>
    names.map((_, from) =>
      names.map((_, to) => (kindsOf(simulation, to).includes(`${time} from ${from}`) ? "+" : ".")).join(""),
    );
  expect([heard(5), heard(25)]).toEqual([0, 1].map(() => names.map(() => "+".repeat(names.length))));
  return heard(15);
}

describe("a partition", () => {
  test("may be symmetric: both sides are whole", () => {
    const cut = cutBy({ kind: "partition", shape: "symmetric", of: of("a", "b") });
    expect(cut).toEqual(["++...", "++...", "..+++", "..+++", "..+++"]);
  });

  test("may be of a few from a few: the others see everyone", () => {
    const cut = cutBy({ kind: "partition", shape: "symmetric", of: of("a"), from: of("b", "e") });
    expect(cut).toEqual(["+.++.", ".++++", "+++++", "+++++", ".++++"]);
  });

  test("may be one way", () => {
    const cut = cutBy({ kind: "partition", shape: "oneWay", of: of("a", "b") });
    expect(cut).toEqual(["++...", "++...", "+++++", "+++++", "+++++"]);
  });

  test("may be a ring, in which each reaches its neighbours", () => {
    const cut = cutBy({ kind: "partition", shape: "ring", of: {} });
    expect(cut).toEqual(["++..+", "+++..", ".+++.", "..+++", "+..++"]);
  });

  test("may be a ring of some, who all reach the others", () => {
    const cut = cutBy({ kind: "partition", shape: "ring", of: of("a", "b", "c", "d") });
    expect(cut).toEqual(["++.++", "+++.+", ".++++", "+.+++", "+++++"]);
  });

  test("may be partial: about half of the links, each in both directions", () => {
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const cut = cutBy({ kind: "partition", shape: "partial", of: {} }, names);
    const gone = cut.join("").split(".").length - 1;
    expect(gone).toBeGreaterThan(40);
    expect(gone).toBeLessThan(92);
    names.forEach((_, a) => {
      names.forEach((_, b) => {
        expect(cut[a]![b]).toBe(cut[b]![a]);
      });
      expect(cut[a]![a]).toBe("+");
    });
  });

  test("leaves alone what was sent before, and pipes", () => {
    const pipe = link(20, { local: true, pinned: true });
    const simulation = simulate({
      routing: (from, to) => (from.name === "piper" || to.name === "piper" ? pipe : link(20)),
    });
    const sink = add(simulation, "sink", silent);
    add(simulation, "source", sender([sink], [5, 15]));
    add(simulation, "piper", sender([sink], [6, 16]));
    suffer(simulation, [timed(10, 100, { kind: "partition", shape: "symmetric", of: of("sink") })], 200);
    expect(kindsOf(simulation, sink)).toEqual(["at 5", "at 6", "at 16"]);
  });

  test("that overlaps another leaves it when it ends", () => {
    const simulation = simulate();
    const sink = add(simulation, "sink", silent);
    add(simulation, "source", sender([sink], every10(60)));
    const cut = { kind: "partition", shape: "symmetric", of: of("sink") } as const;
    suffer(simulation, [timed(10, 20, cut), timed(20, 20, cut)], 100);
    expect(kindsOf(simulation, sink)).toEqual(["at 5", "at 45", "at 55"]);
  });
});

/** 1,000 notes, one a nanosecond; a rule lasts from 250 to 750. What arrives, as number and time. */
function through(
  rules: readonly LinkRule[],
  corrupt?: (message: Tagged, below: (n: number) => number) => Note,
) {
  const simulation = simulate({ link: link(10), ...(corrupt === undefined ? {} : { corrupt }) });
  const arrivals: { value: unknown; at: number; kind: string }[] = [];
  const sink = add(
    simulation,
    "sink",
    logging({
      receive: ({ kind, value }, out) => {
        arrivals.push({ kind, value, at: out.now });
      },
    }),
  );
  const source = logging({
    start: (out) => out.setTimer(0, 0),
    timeout: (timer, out) => {
      out.send(sink, note("n", timer));
      if (Number(timer) < 999) out.setTimer(Number(timer) + 1, 1);
    },
  });
  add(simulation, "source", source);
  const plan = rules.map((rule) => timed(250, 500, { kind: "link", of: of("source"), to: of("sink"), rule }));
  suffer(simulation, plan, 100_000);
  const during = arrivals.filter(({ value }) => (value as number) > 251 && (value as number) < 749);
  return { simulation, arrivals, during, outside: arrivals.filter((each) => !during.includes(each)) };
}

describe("a bad link", () => {
  test("loses, duplicates, delays and disorders messages while it lasts", () => {
    expect(through([{ blocked: true }]).during).toHaveLength(0);
    expect(through([{ lossShare: 1 }]).outside.length).toBeGreaterThan(490);
    const lossy = through([{ lossShare: 0.3 }]).during.length;
    expect(lossy).toBeGreaterThan(300);
    expect(lossy).toBeLessThan(400);
    const doubled = through([{ duplicateShare: 0.3 }]).during.length;
    expect(doubled).toBeGreaterThan(597);
    expect(doubled).toBeLessThan(697);
    const late = through([{ extraLatency: constant(77) }]).during;
    for (const { value, at } of late) expect(at).toBe((value as number) + 87);
    const numbers = through([
      { extraLatency: { kind: "uniform", low: 0, high: 50 }, reorder: true },
    ]).during.map(({ value }) => value as number);
    expect(numbers.some((number, i) => i > 0 && number < numbers[i - 1]!)).toBe(true);
  });

  test("in both directions suffers once, also between two who are on both sides", () => {
    const fault: Fault = {
      kind: "link",
      of: of("source", "sink"),
      to: of("source", "sink"),
      bothWays: true,
      rule: { extraLatency: constant(7), duplicateShare: 1 },
    };
    const simulation = simulate({ link: link(10) });
    const arrivals: number[] = [];
    const sink = add(simulation, "sink", logging({ receive: (_, out) => arrivals.push(out.now) }));
    add(simulation, "source", sender([sink], [5]));
    suffer(simulation, [timed(0, 100, fault)], 100);
    expect(arrivals).toEqual([22, 32]);
  });

  test("under two rules suffers from both", () => {
    const late = through([{ extraLatency: constant(77) }, { extraLatency: constant(100) }]).during;
    for (const { value, at } of late) expect(at).toBe((value as number) + 187);
    const lossy = through([{ lossShare: 0.5 }, { lossShare: 0.5 }]).during.length;
    expect(lossy).toBeGreaterThan(85);
    expect(lossy).toBeLessThan(165);
  });

  test("alters messages as the model says, and loses them where it says nothing", () => {
    const flip = (_: Tagged, below: (n: number) => number) => note("altered", 300 + below(100));
    const { during } = through([{ corruptShare: 0.5 }], flip);
    const altered = during.filter(({ kind }) => kind === "altered");
    expect(altered.length).toBeGreaterThan(200);
    expect(altered.length).toBeLessThan(300);
    expect(new Set(altered.map(({ value }) => value)).size).toBeGreaterThan(50);
    const lost = through([{ corruptShare: 0.5 }]);
    expect(lost.simulation.lostMessages + lost.arrivals.length).toBe(1_000);
    expect(lost.during.length).toBeLessThan(300);
  });

  test("draws for each message the same, whatever other rules there are", () => {
    const alone = through([{ duplicateShare: 0.3 }]).during.map(({ value }) => value);
    const twice = new Set(alone.filter((value, i) => alone.indexOf(value) !== i));
    // The rule under test stays in the same place of the plan and so keeps its stream.
    const both = through([{ duplicateShare: 0.3 }, { lossShare: 0.5, extraLatency: constant(5) }]).during;
    const counts = new Map<unknown, number>();
    for (const { value } of both) counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const [value, count] of counts) expect(count).toBe(twice.has(value) ? 2 : 1);
    expect(counts.size).toBeLessThan(350);
  });
});

describe("a reset of connections", () => {
  const reset = (...names: string[]) => ({ kind: "reset", of: of(...names) }) as const;

  test("loses what is under way on them, in both directions, and nothing else", () => {
    const simulation = simulate({ link: link(20) });
    const names = ["a", "b", "c"];
    for (const name of names) add(simulation, name, sender([0, 1, 2], [5, 15, 25]));
    const { periods } = suffer(simulation, [timed(30, undefined, { ...reset("a"), and: of("b") })], 100);
    expect(kindsOf(simulation, 0).sort()).toEqual(
      ["at 15", "at 15", "at 25", "at 25", "at 5", "at 5", "at 5"].concat([
        "timer 15",
        "timer 25",
        "timer 5",
      ]),
    );
    expect(kindsOf(simulation, 1)).toHaveLength(10);
    expect(kindsOf(simulation, 2)).toHaveLength(12);
    expect(simulation.lostMessages).toBe(4);
    expect(periods.map(({ fromNanos, untilNanos }) => [fromNanos, untilNanos])).toEqual([[30, 30]]);
  });

  test("opens new connections: what follows owes no order to what went before", () => {
    const simulation = simulate({ link: link(1) });
    const sink = add(simulation, "sink", silent);
    add(simulation, "source", sender([sink], [5, 20]));
    const late = { kind: "link", of: of("source"), rule: { extraLatency: constant(1_000) } } as const;
    suffer(simulation, [timed(0, 10, late), timed(15, undefined, reset("sink"))], 2_000);
    expect(logOf(simulation, sink)).toEqual([[21, "at 20"]]);
  });

  test("leaves datagrams and pipes alone", () => {
    for (const profile of [link(20, { connections: 0 }), link(20, { local: true })]) {
      const simulation = simulate({ link: profile });
      const sink = add(simulation, "sink", silent);
      add(simulation, "source", sender([sink], [5]));
      suffer(simulation, [timed(10, undefined, reset("sink"))], 100);
      expect(kindsOf(simulation, sink)).toEqual(["at 5"]);
    }
  });

  test("leaves what has arrived and waits for a thread", () => {
    const simulation = simulate();
    const sink = add(simulation, "sink", silent, { costs: costs({ receiveNanos: () => 100 }) });
    add(simulation, "source", sender([sink], [5, 6]));
    suffer(simulation, [timed(50, undefined, reset("sink"))], 1_000);
    expect(kindsOf(simulation, sink)).toEqual(["at 5", "at 6"]);
  });

  test.each([
    ["on its way to the thread that owns the connection", 15],
    ["waiting for it", 40],
  ])("loses what is %s", (_, resetNanos) => {
    const simulation = simulate({ link: link(1, { pinned: true }) });
    const sink = add(simulation, "sink", silent);
    const busy = add(
      simulation,
      "busy",
      logging({
        start: (out) => out.setTimer("t", 10),
        timeout: (_timer, out) => out.send(sink, note("handed over")),
      }),
      {
        host: simulation.addHost({ name: "host", cores: 4 }),
        costs: costs({
          receiveNanos: () => 100,
          timerNanos: () => 10,
          pool: (_message, timer) => (timer === undefined ? 0 : 1),
        }),
        pools: [
          { name: "io", threads: 1 },
          { name: "background", threads: 1 },
        ],
      },
    );
    // From 0 to 100 and from then to 200 the thread that owns the connection is busy.
    add(simulation, "source", sender([busy], [0, 5]));
    add(simulation, "later", sender([busy], [250]));
    suffer(simulation, [timed(resetNanos, undefined, { ...reset("busy"), and: of("sink") })], 1_000);
    expect(kindsOf(simulation, sink)).toEqual([]);
    expect(simulation.lostMessages).toBe(1);
    // The thread is not held by what came to nothing.
    expect(logOf(simulation, busy).at(-1)).toEqual([251, "at 250"]);
  });

  test("loses what was sent before and would arrive after, whenever it comes", () => {
    fc.assert(
      fc.property(fc.nat(100), (at) => {
        const simulation = simulate({ link: link(20) });
        const sink = add(simulation, "sink", silent);
        add(simulation, "source", sender([sink], every10(100)));
        suffer(simulation, [timed(at, undefined, reset("sink"))], 1_000);
        const sent = every10(100);
        // Sent before the reset and not there yet; what leaves or arrives in that very moment may be on either side.
        const under = sent.filter((time) => time < at && time + 20 > at).length;
        const edge = sent.filter((time) => time === at || time + 20 === at).length;
        expect(simulation.lostMessages).toBeGreaterThanOrEqual(under);
        expect(simulation.lostMessages).toBeLessThanOrEqual(under + edge);
      }),
    );
  });
});
