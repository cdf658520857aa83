/**
 * Toy systems that use everything the kernel has, in ways drawn from a seed: for the properties that must hold whatever
 * machines do (both modes give the same run, a restored run goes on as the original).
 */

import fc from "fast-check";
import type { Distribution } from "../../sim/distribution.ts";
import { damageOf } from "../../sim/faults/damage.ts";
import type { FaultPeriod, FaultPlan } from "../../sim/faults/fault.ts";
import { installFaults } from "../../sim/faults/injector.ts";
import type { Address, Effects, Machine, TimerName } from "../../sim/machine.ts";
import type { LinkProfile } from "../../sim/network.ts";
import {
  type Program,
  type ProgramRun,
  type Progress,
  resumeProgram,
  startProgram,
} from "../../sim/program.ts";
import { Simulation } from "../../sim/simulation.ts";
import { append, type List, list } from "../../sim/structures/list.ts";
import { faultPlans } from "./faults/plans.ts";
import { constant, costs } from "./kit.ts";

type ToyMessage =
  | { readonly kind: "token"; readonly hops: number; readonly trail: readonly number[] }
  | { readonly kind: "ask"; readonly run: number; readonly trail: readonly number[] }
  | { readonly kind: "answer"; readonly run: number; readonly value: number };

interface ToyConfig {
  readonly peers: number;
  readonly disk: boolean;
}

interface ToyState {
  readonly config: ToyConfig;
  seen: number;
  latest: unknown;
  /** Messages by sender: a Map of objects that change. */
  tally: Map<Address, { count: number; trails: (readonly number[])[] }>;
  /** What expired, a list that grows. */
  expired: List<{ readonly timer: TimerName; readonly atNanos: number }>;
  open: number[];
  nextRun: number;
  runs: Map<number, ProgramRun<ToyArgs, number>>;
  answers: number[];
}

interface ToyArgs {
  readonly rounds: number;
}

type ToyRequest = { readonly to: number };
type ToyAnswer = { readonly sum: number } | { readonly again: ToyArgs };

/** Asks three times, in the last round for the sum; else it begins anew with a round less. */
const asking: Program<ToyArgs, ToyRequest, number, ToyAnswer> = function* ({ rounds }) {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += yield { to: (sum + i) % 7 };
  return rounds === 0 ? { sum } : { again: { rounds: rounds - 1 } };
};

const UP_TO_5_MICROS: Distribution = { kind: "uniform", low: 0, high: 5_000 };

const toy: Machine<ToyConfig, ToyState, ToyMessage> = {
  start(config, out) {
    for (let i = 0; i < 2; i++)
      out.send(out.choose(config.peers), { kind: "token", hops: 0, trail: [out.self] });
    out.setTimerAtTick("tick", 20_000, 300);
    const latest = config.disk ? out.get("boots", 0) : undefined;
    if (config.disk) out.put("boots", 0, { boots: out.now }, 10);
    return {
      config,
      seen: 0,
      latest,
      tally: new Map(),
      expired: list(),
      open: [],
      nextRun: 0,
      runs: new Map(),
      answers: [],
    };
  },

  receive(state, from, message, out) {
    state.seen++;
    switch (message.kind) {
      case "token": {
        const known = state.tally.get(from);
        if (known === undefined) state.tally.set(from, { count: 1, trails: [message.trail] });
        else {
          known.count++;
          known.trails = [...known.trails.slice(-2), message.trail];
        }
        act(state, out);
        const { hops, trail } = message;
        // Part of it is part of the message received, or of the state.
        const next = out.choose(2) === 0 ? [...trail.slice(-3), out.self] : (known?.trails[0] ?? trail);
        out.send(out.choose(state.config.peers), { kind: "token", hops: hops + 1, trail: next });
        return;
      }
      case "ask":
        out.send(from, { kind: "answer", run: message.run, value: state.seen + message.trail.length });
        return;
      case "answer": {
        const run = state.runs.get(message.run);
        if (run !== undefined) go(state, run, resumeProgram(asking, run, message.value, out.programs), out);
      }
    }
  },

  timeout(state, timer, out) {
    append(state.expired, { timer, atNanos: out.now });
    if (timer === "tick") out.setTimerAtTick("tick", 20_000, 300);
    if (timer === "synced") out.count("synced");
  },
};

