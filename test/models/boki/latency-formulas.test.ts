/**
 * Without queueing, CPU time and jitter, what is left of an operation's latency is hops, pipes and waits for timers, and
 * those have closed formulas. With constant delays and the phases of the timers known, the latency of every operation can
 * be computed to the nanosecond: the simulator has to agree exactly, and on average with the formula of expectations.
 */

import { describe, expect, test } from "vitest";
import {
  append,
  choose,
  type LogProgram,
  type LogRequest,
  readPrev,
  sleep,
} from "../../../models/boki/log-api.ts";
import type { SequencerState } from "../../../models/boki/sequencer.ts";
import type { StorageState } from "../../../models/boki/storage-state.ts";
import { estimate } from "../../../sim/statistics.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../../../sim/units.ts";
import { type Run, run, type Setup } from "./deployment.ts";

const HOP: Nanos = 70 * MICROSECOND;
const PIPE: Nanos = 3 * MICROSECOND;
const LOCAL_CUT: Nanos = 200 * MICROSECOND;
const GLOBAL_CUT: Nanos = 300 * MICROSECOND;
/** A multiple of both periods: a pause drawn from it puts the next append at a uniform place of either. */
const THINK: Nanos = 600 * MICROSECOND;

const NETWORK = {
  latency: { kind: "constant", value: HOP },
  pipeLatency: { kind: "constant", value: PIPE },
  bitsPerSecond: 0,
} as const satisfies Setup["network"];

type Program = LogProgram<never>;

function* appendAndThink({ rounds, thinkNanos }: { rounds: number; thinkNanos: Nanos }) {
  for (let i = 0; i < rounds; i++) {
    yield* sleep(yield* choose(thinkNanos));
    yield* append([1], 100);
  }
  return { output: null };
}

function* appendAndReadBack() {
  const seqnum = yield* append([1], 100);
  yield* readPrev(1, seqnum);
  return { output: null };
}

const programs: Record<string, Program> = { appendAndThink, appendAndReadBack };

function quiet(setup: Setup): Run {
  return run({ check: false, ...setup, network: { ...NETWORK, ...setup.network }, programs });
}

/** One client on its own, pausing at random between appends. */
function loneClient(seed: number, rounds: number, nanos: Nanos): Run {
  return quiet({
    seed,
    nanos,
    boki: { localCutNanos: LOCAL_CUT, globalCutNanos: GLOBAL_CUT },
    calls: [{ atNanos: 0, logBook: 1, program: "appendAndThink", args: { rounds, thinkNanos: THINK } }],
  });
}

interface Operation {
  readonly beginNanos: Nanos;
  readonly endNanos: Nanos;
}

/** Completed operations, in the order they ended. */
function operationsOf({ deployment }: Run, name: LogRequest["op"]): Operation[] {
  const begun = new Map<number, Nanos>();
  const operations: Operation[] = [];
  for (const event of deployment.simulation.recorder.history) {
    if (event.name !== name) continue;
    if (event.type === "invoke") {
      begun.set(event.operation, event.timeNanos);
      continue;
    }
    expect(event.type).toBe("ok");
    operations.push({ beginNanos: begun.get(event.operation)!, endNanos: event.timeNanos });
  }
  return operations;
}

function latencies(ofRun: Run, name: LogRequest["op"]): Nanos[] {
  return operationsOf(ofRun, name).map(({ beginNanos, endNanos }) => endNanos - beginNanos);
}

/** The next tick strictly after a moment. */
function tickAfter(nanos: Nanos, period: Nanos, phase: Nanos): Nanos {
  return phase + (Math.floor((nanos - phase) / period) + 1) * period;
}

/** When an append that begins at `nanos` ends, from where the timers of the storage nodes and of the primary stand. */
function predictedEnd({ deployment }: Run, nanos: Nanos): Nanos {
  const { simulation, storages, sequencers } = deployment;
  const storagePhases = storages.map((at) => (simulation.stateOf(at) as StorageState).cutPhaseNanos);
  const primary = sequencers
    .map((at) => simulation.stateOf(at) as SequencerState)
    .find((state) => state.primaries.size > 0)!;
  const storedNanos = nanos + PIPE + HOP;
  const reportedNanos = Math.max(
    ...storagePhases.map((phase) => tickAfter(storedNanos, LOCAL_CUT, phase) + HOP),
  );
  const cutNanos = tickAfter(reportedNanos, GLOBAL_CUT, primary.cutPhaseNanos);
  const quorumNanos = 2 * HOP;
  return cutNanos + quorumNanos + HOP + PIPE;
}

