/** What the checkers say of the ends of views, told to them observation by observation. */

import { expect, test } from "vitest";
import type { Inspected } from "../../../models/boki/invariants/context.ts";
import { createInvariants } from "../../../models/boki/invariants/invariants.ts";
import type { ViewEvent } from "../../../models/boki/messages.ts";
import type { MetalogEntry } from "../../../models/boki/metalog.ts";
import type { Observation } from "../../../models/boki/observations.ts";
import { cutsOf, engineAt, recordOf, sequencerAt, storageAt, viewWith } from "./nodes.ts";

const VIEW = viewWith();
const LOG = VIEW.logspaces[0]!;
const [FIRST, SECOND, THIRD] = cutsOf(LOG, [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]) as [MetalogEntry, MetalogEntry, MetalogEntry];
const NEW: ViewEvent = { topic: "view", phase: "new", view: VIEW };
const FREEZE: ViewEvent = { topic: "view", phase: "freeze", viewId: 0 };
const NEXT: ViewEvent = { topic: "view", phase: "new", view: viewWith({ viewId: 1 }) };

function finalize(final: number): ViewEvent {
  return { topic: "view", phase: "finalize", viewId: 0, logs: [{ logspace: LOG, final, tail: [] }] };
}

/** A cluster in which every process lives its first life and no state can be seen. */
const BLIND = {
  simulation: {
    processes: new Proxy([], { get: () => ({ boots: 1 }) }),
    stateOf: () => undefined,
    recorder: { pending: () => [] },
  },
  engines: [],
  storages: [],
} as unknown as Inspected;

/** What is broken after these observations, each by the process that made it. */
function brokenBy(observations: readonly [number, Observation][]): string[] {
  const invariants = createInvariants({ inspected: () => BLIND, blockingReadLimitNanos: 1 });
  observations.forEach(([at, observation], i) => {
    invariants.observe(at, observation as never, i);
  });
  return invariants.violations.map(({ invariant, message }) => `${invariant}: ${message}`);
}

function hears(node: number, event: ViewEvent): [number, Observation] {
  const viewId = event.phase === "new" ? event.view.viewId : event.viewId;
  return [engineAt(node), { kind: "viewEvent", role: "engine", node, viewId, event }];
}

function cuts(entry: MetalogEntry, replicatedPosition: number): [number, Observation] {
  return [sequencerAt(1), { kind: "cutMade", entry, replicatedPosition, view: VIEW }];
}

function applies(role: "backup" | "storage", node: number, entry: MetalogEntry): [number, Observation] {
  return [role === "backup" ? sequencerAt(node) : storageAt(node), { kind: "applied", role, node, entry }];
}

function issues(engine: number, counter: number, logspace = LOG): [number, Observation] {
  const record = recordOf(engine, counter);
  return [engineAt(engine), { kind: "appendIssued", engine, logspace, record, call: 1 }];
}

/** An append that a function waits for: without it, its record would be one that nobody asked for. */
function begins(engine: number, counter: number): [number, Observation] {
  const { logBook, data, tags } = recordOf(engine, counter);
  return [engineAt(engine), { kind: "appendBegun", logBook, data, tags }];
}

const STARTED = [hears(1, NEW), hears(2, NEW), hears(3, NEW)];
const APPENDS = [1, 2, 3].flatMap((engine) => [begins(engine, 0), issues(engine, 0)]);
const COMMITTED = [cuts(FIRST, 0), applies("backup", 2, FIRST), applies("storage", 1, FIRST)];

test("a view that begins, works and ends breaks nothing", () => {
  const ends: [number, Observation] = [
    storageAt(1),
    { kind: "ended", role: "storage", node: 1, log: { logspace: LOG, final: 1, tail: [] }, position: 1 },
  ];
  const over = [hears(1, FREEZE), hears(1, finalize(1)), ends, hears(1, NEXT)];
  expect(brokenBy([...STARTED, ...APPENDS, ...COMMITTED, ...over])).toEqual([]);
});

