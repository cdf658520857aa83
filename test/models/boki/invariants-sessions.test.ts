/** What the checkers say of what functions were given, told to them operation by operation. */

import { describe, expect, test } from "vitest";
import type { Inspected } from "../../../models/boki/invariants/context.ts";
import { createInvariants } from "../../../models/boki/invariants/invariants.ts";
import type { Observation } from "../../../models/boki/observations.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;
type Told = readonly [worker: number, Observation];

const BOOK = 7;
/** Workers run a call each: worker 1 runs call 1. */
const ALICE = 1;
const BOB = 2;

/** Which checks of functions are broken after these observations, and how. */
function brokenBy(...observations: readonly (readonly Told[])[]): string[] {
  const invariants = createInvariants({ inspected: () => ({}) as Inspected, blockingReadLimitNanos: 1 });
  for (const [at, observation] of observations.flat()) invariants.observe(at, observation as never, 0);
  return invariants.violations.map(({ invariant, message }) => `${invariant}: ${message}`);
}

/** The rules that are broken, each once. */
function rulesOf(...observations: readonly (readonly Told[])[]): string[] {
  return [...new Set(brokenBy(...observations).map((each) => each.slice(0, 2)))];
}

function begins(data: number, tags: readonly number[] = [], logBook = BOOK): Told {
  return [ALICE, { kind: "appendBegun", logBook, data, tags }];
}

let requests = 0;

function appended(worker: number, data: number, seqnum: number, request = ++requests): Told {
  return [worker, { kind: "appendReturned", call: worker, request, data, outcome: "ok", seqnum }];
}

/** An append from its beginning to its end; its record's data is a hundred times its seqnum, unless said otherwise. */
function appends(worker: number, seqnum: number, tags: readonly number[] = [], data = 100 * seqnum): Told[] {
  return [begins(data, tags), appended(worker, data, seqnum)];
}

interface Read {
  readonly tag?: number;
  readonly found?: number;
  readonly data?: number;
  readonly tags?: readonly number[];
  readonly request?: number;
  readonly outcome?: "trimmed";
}

function reads(worker: number, op: Of<"readReturned">["op"], asked: number, read: Read = {}): Told[] {
  const { tag = 0, found, tags = [], request = ++requests } = read;
  const data = read.data ?? 100 * (found ?? 0);
  const record = found === undefined ? undefined : { localid: 0, logBook: BOOK, tags, dataBytes: 1, data };
  const outcome: Of<"readReturned">["outcome"] = read.outcome ?? (found === undefined ? "empty" : "ok");
  const given = { op, asked, tag, logBook: BOOK, outcome, seqnum: found ?? 0, record };
  return [[worker, { kind: "readReturned", call: worker, request, ...given }]];
}

function trims(worker: number, seqnum: number, tag = 0): Told[] {
  const request = ++requests;
  return [
    [worker, { kind: "trimBegun", logBook: BOOK, tag, seqnum }],
    [worker, { kind: "trimReturned", call: worker, request, tag, seqnum, outcome: "ok" }],
  ];
}

function invokes(worker: number, child: number): Told[] {
  return [[worker, { kind: "invokeBegun", call: worker, request: ++requests, child }]];
}

function invoked(worker: number, child: number): Told[] {
  return [[worker, { kind: "invokeReturned", call: worker, request: requests, child }]];
}

test("functions that see what one log would show them break nothing", () => {
  const all = [
    appends(ALICE, 10, [1]),
    appends(BOB, 20, [2, 2]),
    reads(ALICE, "readPrev", 15, { found: 10, tags: [1] }),
    reads(ALICE, "checkTail", Number.MAX_SAFE_INTEGER, { found: 10, tags: [1] }),
    reads(BOB, "readNext", 0, { found: 10, tags: [1] }),
    reads(BOB, "readNext", 11, { tag: 2, found: 20, tags: [2] }),
    reads(BOB, "readNext", 21),
    trims(BOB, 15),
    reads(BOB, "readNext", 0, { found: 20, tags: [2] }),
    reads(BOB, "readPrev", 15),
  ];
  expect(brokenBy(...all)).toEqual([]);
});