describe("an append of a lone client", () => {
  test("ends to the nanosecond when the phases of the timers say", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const each = loneClient(seed, 1_000, 50 * MILLISECOND);
      const appends = operationsOf(each, "append");
      expect(appends.length).toBeGreaterThan(40);
      expect(appends.map(({ endNanos }) => endNanos)).toEqual(
        appends.map(({ beginNanos }) => predictedEnd(each, beginNanos)),
      );
    }
  });

  test("takes 5 hops, 2 pipes, 3/4 of the local and 1/2 of the global cut interval on average", () => {
    const means: number[] = [];
    for (let seed = 1; seed <= 100; seed++) {
      const all = latencies(loneClient(seed, 100, 150 * MILLISECOND), "append");
      expect(all).toHaveLength(100);
      means.push(estimate(all).mean);
    }
    const expected = 5 * HOP + 2 * PIPE + (3 / 4) * LOCAL_CUT + (1 / 2) * GLOBAL_CUT;
    const { low, high } = estimate(means);
    expect(low!).toBeLessThan(expected);
    expect(high!).toBeGreaterThan(expected);
    expect(high! - low!).toBeLessThan(0.05 * expected);
  });
});

describe("the metalog's quorum", () => {
  test.each([
    { replicas: 2, backup: 1 },
    { replicas: 3, backup: 1 },
    { replicas: 4, backup: 2 },
    { replicas: 5, backup: 2 },
  ])(
    "of $replicas replicas takes the round trip to backup number $backup by distance",
    ({ replicas, backup }) => {
      // Backup i is i times this further away than others; the nearest is not the first in the list.
      const EXTRA: Nanos = 13 * MICROSECOND;
      const distances = [3, 1, 4, 2].slice(0, replicas - 1);
      const further = (i: number) => distances[i]! * EXTRA;
      const each = quiet({
        nanos: 40 * MILLISECOND,
        cluster: { sequencers: replicas },
        boki: { metalogReplicas: replicas, localCutNanos: LOCAL_CUT, globalCutNanos: GLOBAL_CUT },
        calls: [
          { atNanos: 0, logBook: 1, program: "appendAndThink", args: { rounds: 20, thinkNanos: THINK } },
        ],
        prepare({ simulation, sequencers }) {
          const [primary, ...backups] = sequencers.map((at) => simulation.processes[at]!);
          backups.forEach((each, i) => {
            const extraLatency = { kind: "constant", value: further(i) } as const;
            simulation.network.setFault(primary!, each, { extraLatency });
          });
        },
      });
      const ascending = distances.map((_, i) => further(i)).sort((a, b) => a - b);
      const appends = operationsOf(each, "append");
      expect(appends).toHaveLength(20);
      expect(appends.map(({ endNanos }) => endNanos)).toEqual(
        appends.map(({ beginNanos }) => predictedEnd(each, beginNanos) + ascending[backup - 1]!),
      );
    },
  );
});

