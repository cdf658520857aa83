/**
 * Save and restore of everything (docs/kernel.md, "Snapshots"): the clock, every pending event in order, the state of
 * every process, disk, station, link and random stream, the records and the digest. A run restored from a snapshot
 * continues exactly as the original did.
 *
 * A snapshot belongs to a simulation that was built the same way: same seed, hosts and processes in the same order. It
 * holds data only; machines, cost models and routing come from the build.
 */

import type { TimerEntry } from "./effects.ts";
import type { Simulation } from "./simulation.ts";
import { cloneState } from "./structures/clone.ts";
import type { Nanos } from "./units.ts";

export interface Snapshot {
  readonly format: "bokisim-snapshot-1";
  readonly atNanos: Nanos;
  /** One deep copy, so that what was shared stays shared. */
  readonly content: unknown;
}

interface Content {
  numbers: object;
  events: { timeNanos: Nanos; target: number; source: number; meta: number; payload: unknown }[];
  processes: {
    state: unknown;
    up: boolean;
    speed: number;
    timerTurn: number;
    timers: TimerEntry[];
    choices: unknown;
    cpu: unknown;
    threads: object[];
  }[];
  hosts: { cores: { saved: object; waiting: [number, number, unknown][] }; disk: object | undefined }[];
  network: object;
  recorder: object;
  digest: { a: number; b: number };
}

export function saveSimulation(simulation: Simulation): Snapshot {
  const { queue } = simulation;
  const events: Content["events"] = [];
  queue.forEachInOrder((slot) => {
    events.push({
      timeNanos: queue.times[slot]!,
      target: queue.targets[slot]!,
      source: queue.sources[slot]!,
      meta: queue.metas[slot]!,
      payload: queue.payloads[slot],
    });
  });
  const content: Content = {
    numbers: simulation.saveNumbers(),
    events,
    processes: simulation.processes.map((process) => ({
      state: process.cell[0],
      up: process.up,
      speed: process.speed,
      timerTurn: process.timerTurn,
      timers: [...process.timers.values()],
      choices: process.choices.save(),
      cpu: process.cpu.save(),
      threads: process.threads.map((thread) => thread.save()),
    })),
    hosts: simulation.hosts.map((host) => {
      const saved = host.cores.save() as { waiting: { payload: unknown }[] };
      // A job that waits for a core refers to its process; a snapshot names it by address.
      const waiting = saved.waiting.map(({ payload }) => {
        const [process, thread, inner] = payload as [{ address: number }, number, unknown];
        return [process.address, thread, inner] as [number, number, unknown];
      });
      const withoutPayloads = {
        ...saved,
        waiting: saved.waiting.map((job) => ({ ...job, payload: undefined })),
      };
      return { cores: { saved: withoutPayloads, waiting }, disk: host.disk?.save() };
    }),
    network: simulation.network.save(simulation.processes),
    recorder: simulation.recorder.save(),
    digest: simulation.digest.save(),
  };
  return { format: "bokisim-snapshot-1", atNanos: simulation.nowNanos, content: copyOf(content) };
}

/** Puts a simulation that was built the same way, and not yet run, where the snapshot was taken. */
export function restoreSimulation(simulation: Simulation, snapshot: Snapshot): void {
  const content = copyOf(snapshot.content as Content);
  if (content.processes.length !== simulation.processes.length) {
    throw new Error(
      `the snapshot has ${content.processes.length} processes, the simulation ${simulation.processes.length}`,
    );
  }
  simulation.restoreNumbers(content.numbers);
  simulation.queue.reset(snapshot.atNanos);
  for (const { timeNanos, target, source, meta, payload } of content.events) {
    const slot = simulation.queue.push(timeNanos, target, source, meta, payload);
    // A pending timer can be cancelled by its ticket, which is another one in this queue.
    if (isTimer(payload)) payload.ticket = simulation.queue.ticket(slot);
  }
  content.processes.forEach((saved, index) => {
    const process = simulation.processes[index]!;
    process.cell[0] = saved.state;
    process.up = saved.up;
    process.speed = saved.speed;
    process.timerTurn = saved.timerTurn;
    process.generators.clear();
    process.timers.clear();
    for (const entry of saved.timers) process.timers.set(entry.name, entry);
    process.choices.restore(saved.choices as never);
    process.cpu.restore(saved.cpu as never);
    saved.threads.forEach((thread, at) => {
      process.threads[at]!.restore(thread);
    });
  });
  content.hosts.forEach((saved, index) => {
    const host = simulation.hosts[index]!;
    const { saved: cores, waiting } = saved.cores as {
      saved: { waiting: { payload: unknown }[] };
      waiting: [number, number, unknown][];
    };
    cores.waiting.forEach((job, at) => {
      const [address, thread, inner] = waiting[at]!;
      job.payload = [simulation.processes[address]!, thread, inner];
    });
    host.cores.restore(cores);
    if (saved.disk !== undefined) host.disk?.restore(saved.disk);
  });
  simulation.network.restore(content.network, simulation.processes);
  simulation.recorder.restore(content.recorder);
  simulation.digest.restore(content.digest);
}

function isTimer(payload: unknown): payload is TimerEntry {
  return typeof payload === "object" && payload !== null && "ticket" in payload && "live" in payload;
}

/** Histograms are copied by the recorder itself and pass through here by reference. */
function copyOf(content: Content): Content {
  const { recorder, ...rest } = content;
  return { ...(cloneState(rest) as Omit<Content, "recorder">), recorder };
}