describe("H1: a function is shown only what was appended", () => {
  test("not a record that nobody began to append", () => {
    expect(brokenBy(reads(BOB, "readNext", 0, { found: 10 }))).toEqual([
      "H1: readNext of call 2 from 0000000000000000 in LogBook 7 returns a record with the data of append 1000, which no function has begun",
    ]);
  });

  test("not one of another LogBook", () => {
    const broken = brokenBy([begins(1_000, [], 8)], reads(BOB, "readNext", 0, { found: 10 }));
    expect(broken[0]).toMatch(/^H1: .* which was begun in LogBook 8$/);
  });

  test("not with other tags; to name a tag twice is no other", () => {
    const [alike, other] = [[3, 4, 3], [3]].map((tags) =>
      brokenBy(appends(ALICE, 10, tags), reads(BOB, "readNext", 0, { found: 10, tags: [3, 4] })),
    );
    expect(alike).toEqual([]);
    expect(other![0]).toMatch(/^H1: .* with tags \[3, 4\]; it was begun with \[3\]$/);
  });

  test("not without the record", () => {
    const [[worker, read]] = reads(BOB, "readNext", 0, { found: 10 }) as [Told];
    const bare = { ...read, record: undefined } as Observation;
    expect(brokenBy(appends(ALICE, 10), [[worker, bare]])[0]).toMatch(/^H1: .* without its record$/);
  });

  test("not what was discarded, whichever is seen first", () => {
    const request = ++requests;
    const discarded: Told = [
      ALICE,
      { kind: "appendReturned", call: ALICE, request, data: 1_000, outcome: "discarded", seqnum: 0 },
    ];
    const read = reads(BOB, "readNext", 0, { found: 10 });
    expect(brokenBy([begins(1_000), discarded], read)[0]).toMatch(/^H1: .* which was discarded$/);
    expect(brokenBy([begins(1_000)], read, [discarded])).toEqual([
      "H1: append 1000 of call 1 is discarded, and its record was met at 000000000000000a",
    ]);
  });

  test("not a record at two seqnums, nor two records at one", () => {
    const twice = brokenBy(appends(ALICE, 10), reads(BOB, "readNext", 11, { found: 20, data: 1_000 }));
    expect(twice[0]).toMatch(/^H1: .* it was met at 000000000000000a before$/);
    const both = brokenBy(appends(ALICE, 10), appends(BOB, 10, [], 55));
    expect(both[0]).toMatch(/^H1: .* where that of append 1000 was met before$/);
  });

  test("an append of unknown outcome may be met, and then has its place", () => {
    const met = [[begins(1_000)], reads(BOB, "readNext", 0, { found: 10 })];
    expect(brokenBy(...met)).toEqual([]);
    expect(rulesOf(...met, reads(BOB, "readNext", 20, { found: 20, data: 1_000 }))).toEqual(["H1"]);
  });

  test("data that a program gave to several appends may be at several seqnums", () => {
    const all = [appends(ALICE, 10, [], 5), appends(ALICE, 20, [], 5)];
    expect(brokenBy(...all, reads(BOB, "readNext", 11, { found: 20, data: 5 }))).toEqual([]);
  });
});

describe("O3: the order agrees with real time", () => {
  test("an append is behind what had returned when it was begun", () => {
    expect(brokenBy(appends(ALICE, 10), appends(BOB, 5))).toEqual([
      "O3: an append of call 2 returns, with the record of append 500 at 0000000000000005, which was begun when 000000000000000a of LogBook 7 had been met",
    ]);
  });

  test("concurrent appends may be in any order", () => {
    expect(brokenBy([begins(500), begins(1_000), appended(ALICE, 1_000, 10), appended(BOB, 500, 5)])).toEqual(
      [],
    );
  });

  test("an append of unknown outcome is held to it when its record is read", () => {
    expect(rulesOf(appends(ALICE, 10), [begins(500)], reads(BOB, "readNext", 0, { found: 5 }))).toEqual([
      "O3",
    ]);
  });
});

