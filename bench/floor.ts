/**
 * The performance floor: HOLD under delay laws that break queues which adapt to the spread of what is pending. The laws
 * are drawn beforehand, so that only the queue is measured. The last row tells the slowest law; below a fifth of the
 * exponential law something is wrong with the queue.
 */

import { EventQueue } from "../sim/event-queue.ts";
import { exponential, uniform } from "./generator.ts";
import { cpuSecondsOf, median, type Options, type Row, roundsOf } from "./suite.ts";

const FLOOR_RATIO = 0.2;
const DELAYS = 2 ** 17;

const laws: Record<string, () => number> = {
  exponential,
  constant: () => 1,
  ticks: () => 1 + Math.floor(10 * uniform()),
  "half zero delay": () => (uniform() < 0.5 ? 0 : exponential()),
  bimodal: () => (uniform() < 0.9 ? uniform() : 1_000 + uniform()),
  Pareto: () => (1 - uniform()) ** (-1 / 1.1),
  "rare far outliers": () => (uniform() < 0.001 ? 1e6 : 1) * exponential(),
  "two humps": () => (uniform() < 0.5 ? 1 : 1_000) * (1 + 0.01 * uniform()),
  "nearly sorted": () => 1 + 1e-3 * uniform(),
  mixture: () => exponential() * 10 ** Math.floor(9 * uniform() - 6),
  "nanoseconds, network and timers": () =>
    Math.floor(uniform() < 0.8 ? 20_000 + 5_000 * exponential() : uniform() < 0.9 ? 1_000_000 : 5e9),
};

export async function run(options: Options): Promise<Row[]> {
  return [50, 1_000, 100_000].flatMap((pending) => floorAt(pending, options));
}

function floorAt(pending: number, options: Options): Row[] {
  const events = options.quick ? 300_000 : 2_000_000;
  const delays = Object.values(laws).map((law) => Float64Array.from({ length: DELAYS }, law));
  const rates: number[][] = delays.map(() => []);
  for (let round = 0; round <= roundsOf(options); round++) {
    for (const [i, of] of delays.entries()) {
      const queue = new EventQueue();
      for (let n = 0; n < pending; n++) queue.push(of[n]!, n, 0, 0, undefined);
      // Two turns of the whole population before the measurement: a law shows its worst when it has settled.
      hold(queue, of, 2 * pending);
      const cpuSeconds = cpuSecondsOf(() => hold(queue, of, events));
      if (round > 0) rates[i]!.push(events / cpuSeconds);
    }
  }
  const medians = rates.map(median);
  const measure = `floor, ${pending.toLocaleString("en")} pending`;
  const rows = Object.keys(laws).map((law, i): Row => {
    const ratio = medians[i]! / medians[0]!;
    return {
      measure,
      program: law,
      perSecond: medians[i]!,
      unit: "events",
      compared: `${ratio.toFixed(2)} x exponential`,
      check: ratio >= FLOOR_RATIO ? "" : `BELOW ${FLOOR_RATIO}`,
    };
  });
  const slowest = rows.reduce((a, b) => (b.perSecond! < a.perSecond! ? b : a));
  return [...rows, { ...slowest, program: `slowest: ${slowest.program}` }];
}

function hold(queue: EventQueue, delays: Float64Array, events: number): void {
  for (let i = 0; i < events; i++) {
    const slot = queue.pop(Number.POSITIVE_INFINITY);
    queue.push(queue.times[slot]! + delays[i & (DELAYS - 1)]!, slot, 0, 0, undefined);
  }
}
