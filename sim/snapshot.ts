/**
 * Save and restore of everything (docs/kernel.md, "Snapshots"): the clock, every pending event in order, the state of
 * every process, disk, station, link and random stream, the records and the digest. A run restored from a snapshot
 * continues exactly as the original did.
 *
 * A snapshot belongs to a simulation that was built the same way: same seed, hosts and processes in the same order, same
 * controls registered. It holds data only; machines, cost models and routing come from the build. Take it between runs.
 */

import { TIMER, typeOf } from "./events.ts";
import type { Clock } from "./faults/clock.ts";

import type { WaitingJob } from "./job-queue.ts";
import type { HeldInput, Process } from "./process.ts";
import type { Simulation } from "./simulation.ts";
import type { SavedStation } from "./station.ts";
import { cloneState } from "./structures/clone.ts";
import { settled } from "./structures/settled.ts";
import type { TimerEntry } from "./timers.ts";
import type { Nanos } from "./units.ts";

export interface Snapshot {
  readonly format: "bokisim-snapshot-1";
  readonly atNanos: Nanos;
  /** One deep copy, so that what was shared stays shared. */
  readonly content: unknown;
}

interface SavedProcess {
  state: unknown;
  up: boolean;
  boots: number;
  speed: number;
  timerTurn: number;
  clock: Clock | undefined;
  held: HeldInput[];
  suspended: WaitingJob[];
  watchers: number[];
  timers: TimerEntry[];
  choices: unknown;
  cpu: unknown;
  threads: object[];
}

interface Content {
  own: object;
  events: { timeNanos: Nanos; target: number; source: number; meta: number; payload: unknown }[];
  processes: SavedProcess[];
  hosts: { cores: object; lines: object[]; disk: object | undefined }[];
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
    own: simulation.saveOwn(),
    events,
    processes: simulation.processes.map(saveProcess),
    hosts: simulation.hosts.map(({ cores, nic, disk }) => ({
      cores: cores.save(),
      lines: [nic.out.save(), nic.in.save()],
      disk: disk?.save(),
    })),
    network: simulation.network.save(simulation.processes),
    recorder: simulation.recorder.save(),
    digest: simulation.digest.save(),
  };
  return { format: "bokisim-snapshot-1", atNanos: simulation.nowNanos, content: copyOf(content) };
}

/** Puts a simulation that was built the same way, and not yet run, where the snapshot was taken. */
export function restoreSimulation(simulation: Simulation, snapshot: Snapshot): void {
  const content = copyOf(snapshot.content as Content);
  const { processes, hosts, queue } = simulation;
  if (content.processes.length !== processes.length || content.hosts.length !== hosts.length) {
    throw new Error(
      `the snapshot has ${content.processes.length} processes on ${content.hosts.length} hosts, ` +
        `the simulation ${processes.length} on ${hosts.length}`,
    );
  }
  if (simulation.checked) freezeValues(content);
  simulation.restoreOwn(content.own);
  content.processes.forEach((saved, index) => {
    restoreProcess(processes[index]!, saved);
  });
  queue.reset(snapshot.atNanos);
  for (const { timeNanos, target, source, meta, payload } of content.events) {
    const slot = queue.push(timeNanos, target, source, meta, payload);
    if (typeOf(meta) === TIMER) (payload as TimerEntry).ticket = queue.ticket(slot);
  }
  content.hosts.forEach(({ cores, lines, disk }, index) => {
    const host = hosts[index]!;
    host.cores.restore(cores);
    host.nic.out.restore(lines[0]!);
    host.nic.in.restore(lines[1]!);
    if (disk !== undefined) host.disk?.restore(disk);
  });
  simulation.network.restore(content.network, processes);
  simulation.recorder.restore(content.recorder);
  simulation.digest.restore(content.digest);
}

function saveProcess(process: Process): SavedProcess {
  const { up, boots, speed, timerTurn, clock } = process;
  return {
    state: process.cell[0],
    up,
    boots,
    speed,
    timerTurn,
    clock,
    held: [...process.held],
    suspended: [...process.suspended],
    watchers: [...process.watchers],
    timers: [...process.timers.values()].filter(({ live }) => live),
    choices: process.choices.save(),
    cpu: process.cpu.save(),
    threads: process.threads.map((thread) => thread.save()),
  };
}

function restoreProcess(process: Process, saved: SavedProcess): void {
  const { up, boots, speed, timerTurn, clock } = saved;
  Object.assign(process, { up, boots, speed, timerTurn, clock });
  process.held.splice(0, process.held.length, ...saved.held);
  process.suspended.splice(0, process.suspended.length, ...saved.suspended);
  process.watchers.clear();
  for (const watcher of saved.watchers) process.watchers.add(watcher);
  process.cell[0] = saved.state;
  process.generators.clear();
  process.timers.clear();
  // The tickets were another queue's: a timer that is still pending gets a new one with its event, one that waits for its
  // thread needs none.
  for (const entry of saved.timers) process.timers.set(entry.name, entry);
  process.choices.restore(saved.choices as never);
  process.cpu.restore(saved.cpu as never);
  saved.threads.forEach((thread, at) => {
    process.threads[at]!.restore(thread);
  });
}

/** In checked mode what machines share is frozen; a copy is not. Timers are the kernel's own and change. */
function freezeValues(content: Content): void {
  const timers = new Set<unknown>(content.processes.flatMap(({ timers }) => timers));
  const freeze = (payload: unknown) => {
    if (!timers.has(payload)) settled(payload);
  };
  for (const { payload } of content.events) freeze(payload);
  for (const { state, threads, held, suspended } of content.processes) {
    settled(state);
    for (const { payload } of [...held, ...suspended]) freeze(payload);
    for (const thread of threads) freezeWaiting(thread, freeze);
  }
  for (const { cores, disk } of content.hosts) {
    freezeWaiting(cores, freeze);
    const tables = (disk as { tables: [string, [number, unknown[]][]][] } | undefined)?.tables ?? [];
    for (const [, chunks] of tables) for (const [, chunk] of chunks) chunk.forEach(settled);
  }
}

function freezeWaiting(station: object, freeze: (payload: unknown) => void): void {
  const { waiting, urgent } = station as SavedStation;
  for (const { payload } of [...waiting, ...urgent].flat()) freeze(payload);
}

/** Histograms are copied by the recorder itself and pass through here by reference. */
function copyOf(content: Content): Content {
  const { recorder, ...rest } = content;
  return { ...(cloneState(rest) as Omit<Content, "recorder">), recorder };
}
