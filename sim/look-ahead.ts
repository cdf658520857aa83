/**
 * Looking ahead: what the next events will touch is read before they come.
 *
 * A deployment of thousands of processes does not fit into the processor's caches, and most of what an event costs there is waiting
 * for memory, one line after the other, because where the next one lies stands in the one before. The events that come next are
 * known, and so is much of what the kernel will read for them. Read for many events together, stage by stage, these lines are
 * fetched at the same time. Nothing a run does depends on it: it reads, and adds up what it has read so that no compiler leaves it out.
 *
 * Hot code, guarded by `npm run bench -- --only phold` and `--only boki`; a small simulation does without.
 */

import type { EventQueue } from "./event-queue.ts";
import { CONTROL, threadOf, typeOf, WAKE_CORES } from "./events.ts";
import type { Process } from "./process.ts";

/** From so many processes on it pays: what they need does not fit into the caches. A thousand without hosts are slower with it. */
export const PROCESSES_MIN = 2_048;
/** Events looked at together. Their lines fit into the first levels of cache together with what the next events need. */
const EVENTS = 64;

export class LookAhead {
  private readonly queue: EventQueue;
  private readonly processes: readonly Process[];
  private readonly slots = new Int32Array(EVENTS);
  private readonly receivers: Process[] = [];
  private readonly threads = new Int32Array(EVENTS);
  /** What has been read, as far as it is a number. */
  private sum = 0;

  constructor(queue: EventQueue, processes: readonly Process[]) {
    this.queue = queue;
    this.processes = processes;
  }

  /** Reads for the next events. Returns how many they are, at least 1: after as many it is time to look again. */
  look(): number {
    const { queue, slots, receivers, threads, processes } = this;
    const upcoming = queue.upcoming(slots);
    let count = 0;
    let read = 0;
    for (let i = 0; i < upcoming; i++) {
      const slot = slots[i]!;
      const meta = queue.metas[slot]!;
      const type = typeOf(meta);
      if (type === WAKE_CORES || type === CONTROL) continue;
      const process = processes[queue.targets[slot]!]!;
      receivers[count] = process;
      threads[count++] = threadOf(meta);
      read += process.address;
      // Its type is in the first line of an object, and to ask for it needs no knowledge of its fields.
      if (typeof queue.payloads[slot] === "function") read++;
    }
    for (let i = 0; i < count; i++) {
      const process = receivers[i]!;
      read += process.cell.length + process.threads.length + process.timers.size;
      read += process.cores.waiting;
    }
    for (let i = 0; i < count; i++) {
      const process = receivers[i]!;
      const thread = process.threads[threads[i]!];
      if (thread !== undefined) {
        read += thread.touch() + process.cores.touch() + process.cpu.touch();
      } else {
        read += process.choices.touch();
        if (process.datagrams !== undefined) read += process.datagrams.stream.touch();
      }
      if (typeof process.cell[0] === "function") read++;
    }
    this.sum = (this.sum + read) | 0;
    return upcoming === 0 ? 1 : upcoming;
  }
}