describe("cuts under load", () => {
  /** When the primary cut, up to a constant: every cut completes an append somewhere, equally long after it. */
  function gapsOfCuts(hopNanos: Nanos): Nanos[] {
    const loaded = quiet({
      nanos: 60 * MILLISECOND,
      network: { latency: { kind: "constant", value: hopNanos } },
      boki: { localCutNanos: 50 * MICROSECOND, globalCutNanos: GLOBAL_CUT },
      calls: Array.from({ length: 24 }, (_, i) => ({
        atNanos: i * 17 * MICROSECOND,
        logBook: 1,
        program: "appendAndThink",
        args: { rounds: 1_000, thinkNanos: THINK },
      })),
    });
    const moments = [...new Set(operationsOf(loaded, "append").map(({ endNanos }) => endNanos))];
    return moments.slice(1).map((moment, i) => moment - moments[i]!);
  }

  test.each([
    { hopNanos: 70 * MICROSECOND, intervals: 1 },
    { hopNanos: 149 * MICROSECOND, intervals: 1 },
    { hopNanos: 151 * MICROSECOND, intervals: 2 },
    { hopNanos: 250 * MICROSECOND, intervals: 2 },
    { hopNanos: 350 * MICROSECOND, intervals: 3 },
  ])(
    "with hops of $hopNanos ns come every $intervals intervals: as many as a quorum takes",
    ({ hopNanos, intervals }) => {
      const gaps = gapsOfCuts(hopNanos);
      expect(gaps.length).toBeGreaterThan(30);
      for (const gap of gaps) expect(gap % GLOBAL_CUT).toBe(0);
      expect(Math.min(...gaps)).toBe(intervals * GLOBAL_CUT);
      const sorted = [...gaps].sort((a, b) => a - b);
      expect(sorted[sorted.length >> 1]).toBe(intervals * GLOBAL_CUT);
    },
  );
});

describe("a read takes 2 pipes and", () => {
  /** The first engine appends, and 10 ms later one of the two engines, the appender or the other, reads the tail. */
  function tailRead(by: "appender" | "other", boki: Setup["boki"]): Nanos[] {
    const calls = [
      { atNanos: 0, logBook: 1, program: "appendOnly", args: { rounds: 1, width: 1, tag: 1 } },
      { atNanos: 10 * MILLISECOND, logBook: 1, program: "tail", args: { tag: 1 } },
      // The gateway deals calls out in turn, so a call to another LogBook takes the turn that is to be passed over.
      { atNanos: 5 * MILLISECOND, logBook: 2, program: "appendOnly", args: { rounds: 0, width: 0, tag: 1 } },
    ];
    return latencies(
      quiet({
        cluster: { engines: 2 },
        boki: { indexReplicas: 2, ...boki },
        calls: by === "appender" ? calls : calls.slice(0, 2),
      }),
      "checkTail",
    );
  }

  test("no hop from the engine's own cache", () => {
    expect(tailRead("appender", {})).toEqual([2 * PIPE]);
  });

  test("2 hops from a storage node by way of the local index", () => {
    expect(tailRead("appender", { engineCache: false })).toEqual([2 * PIPE + 2 * HOP]);
    expect(tailRead("other", {})).toEqual([2 * PIPE + 2 * HOP]);
  });

  test("2 hops from the cache of a remote index", () => {
    expect(tailRead("other", { remoteIndexShare: 1 })).toEqual([2 * PIPE + 2 * HOP]);
  });

  test("3 hops from a storage node by way of a remote index", () => {
    expect(tailRead("appender", { remoteIndexShare: 1 })).toEqual([2 * PIPE + 3 * HOP]);
    expect(tailRead("other", { remoteIndexShare: 1, engineCache: false })).toEqual([2 * PIPE + 3 * HOP]);
  });
});

describe("a read of one's own append, at once,", () => {
  // The metalog reaches storage node and appender together; the index waits one hop more, for the storage node's word.
  const call = { atNanos: 0, logBook: 1, program: "appendAndReadBack", args: null };

  test("waits for the index: it ends one hop after the append's engine knew", () => {
    expect(latencies(quiet({ calls: [call] }), "readPrev")).toEqual([HOP]);
  });

  test("and takes the hops to the storage node and back on top without a cache", () => {
    const read = latencies(quiet({ calls: [call], boki: { engineCache: false } }), "readPrev");
    expect(read).toEqual([HOP + 2 * HOP]);
  });
});

describe("a blocking read", () => {
  test("that nothing matches ends at its limit, and the pipes", () => {
    const blockingReadLimitNanos = 7 * MILLISECOND;
    const blocked = quiet({
      boki: { blockingReadLimitNanos },
      calls: [{ atNanos: 0, logBook: 1, program: "wait", args: { tag: 1, rounds: 2 } }],
    });
    const expected = blockingReadLimitNanos + 2 * PIPE;
    expect(latencies(blocked, "readNextBlock")).toEqual([expected, expected]);
  });
});