test("an entry that had an effect and lies behind the final position breaks S1, whichever comes first", () => {
  const two = [...COMMITTED, cuts(SECOND, 1), applies("backup", 2, SECOND)];
  const before = brokenBy([
    ...STARTED,
    ...APPENDS,
    ...two,
    applies("storage", 1, SECOND),
    hears(1, FREEZE),
    hears(1, finalize(1)),
  ]);
  expect(before).toEqual(["S1: log 1 ends before position 1, but the storage of node 1 has applied entry 1"]);
  const after = brokenBy([
    ...STARTED,
    ...APPENDS,
    ...two,
    hears(1, FREEZE),
    hears(1, finalize(1)),
    applies("storage", 1, SECOND),
  ]);
  expect(after).toEqual([
    "S1: the storage of node 1 applies entry 1 of log 1, which has ended before position 1",
  ]);
});

test("an entry that the seal dropped may stay with a sequencer, and its cut never was", () => {
  const dropped = [...COMMITTED, cuts(SECOND, 1), hears(1, FREEZE), hears(1, finalize(1))];
  const ends: [number, Observation] = [
    sequencerAt(1),
    { kind: "ended", role: "primary", node: 1, log: { logspace: LOG, final: 1, tail: [] }, position: 2 },
  ];
  expect(brokenBy([...STARTED, ...APPENDS, ...dropped, ends, cuts(THIRD, 2)])).toEqual([]);
});

test("a node that ends elsewhere than at the final position breaks S2", () => {
  const ends: [number, Observation] = [
    storageAt(1),
    { kind: "ended", role: "storage", node: 1, log: { logspace: LOG, final: 1, tail: [] }, position: 0 },
  ];
  const broken = brokenBy([
    ...STARTED,
    ...APPENDS,
    ...COMMITTED,
    hears(1, FREEZE),
    hears(1, finalize(1)),
    ends,
  ]);
  expect(broken).toEqual(["S2: the storage of node 1 ends log 1 at position 0; the final position is 1"]);
});

test("a node that hears of things out of order, or leaves one out, breaks S3", () => {
  expect(brokenBy([hears(1, NEW), hears(1, finalize(0))])).toEqual([
    "S3: engine 1 hears of finalize of view 0; the last it heard of is new of view 0",
  ]);
  expect(brokenBy([hears(1, NEW), hears(1, FREEZE), hears(1, NEXT)])[0]).toMatch(
    /^S3: engine 1 hears of new of view 1/,
  );
  expect(brokenBy([hears(1, FREEZE)])[0]).toMatch(/the last it heard of is nothing$/);
});

test("an append that is taken into a view that has ended breaks S3", () => {
  const broken = brokenBy([
    hears(1, NEW),
    hears(1, FREEZE),
    hears(1, finalize(0)),
    begins(1, 0),
    issues(1, 0),
  ]);
  expect(broken).toEqual(["S3: engine 1 takes record 0 into view 0, after finalize of view 0"]);
});

test("an append that was discarded and is in the log breaks D2; one whose cut was dropped does not", () => {
  const record = recordOf(1, 0);
  const discarded: [number, Observation] = [
    engineAt(1),
    {
      kind: "appendDone",
      engine: 1,
      call: 1,
      outcome: "discarded",
      logspace: LOG,
      record,
      seqnum: 0,
      progress: 0,
    },
  ];
  const over = (final: number) => [hears(1, FREEZE), hears(1, finalize(final)), discarded];
  expect(brokenBy([...STARTED, ...APPENDS, ...COMMITTED, ...over(1)])[0]).toMatch(
    /^D2: engine 1 discards append \d+, which is in the log as 0000000100000000$/,
  );
  expect(brokenBy([...STARTED, ...APPENDS, cuts(FIRST, 0), ...over(0)])).toEqual([]);
});

test("a process that gives up breaks L1", () => {
  const reason = "it is behind";
  const gaveUp: [number, Observation] = [storageAt(1), { kind: "aborted", role: "storage", node: 1, reason }];
  expect(brokenBy([gaveUp])).toEqual(["L1: storage 1 gives up: it is behind"]);
});
