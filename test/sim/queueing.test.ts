/**
 * The kernel against queueing theory: systems with known closed forms, built from machines, threads and cores, measured
 * over long runs. Means of 32 slices of a run give 99 % confidence intervals; each must contain the closed form and be
 * narrow. Seeds are fixed, so a test that passes always passes.
 */

import { describe, expect, test } from "vitest";
import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Machine } from "../../sim/machine.ts";
import type { ProcessOptions } from "../../sim/process.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { stationMeans } from "../../sim/simulation.ts";
import { estimate } from "../../sim/statistics.ts";
import { MILLISECOND } from "../../sim/units.ts";
import { add, costs, link, type Note, note, simulate } from "./kit.ts";

/** The mean service time, the unit of the closed forms. */
const SERVICE = MILLISECOND;
const SLICES = 32;
const WARMUP = 2_000 * SERVICE;
/** Student's t with 31 degrees of freedom: the 0.995 quantile over the 0.975 quantile. */
const TO_99_PERCENT = 2.744 / 2.04;

const EXPONENTIAL: Distribution = { kind: "exponential", mean: 1 };
/** Mean 1. */
const LOGNORMAL: Distribution = { kind: "lognormal", median: Math.exp(-0.32), sigma: 0.8 };
const HYPEREXPONENTIAL: Distribution = {
  kind: "mixture",
  weights: [0.8, 0.2],
  parts: [
    { kind: "exponential", mean: 0.5 },
    { kind: "exponential", mean: 3 },
  ],
};

type Source = Machine<undefined, { readonly gap: Distribution; stopped: boolean }, Note>;

/** Poisson arrivals: a job every 1 / load of the service time in the mean. Jobs come back when they are done. */
function poisson(to: Address, perService: number): Source {
  return {
    start(_config, out) {
      const gap = { kind: "exponential", mean: SERVICE / perService } as const;
      out.setTimer("arrival", 0);
      return { gap, stopped: false };
    },
    receive(state, _from, message, out) {
      if (message.kind === "stop") state.stopped = true;
      else out.complete(message.value as number, "ok");
    },
    timeout(state, _timer, out) {
      if (state.stopped) return;
      out.send(to, note("job", out.begin("job")));
      out.setTimer("arrival", out.sample(state.gap));
    },
  };
}

/** Passes a job on when it has been served; `home`: back to where it came from. */
function server(next: Address | "home"): Machine<undefined, object, Note> {
  return {
    start: () => ({}),
    receive: (_state, from, message, out) => out.send(next === "home" ? from : next, message),
    timeout() {},
  };
}

/** A process whose steps take a service time of this distribution, of mean `mean`. */
function service(distribution: Distribution | undefined, mean = 1): Partial<ProcessOptions> {
  return {
    costs: costs({ receiveNanos: () => mean * SERVICE }),
    ...(distribution === undefined ? {} : { cpuJitter: distribution }),
  };
}

interface Means {
  readonly utilisation: number;
  readonly queueLength: number;
  /** In service times. */
  readonly wait: number;
}

/** Runs for so many service times and holds a station against its closed form, and against Little's law. */
function expectMeans(simulation: Simulation, station: string, length: number, expected: Means): void {
  const slice = Math.floor((length / SLICES) * SERVICE);
  const means = {
    utilisation: [] as number[],
    queueLength: [] as number[],
    wait: [] as number[],
    arrivals: [] as number[],
  };
  const countsOf = () => simulation.stations().find((row) => row.station === station)!;
  let { counts: before, capacityNanos: capacityBefore } = countsOf();
  for (let i = 0; i < SLICES; i++) {
    simulation.run(simulation.nowNanos + slice);
    const { counts, capacityNanos } = countsOf();
    const of = {
      busyNanos: counts.busyNanos - before.busyNanos,
      jobs: counts.jobs - before.jobs,
      waitNanos: counts.waitNanos - before.waitNanos,
      queueAreaNanos: counts.queueAreaNanos - before.queueAreaNanos,
      queueLengthMax: 0,
    };
    const { utilisation, queueLength, waitMeanNanos } = stationMeans(
      of,
      capacityNanos - capacityBefore,
      slice,
    );
    means.utilisation.push(utilisation);
    means.queueLength.push(queueLength);
    means.wait.push(waitMeanNanos / SERVICE);
    means.arrivals.push((of.jobs * SERVICE) / slice);
    before = counts;
    capacityBefore = capacityNanos;
  }
  for (const name of ["utilisation", "queueLength", "wait"] as const) {
    const { mean, high } = estimate(means[name]);
    const halfWidth = (high! - mean) * TO_99_PERCENT;
    const found = `${station} ${name}: ${mean.toPrecision(5)} +- ${halfWidth.toPrecision(2)}`;
    expect(
      Math.abs(mean - expected[name]),
      `${found}, expected ${expected[name].toPrecision(5)}`,
    ).toBeLessThan(halfWidth);
    expect(halfWidth / mean, `${found} is not narrow`).toBeLessThan(0.04);
  }
  const [queueLength, wait, arrivals] = [means.queueLength, means.wait, means.arrivals].map(
    (values) => estimate(values).mean,
  ) as [number, number, number];
  expect(queueLength / (arrivals * wait), `${station}: Little's law`).toBeCloseTo(1, 2);
}