function act(state: ToyState, out: Effects<ToyMessage>): void {
  switch (out.choose(10)) {
    case 0:
      out.setTimer(out.choose(3), out.sample(UP_TO_5_MICROS));
      return;
    case 1:
      out.setTimerAtTick(3 + out.choose(2), 1_000, out.choose(500));
      return;
    case 2:
      out.cancelTimer(out.choose(5));
      return;
    case 3: {
      if (!state.config.disk) return;
      const written = out.put(
        "table",
        out.choose(50),
        { at: out.now, trails: [...state.tally.values()].at(-1)?.trails },
        100,
      );
      if (!written) out.count("refused");
      if (out.choose(3) === 0) out.sync("synced");
      return;
    }
    case 4:
      if (state.config.disk) state.latest = out.get("table", out.choose(50));
      if (damageOf(state.latest) !== undefined) out.count("damaged");
      return;
    case 5:
      state.open.push(out.begin(`write ${out.choose(2)}`, state.latest, out.now - out.choose(2) * 100));
      return;
    case 6: {
      const operation = state.open.shift();
      const outcome = (["ok", "ok", "ok", "failed", "unknown"] as const)[out.choose(5)]!;
      // A copy: what is handed out must not change any more, and this entry will.
      if (operation !== undefined) out.complete(operation, outcome, { ...state.tally.get(out.self) });
      return;
    }
    case 7: {
      const run = { id: state.nextRun++, args: { rounds: out.choose(3) }, results: [] };
      state.runs.set(run.id, run);
      go(state, run, startProgram(asking, run, out.programs), out);
      return;
    }
    case 8:
      out.work(["thinking", "diskRead"][state.config.disk ? out.choose(2) : 0]!, out.choose(400));
      return;
    default:
      out.count("idle", out.choose(3));
      out.observe?.({ kind: "idle", seen: state.seen, open: state.open });
  }
}

function go(
  state: ToyState,
  run: ProgramRun<ToyArgs, number>,
  progress: Progress<ToyRequest, ToyAnswer>,
  out: Effects<ToyMessage>,
): void {
  if (!progress.done) {
    const trail = state.answers.slice(-1);
    out.send(progress.request.to % state.config.peers, { kind: "ask", run: run.id, trail });
    return;
  }
  state.runs.delete(run.id);
  const { answer } = progress;
  if ("sum" in answer) {
    state.answers.push(answer.sum);
    return;
  }
  const next = { id: state.nextRun++, args: answer.again, results: [] };
  state.runs.set(next.id, next);
  go(state, next, startProgram(asking, next, out.programs), out);
}

export interface ToySystem {
  readonly seed: number;
  readonly cores: number;
  readonly processes: readonly {
    readonly kind: "instant" | "costs" | "datagrams";
    readonly threads: number;
    readonly jitter: boolean;
    readonly wakes: boolean;
  }[];
  readonly crashes: readonly {
    readonly who: number;
    readonly atNanos: number;
    readonly downNanos: number;
    readonly keepDisk: boolean;
  }[];
  readonly faults: readonly {
    readonly from: number;
    readonly to: number;
    readonly atNanos: number;
    readonly loss: boolean;
  }[];
  readonly warmup: boolean;
  readonly plan: FaultPlan;
  readonly shuffleTies: boolean;
}

export const TOY_NANOS = 200_000;