describe("H2: a call is shown no less than it has been shown", () => {
  test("its own append, by a read from either side and by the tail", () => {
    const own = appends(ALICE, 10, [1]);
    expect(brokenBy(own, reads(ALICE, "readPrev", 10, { tag: 1 }))).toEqual([
      "H2: readPrev of call 1 from 000000000000000a in LogBook 7 with tag 1 returns nothing and passes over 000000000000000a; the call had been shown 000000000000000a",
    ]);
    expect(rulesOf(own, reads(ALICE, "checkTail", Number.MAX_SAFE_INTEGER))).toEqual(["H2"]);
    expect(rulesOf(own, reads(ALICE, "readNextBlock", 10, { tag: 1 }))).toEqual(["H2"]);
    // Another call need not see it.
    expect(brokenBy(own, reads(BOB, "checkTail", Number.MAX_SAFE_INTEGER))).toEqual([]);
  });

  test("what it has read, and all that others have met in front of that", () => {
    const all = [appends(ALICE, 10, [1]), appends(ALICE, 20), reads(BOB, "readNext", 11, { found: 20 })];
    expect(rulesOf(...all, reads(BOB, "readPrev", 15, { tag: 1 }))).toEqual(["H2"]);
    expect(rulesOf(...all, reads(BOB, "checkTail", 30, { found: 10, tags: [1] }))).toEqual(["H2"]);
  });

  test("what returned while a read was under way does not bind the read", () => {
    const request = ++requests;
    const beside = [begins(1_000), appended(ALICE, 1_000, 10, request)];
    expect(brokenBy(beside, reads(ALICE, "checkTail", 30, { request }))).toEqual([]);
    expect(rulesOf(beside, reads(ALICE, "checkTail", 30))).toEqual(["H2"]);
  });

  test("a nested call begins with what its caller had been shown", () => {
    expect(rulesOf(appends(1, 10), invokes(1, 2), reads(2, "checkTail", 30))).toEqual(["H2"]);
  });

  test("a caller goes on with what its nested call has been shown", () => {
    const inside = [invokes(1, 2), appends(2, 10)];
    expect(brokenBy(...inside, reads(1, "checkTail", 30, { request: requests }))).toEqual([]);
    expect(rulesOf(...inside, invoked(1, 2), reads(1, "checkTail", 30))).toEqual(["H2"]);
  });

  test("a worker's next call begins with nothing", () => {
    const next: Told[] = reads(1, "checkTail", 30).map(([at, read]) => [
      at,
      { ...read, call: 9 } as Observation,
    ]);
    expect(brokenBy(appends(1, 10), next)).toEqual([]);
  });

  test("what a trim may have given up need not be shown, also when nobody knows whether it took place", () => {
    const begun: Told = [BOB, { kind: "trimBegun", logBook: BOOK, tag: 1, seqnum: 11 }];
    const [own, read] = [appends(ALICE, 10, [1]), reads(ALICE, "readNext", 0, { tag: 1 })];
    expect(brokenBy(own, [begun], read)).toEqual([]);
    // The trim was of that tag only.
    expect(rulesOf(own, [begun], reads(ALICE, "readNext", 0))).toEqual(["H2"]);
  });
});

describe("H3: a read is answered with what it asked for", () => {
  test("on its side", () => {
    expect(rulesOf(appends(ALICE, 10), reads(BOB, "readNext", 11, { found: 10 }))).toEqual(["H3"]);
    expect(rulesOf(appends(ALICE, 10), reads(BOB, "readPrev", 9, { found: 10 }))).toEqual(["H3"]);
  });

  test("with its tag", () => {
    const broken = brokenBy(
      appends(ALICE, 10, [1]),
      reads(BOB, "readNext", 0, { tag: 2, found: 10, tags: [1] }),
    );
    expect(broken[0]).toMatch(/^H3: .* 000000000000000a, without the tag$/);
  });

  test("and passes over no record that anybody has met", () => {
    const broken = brokenBy(appends(ALICE, 10), appends(ALICE, 20), reads(BOB, "readNext", 0, { found: 20 }));
    expect(broken[0]).toMatch(/^H3: .* 0000000000000014 and passes over 000000000000000a; it had been met$/);
  });
});

describe("T1: a call is not shown what it has given up", () => {
  const both = () => [...appends(ALICE, 10, [1]), ...appends(ALICE, 20, [1])];

  test("of all tags", () => {
    expect(brokenBy(both(), trims(ALICE, 15), reads(ALICE, "readNext", 0, { found: 10, tags: [1] }))).toEqual(
      [
        "T1: readNext of call 1 from 0000000000000000 in LogBook 7 returns 000000000000000a; the call had given up everything below 000000000000000f",
      ],
    );
  });

  test("of one tag, to readers of that", () => {
    const seen = (tag: number) => reads(ALICE, "readPrev", 12, { tag, found: 10, tags: [1] });
    expect(rulesOf(both(), trims(ALICE, 15, 1), seen(1))).toEqual(["T1"]);
    expect(brokenBy(both(), trims(ALICE, 15, 1), seen(0))).toEqual([]);
  });

  test("what came behind all it had been shown may be spared", () => {
    const read = reads(ALICE, "readNext", 21, { found: 30 });
    expect(brokenBy(both(), trims(ALICE, 99), appends(BOB, 30), read)).toEqual([]);
  });

  test("its nested calls are not either, and those of others may be", () => {
    const seen = (worker: number) => reads(worker, "readNext", 0, { found: 10, tags: [1] });
    expect(rulesOf(both(), trims(1, 15), invokes(1, 2), seen(2))).toEqual(["T1"]);
    expect(brokenBy(both(), trims(1, 15), seen(2))).toEqual([]);
  });

  test("nothing is given up that nobody trimmed", () => {
    expect(rulesOf(both(), reads(BOB, "readNext", 0, { outcome: "trimmed" }))).toEqual(["T1"]);
    expect(brokenBy(both(), trims(ALICE, 15), reads(BOB, "readNext", 0, { outcome: "trimmed" }))).toEqual([]);
  });
});