/** Ends the arrivals and lets everything drain: then what jobs waited is exactly the area of the queue. */
function expectDrained(simulation: Simulation, source: Address): void {
  simulation.registerControl("stop", () => {
    (simulation.stateOf(source) as { stopped: boolean }).stopped = true;
  });
  simulation.at(simulation.nowNanos, "stop", undefined);
  simulation.run(simulation.nowNanos + 10_000 * SERVICE);
  expect(simulation.recorder.pending()).toEqual([]);
}

/** One queue, Poisson arrivals. `servers`: cores of the host, each job on a thread of its own. */
function openQueue(load: number, servers: number, distribution: Distribution | undefined) {
  const threads = servers === 1 ? 1 : 256;
  const simulation = simulate({ seed: "queueing", link: link(0, { connections: threads }) });
  const host = simulation.addHost({ name: "host", cores: servers });
  const worker = add(simulation, "server", server("home"), {
    host,
    pools: [{ name: "main", threads }],
    ...service(distribution),
  });
  const source = add(simulation, "source", poisson(worker, load * servers));
  simulation.start();
  simulation.run(WARMUP);
  return { simulation, source, station: servers === 1 ? "server/main" : "host/cores" };
}

/** The mean wait in a queue with one server, by Pollaczek and Khinchine; `variability`: squared, of the service time. */
function pollaczekKhinchine(load: number, variability: number): Means {
  const wait = (load * (1 + variability)) / (2 * (1 - load));
  return { utilisation: load, queueLength: load * wait, wait };
}

/** Erlang's C formula. */
function erlang(load: number, servers: number): Means {
  const offered = load * servers;
  let term = 1;
  let sum = 0;
  for (let n = 0; n < servers; n++) {
    sum += term;
    term *= offered / (n + 1);
  }
  const waits = term / (1 - load) / (sum + term / (1 - load));
  const wait = waits / (servers * (1 - load));
  return { utilisation: load, queueLength: offered * wait, wait };
}

describe("an open queue agrees with its closed form", () => {
  test("M/M/1, also in what clients see", () => {
    const load = 0.6;
    const { simulation, source, station } = openQueue(load, 1, EXPONENTIAL);
    expectMeans(simulation, station, 800_000, erlang(load, 1));
    expectDrained(simulation, source);
    const { counts } = simulation.stations().find((row) => row.station === station)!;
    expect(counts.waitNanos).toBe(counts.queueAreaNanos);
    // The time in the system is exponential.
    const { latency, count, sumNanos } = simulation.recorder.results()[0]!;
    const mean = 1 / (1 - load);
    expect(Math.abs(sumNanos / count / SERVICE / mean - 1)).toBeLessThan(0.02);
    for (const percent of [50, 90, 99]) {
      const quantile = -Math.log(1 - percent / 100) * mean;
      const ratio = latency.getValueAtPercentile(percent) / SERVICE / quantile;
      expect(Math.abs(ratio - 1), `p${percent}`).toBeLessThan(0.03);
    }
    // Little's law for the table of operations: what clients have open is what queues and is served.
    const inSystem = (counts.queueAreaNanos + counts.busyNanos) / sumNanos;
    expect(inSystem).toBeCloseTo(1, 9);
  });

  test("M/M/4", () => {
    const { simulation, source, station } = openQueue(0.7, 4, EXPONENTIAL);
    expectMeans(simulation, station, 300_000, erlang(0.7, 4));
    expectDrained(simulation, source);
    const { counts } = simulation.stations().find((row) => row.station === station)!;
    expect(counts.waitNanos).toBe(counts.queueAreaNanos);
  });

  test("M/M/4 as a shared pool, of which no more work at a time", () => {
    const simulation = simulate({ seed: "shared", link: link(0, { pinned: true }) });
    const pool = server("home");
    const worker = add(
      simulation,
      "server",
      {
        ...pool,
        start(config, out) {
          out.setParallelism(0, 4);
          return pool.start(config, out);
        },
      } satisfies Machine<undefined, object, Note>,
      {
        host: simulation.addHost({ name: "host", cores: 8 }),
        pools: [{ name: "handlers", threads: 6, shared: true }],
        ...service(EXPONENTIAL),
      },
    );
    const source = add(simulation, "source", poisson(worker, 0.7 * 4));
    simulation.start();
    simulation.run(WARMUP);
    expectMeans(simulation, "server/handlers", 300_000, erlang(0.7, 4));
    expectDrained(simulation, source);
  });

  test("M/D/1", () => {
    const { simulation, station } = openQueue(0.7, 1, undefined);
    expectMeans(simulation, station, 600_000, pollaczekKhinchine(0.7, 0));
  });

  test("M/G/1 with lognormal service", () => {
    const { simulation, station } = openQueue(0.6, 1, LOGNORMAL);
    expectMeans(simulation, station, 800_000, pollaczekKhinchine(0.6, Math.exp(0.64) - 1));
  });

  test("M/G/1 with hyperexponential service", () => {
    const { simulation, station } = openQueue(0.5, 1, HYPEREXPONENTIAL);
    const secondMoment = 0.8 * 2 * 0.5 ** 2 + 0.2 * 2 * 3 ** 2;
    expectMeans(simulation, station, 1_200_000, pollaczekKhinchine(0.5, secondMoment - 1));
  });
});