export const toySystems: fc.Arbitrary<ToySystem> = fc.record({
  seed: fc.nat(),
  cores: fc.integer({ min: 1, max: 3 }),
  processes: fc.array(
    fc.record({
      kind: fc.constantFrom("instant", "costs", "costs", "datagrams"),
      threads: fc.integer({ min: 1, max: 3 }),
      jitter: fc.boolean(),
      wakes: fc.boolean(),
    }),
    { minLength: 2, maxLength: 6 },
  ),
  crashes: fc.array(
    fc.record({
      who: fc.nat(5),
      atNanos: fc.nat(TOY_NANOS),
      downNanos: fc.integer({ min: 1, max: 20_000 }),
      keepDisk: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  faults: fc.array(
    fc.record({ from: fc.nat(5), to: fc.nat(5), atNanos: fc.nat(TOY_NANOS), loss: fc.boolean() }),
    { maxLength: 3 },
  ),
  warmup: fc.boolean(),
  plan: fc.oneof(fc.constant({ timed: [] }), faultPlans(TOY_NANOS)),
  shuffleTies: fc.boolean(),
});

/** What happened in a toy's run that the simulation does not hold. */
const periodsOf = new WeakMap<Simulation, readonly FaultPeriod[]>();

const LATENCY: Distribution = { kind: "exponential", mean: 800, floor: 100 };
const LINKS: readonly LinkProfile[] = [
  { name: "several", latency: LATENCY, connections: 3 },
  { name: "pinned", latency: constant(200), connections: 1, pinned: true, local: true },
  { name: "datagrams", latency: LATENCY, connections: 0 },
  { name: "handed over", latency: LATENCY, connections: 1, pinned: true },
  { name: "one", latency: { kind: "uniform", low: 0, high: 1_000 }, connections: 1 },
];

/** Builds a toy system; everything that happens to it from outside is scheduled. */
export function build(
  system: ToySystem,
  mode: "fast" | "checked",
  observer?: ConstructorParameters<typeof Simulation>[0]["observer"],
): Simulation {
  const simulation = new Simulation({
    seed: system.seed,
    mode,
    history: true,
    seriesIntervalNanos: TOY_NANOS / 7,
    warmupNanos: system.warmup ? TOY_NANOS / 3 : 0,
    shuffleTies: system.shuffleTies,
    corrupt: (message, below) =>
      message.kind === "token"
        ? { ...(message as ToyMessage & { kind: "token" }), hops: below(9) }
        : undefined,
    routing: (from, to) => LINKS[(3 * from.address + to.address) % LINKS.length]!,
    ...(observer === undefined ? {} : { observer }),
  });
  const peers = system.processes.length;
  const disk = {
    readLatency: LATENCY,
    syncLatency: LATENCY,
    bytesPerSecond: 1e9,
    writeBackNanos: 30_000,
  };
  const shared = simulation.addHost({ name: "shared", cores: system.cores, bitsPerSecond: 4e9, disk });
  const model = costs({
    receiveNanos: ({ kind }) => (kind === "token" ? 90.5 : 30),
    sendNanos: () => 40,
    timerNanos: () => 25,
    workNanos: (_kind, amount) => amount,
    sizeBytes: (message) => 64 + 8 * ("trail" in message ? (message.trail as readonly number[]).length : 0),
    pool: (_message, timer) => (timer === "synced" ? 1 : 0),
  });
  for (const [i, { kind, threads, jitter, wakes }] of system.processes.entries()) {
    // Every other process shares a host; the others have one each, without a disk.
    const host = i % 2 === 0 ? shared : undefined;
    simulation.addProcess({
      name: `toy-${i}`,
      role: "toy",
      machine: toy,
      config: { peers, disk: host !== undefined },
      ...(host === undefined ? {} : { host }),
      ...(kind === "datagrams" ? { datagrams: LINKS[2]! } : {}),
      ...(kind === "costs"
        ? {
            costs: model,
            handOffNanos: 10,
            pools: [
              { name: "io", threads },
              { name: "background", threads: 1 },
            ],
            ...(jitter ? { cpuJitter: { kind: "lognormal", median: 1, sigma: 0.3 } as const } : {}),
            ...(wakes ? { wakeLatency: { kind: "exponential", mean: 50 } as const } : {}),
          }
        : {}),
    });
  }
  simulation.registerControl("crash", (_, argument) => {
    const { who, keepDisk } = argument as { who: number; keepDisk: boolean };
    simulation.crash(who, keepDisk ? { wholeHost: true } : { disk: "lost" });
  });
  simulation.registerControl("boot", (_, who) => {
    if (!simulation.processes[who as number]!.up) simulation.boot(who as number);
  });
  simulation.registerControl("fault", (_, argument) => {
    const { from, to, loss } = argument as { from: number; to: number; loss: boolean };
    simulation.network.setFault(
      simulation.processes[from]!,
      simulation.processes[to]!,
      loss ? { lossShare: 0.3, duplicateShare: 0.3, extraLatency: LATENCY, slowdown: 2 } : undefined,
    );
  });
  for (const { who, atNanos, downNanos, keepDisk } of system.crashes) {
    simulation.at(atNanos, "crash", { who: who % peers, keepDisk });
    simulation.at(atNanos + downNanos, "boot", who % peers);
  }
  for (const { from, to, atNanos, loss } of system.faults) {
    simulation.at(atNanos, "fault", { from: from % peers, to: to % peers, loss });
  }
  const { periods } = installFaults(simulation, system.plan, {
    resolve: () => [system.seed % peers],
    mayStrike: (address) => address !== 3,
  });
  periodsOf.set(simulation, periods);
  return simulation;
}

/** All there is to know of a run, to compare it with another. */
export function everythingOf(simulation: Simulation) {
  const { recorder } = simulation;
  return {
    digest: simulation.digest.toString(),
    numbers: [simulation.nowNanos, simulation.events, simulation.ties, simulation.lostMessages],
    periods: [...periodsOf.get(simulation)!],
    messages: simulation.messageCounts(),
    stations: simulation.stations(),
    stationSeries: simulation.stationSeries,
    lines: simulation.hosts.map(({ nic, disk }) => [
      nic.out.busyNanos(simulation.nowNanos),
      nic.in.waitNanos,
      disk?.busyNanos(simulation.nowNanos),
      disk?.syncs,
    ]),
    history: recorder.history,
    pending: recorder.pending(),
    counters: [...recorder.counts()],
    operations: recorder.results().map(({ latency, windowLatency, ...rest }) => ({
      ...rest,
      quantiles: [1, 50, 99, 100].map((percent) => latency.getValueAtPercentile(percent)),
      window: windowLatency.getValueAtPercentile(50),
    })),
    states: simulation.processes.map(({ address }) => simulation.stateOf(address)),
  };
}
