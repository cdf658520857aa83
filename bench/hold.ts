/** HOLD: a fixed number of pending events, each schedules one after an exponential delay. The queue and nothing else. */

import { EventQueue } from "../sim/event-queue.ts";
import { exponential } from "./generator.ts";
import { cpp, simpy } from "./peers.ts";
import { type Contender, compare, cpuSecondsOf, type Options, type Row, roundsOf } from "./suite.ts";

export async function run(options: Options): Promise<Row[]> {
  return [1_000, 100_000].flatMap((pending) => {
    const events = options.quick ? 1_000_000 : 4_000_000;
    return compare(
      {
        measure: `HOLD, ${pending.toLocaleString("en")} pending`,
        unit: "events",
        expected: pending,
        toleranceRatio: 0.02,
        contenders: [
          bokisim(pending, events),
          cpp("hold", pending, events),
          simpy("hold", pending, Math.max(events / 20, 2 * pending)),
        ],
      },
      roundsOf(options),
    );
  });
}

function bokisim(pending: number, events: number): Contender {
  return {
    program: "bokisim",
    round() {
      const queue = new EventQueue();
      const cpuSeconds = cpuSecondsOf(() => hold(queue, pending, events));
      // Each event waits 1 on average, so by Little's law as many happen per unit of time as are pending.
      return { count: events, cpuSeconds, result: events / queue.now };
    },
  };
}

function hold(queue: EventQueue, pending: number, events: number): void {
  for (let i = 0; i < pending; i++) queue.push(exponential(), i, 0, 0, undefined);
  for (let i = 0; i < events; i++) {
    const slot = queue.pop(Number.POSITIVE_INFINITY);
    queue.push(
      queue.times[slot]! + exponential(),
      queue.targets[slot]!,
      queue.sources[slot]!,
      queue.metas[slot]!,
      undefined,
    );
  }
}