test("a tandem of two stations: each is an M/M/1 of its own", () => {
  const simulation = simulate({
    seed: "tandem",
    link: link({ kind: "uniform", low: 0, high: 1e7 }, { connections: 0 }),
  });
  const second = add(simulation, "second", server(2), service(EXPONENTIAL, 1.25));
  const first = add(simulation, "first", server(second), service(EXPONENTIAL));
  add(simulation, "source", poisson(first, 0.5));
  simulation.start();
  simulation.run(WARMUP);
  // One after the other, over different parts of the run.
  expectMeans(simulation, "first/main", 700_000, erlang(0.5, 1));
  const { utilisation, queueLength, wait } = erlang(0.5 * 1.25, 1);
  expectMeans(simulation, "second/main", 1_000_000, { utilisation, queueLength, wait: wait * 1.25 });
});

describe("a closed network agrees with its product form", () => {
  /** Customers that think for a time and then send a job to the first station. */
  function customers(
    count: number,
    to: Address,
    thinkMean: number,
  ): Machine<undefined, { think: Distribution }, Note> {
    return {
      start(_config, out) {
        for (let customer = 0; customer < count; customer++) out.setTimer(customer, customer);
        return { think: { kind: "exponential", mean: thinkMean * SERVICE } };
      },
      receive: (state, _from, message, out) => out.setTimer(message.value as number, out.sample(state.think)),
      timeout: (_state, timer, out) => out.send(to, note("job", timer)),
    };
  }

  /** Of the weights of 0, 1, ... customers at a station with one server. */
  function meansOf(weights: readonly number[]): Means {
    const sum = weights.reduce((a, b) => a + b);
    const utilisation = 1 - weights[0]! / sum;
    let queueLength = 0;
    for (const [n, weight] of weights.entries()) queueLength += (Math.max(0, n - 1) * weight) / sum;
    return { utilisation, queueLength, wait: queueLength / utilisation };
  }

  test("machine repair: 8 machines, one repairman", () => {
    const [count, think] = [8, 10];
    const simulation = simulate({ seed: "repair" });
    const repairman = add(simulation, "repairman", server("home"), service(EXPONENTIAL));
    add(simulation, "machines", customers(count, repairman, think));
    simulation.start();
    simulation.run(WARMUP);
    const weights = [1];
    for (let n = 1; n <= count; n++) weights.push((weights[n - 1]! * (count - n + 1)) / think);
    expectMeans(simulation, "repairman/main", 400_000, meansOf(weights));
  });

  test("two stations in a cycle, 5 customers", () => {
    const [count, first, second] = [5, 1, 0.8];
    const simulation = simulate({ seed: "cycle" });
    // Addresses are dense, in this order.
    add(simulation, "first", server(1), service(EXPONENTIAL, first));
    add(simulation, "second", server(0), service(EXPONENTIAL, second));
    add(simulation, "seed", {
      ...server("home"),
      start(_config, out) {
        for (let customer = 0; customer < count; customer++) out.send(0, note("job", customer));
        return {};
      },
    });
    simulation.start();
    simulation.run(WARMUP);
    const numbers = Array.from({ length: count + 1 }, (_, n) => n);
    const atFirst = meansOf(numbers.map((n) => first ** n * second ** (count - n)));
    expectMeans(simulation, "first/main", 200_000, atFirst);
    const atSecond = meansOf(numbers.map((n) => second ** n * first ** (count - n)));
    expectMeans(simulation, "second/main", 200_000, { ...atSecond, wait: atSecond.wait * second });
  });
});
