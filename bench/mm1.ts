/** M/M/1 on the bare queue: two events a customer and never more than two pending. What an event costs, not the order. */

import { EventQueue } from "../sim/event-queue.ts";
import { exponential } from "./generator.ts";
import { cpp, simpy } from "./peers.ts";
import { type Contender, compare, cpuSecondsOf, type Options, type Row, roundsOf } from "./suite.ts";

const LOAD = 0.8;
const MEAN_WAIT = LOAD / (1 - LOAD);

const ARRIVAL = 0;
const DEPARTURE = 1;

export async function run(options: Options): Promise<Row[]> {
  const customers = options.quick ? 1_000_000 : 4_000_000;
  return compare(
    {
      measure: "M/M/1, load 0.8",
      unit: "customers",
      expected: MEAN_WAIT,
      // The waits of neighbours are alike: a hundred thousand customers of SimPy are off by 3 % in one run of ten.
      toleranceRatio: 0.1,
      contenders: [bokisim(customers), cpp("mm1", 0, customers), simpy("mm1", 0, customers / 20)],
    },
    roundsOf(options),
  );
}

function bokisim(customers: number): Contender {
  return {
    program: "bokisim",
    round() {
      let result = 0;
      const cpuSeconds = cpuSecondsOf(() => {
        result = meanWait(customers);
      });
      return { count: customers, cpuSeconds, result };
    },
  };
}

function meanWait(customers: number): number {
  const queue = new EventQueue();
  const waiting = new TimeQueue();
  let arrivalsLeft = customers;
  let busy = false;
  // Sums of times in a typed array: a double in a closure would be allocated anew at every change.
  const sums = new Float64Array(1);

  const serve = (now: number, arrived: number) => {
    busy = true;
    sums[0]! += now - arrived;
    queue.push(now + exponential(), DEPARTURE, 0, 0, undefined);
  };
  const handlers: ((slot: number) => void)[] = [];
  handlers[ARRIVAL] = (slot) => {
    const now = queue.times[slot]!;
    if (--arrivalsLeft > 0) queue.push(now + exponential() / LOAD, ARRIVAL, 0, 0, undefined);
    if (busy) waiting.push(now);
    else serve(now, now);
  };
  handlers[DEPARTURE] = (slot) => {
    const now = queue.times[slot]!;
    busy = false;
    if (waiting.size > 0) serve(now, waiting.shift());
  };

  queue.push(0, ARRIVAL, 0, 0, undefined);
  for (
    let slot = queue.pop(Number.POSITIVE_INFINITY);
    slot >= 0;
    slot = queue.pop(Number.POSITIVE_INFINITY)
  ) {
    handlers[queue.targets[slot]!]!(slot);
  }
  return sums[0]! / customers;
}

/** First in, first out, of the times at which customers arrived. */
class TimeQueue {
  size = 0;
  private times = new Float64Array(64);
  private head = 0;

  push(time: number): void {
    const { times, head } = this;
    if (this.size === times.length) {
      this.times = new Float64Array(2 * times.length);
      this.times.set(times.subarray(head));
      this.times.set(times.subarray(0, head), times.length - head);
      this.head = 0;
    }
    this.times[(this.head + this.size++) & (this.times.length - 1)] = time;
  }

  shift(): number {
    const time = this.times[this.head]!;
    this.head = (this.head + 1) & (this.times.length - 1);
    this.size--;
    return time;
  }
}
