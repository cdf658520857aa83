/**
 * A host's disk: tables of numbered values in a write-back cache over a device (docs/kernel.md, "Disks").
 *
 * A write is readable at once and durable after the next sync, or once it is so old that the cache writes it back on its
 * own. Either way the device is busy for the transfer. A crash takes back what was not durable. Values are kept by
 * reference: they are records nobody changes.
 *
 * Writing back costs no events: it is booked when the disk is next used, for the moment at which it was due.
 */

import type { Distribution } from "./distribution.ts";
import type { RandomStream } from "./random.ts";
import { compile, type Sampler } from "./sampling.ts";
import type { Bytes, Nanos } from "./units.ts";
import { SECOND, toNanos } from "./units.ts";

export interface DiskProfile {
  readonly readLatency: Distribution;
  readonly syncLatency: Distribution;
  readonly bytesPerSecond: number;
  /** Age at which the cache writes a page back by itself. */
  readonly writeBackNanos?: Nanos;
}

/** Linux wakes its flusher every 5 s (vm.dirty_writeback_centisecs); a busy log passes the background limit by then. */
const WRITE_BACK_NANOS: Nanos = 5 * SECOND;
/** Values per chunk of a table. Keys are positions in a log, so chunks fill densely. */
const CHUNK = 1_024;

/** Writes of one moment to one table: a flush of many records is one of these. */
interface Unsynced {
  /** Writes of a disk are numbered from 0; those of a run follow each other. */
  readonly firstWrite: number;
  readonly table: string;
  readonly keys: number[];
  /** Parallel to `keys`; undefined as long as nothing was overwritten, which is the rule for a log. */
  previous: unknown[] | undefined;
  sizeBytes: Bytes;
  readonly writtenAtNanos: Nanos;
}

export class Disk {
  private readonly profile: DiskProfile;
  private readonly stream: RandomStream;
  private readonly readSampler: Sampler;
  private readonly syncSampler: Sampler;
  private readonly tables = new Map<string, Map<number, unknown[]>>();
  /** Oldest first; `unsyncedFrom` is the first that may still be lost. */
  private unsynced: Unsynced[] = [];
  private unsyncedFrom = 0;
  private unsyncedBytes: Bytes = 0;
  private writesEver = 0;
  /** Syncs not known to be over: when they are, and which writes they make durable. */
  private syncsUnderWay: { readonly doneNanos: Nanos; readonly beforeWrite: number }[] = [];
  /** Writes before this one have been transferred, or are about to be by a sync under way. */
  private transferredBefore = 0;
  /** The device is busy, without a pause, from the first to the second; both may lie ahead. */
  private deviceBusyFromNanos = 0;
  private deviceFreeAtNanos = 0;
  private bookedNanos = 0;
  writtenBytes: Bytes = 0;
  writes = 0;
  reads = 0;
  syncs = 0;

  constructor(profile: DiskProfile, stream: RandomStream) {
    this.profile = profile;
    this.stream = stream;
    this.readSampler = compile(profile.readLatency);
    this.syncSampler = compile(profile.syncLatency);
  }

  get(table: string, key: number): unknown {
    return this.tables.get(table)?.get(Math.floor(key / CHUNK))?.[key % CHUNK];
  }

  put(table: string, key: number, value: unknown, sizeBytes: Bytes, nowNanos: Nanos): void {
    if (!(key >= 0 && Number.isInteger(key))) {
      throw new RangeError(`keys of a disk are integers from 0; table ${table} was given ${key}`);
    }
    this.remember(table, key, this.get(table, key), sizeBytes, nowNanos);
    this.set(table, key, value);
    this.unsyncedBytes += sizeBytes;
    this.writtenBytes += sizeBytes;
    this.writes++;
    this.settle(nowNanos);
  }

  /** When everything written so far is durable, if a sync starts at `startNanos`, now or later. */
  syncDoneNanos(nowNanos: Nanos, startNanos: Nanos): Nanos {
    this.settle(nowNanos);
    const latencyNanos = this.syncSampler(this.stream);
    const done = toNanos(this.occupy(startNanos, this.transferNanos(this.unsyncedBytes) + latencyNanos));
    this.unsyncedBytes = 0;
    this.transferredBefore = this.writesEver;
    this.syncs++;
    this.syncsUnderWay.push({ doneNanos: done, beforeWrite: this.writesEver });
    return done;
  }

  /** How long a read from `startNanos`, now or later, keeps its caller waiting, the queue at the device included. */
  readNanos(nowNanos: Nanos, startNanos: Nanos, sizeBytes: Bytes): Nanos {
    this.settle(nowNanos);
    // A device serves many reads at a time: only the transfer occupies it, the latency does not.
    const done = this.occupy(startNanos, this.transferNanos(sizeBytes)) + this.readSampler(this.stream);
    this.reads++;
    return toNanos(done - startNanos);
  }

  /** The host lost power: writes that were not durable are undone. `keep: false`: the disk is lost as well. */
  crash(nowNanos: Nanos, keep: boolean): void {
    this.settle(nowNanos);
    for (let i = this.unsynced.length - 1; i >= this.unsyncedFrom; i--) {
      const { table, keys, previous } = this.unsynced[i]!;
      for (let k = keys.length - 1; k >= 0; k--) this.set(table, keys[k]!, previous?.[k]);
    }
    this.unsynced = [];
    this.unsyncedFrom = 0;
    this.syncsUnderWay = [];
    this.unsyncedBytes = 0;
    this.transferredBefore = this.writesEver;
    this.bookedNanos -= this.aheadNanos(nowNanos);
    this.deviceBusyFromNanos = nowNanos;
    this.deviceFreeAtNanos = nowNanos;
    if (!keep) this.tables.clear();
  }

  /** Time the device was busy since the counts were last reset; what is booked for later does not count yet. */
  busyNanos(nowNanos: Nanos): number {
    this.settle(nowNanos);
    return this.bookedNanos - this.aheadNanos(nowNanos);
  }

  resetCounts(nowNanos: Nanos): void {
    this.settle(nowNanos);
    this.bookedNanos = this.aheadNanos(nowNanos);
    this.writtenBytes = 0;
    this.writes = 0;
    this.reads = 0;
    this.syncs = 0;
  }

  private transferNanos(sizeBytes: Bytes): number {
    return (sizeBytes * SECOND) / this.profile.bytesPerSecond;
  }

  /** Takes the device for so long, from a moment on or when it is free; returns when that is over. */
  private occupy(fromNanos: Nanos, lengthNanos: number): number {
    if (fromNanos > this.deviceFreeAtNanos) {
      this.deviceBusyFromNanos = fromNanos;
      this.deviceFreeAtNanos = fromNanos;
    }
    this.deviceFreeAtNanos += lengthNanos;
    this.bookedNanos += lengthNanos;
    return this.deviceFreeAtNanos;
  }

  private aheadNanos(nowNanos: Nanos): number {
    return Math.max(0, this.deviceFreeAtNanos - Math.max(nowNanos, this.deviceBusyFromNanos));
  }

  private set(table: string, key: number, value: unknown): void {
    let chunks = this.tables.get(table);
    if (chunks === undefined) {
      chunks = new Map();
      this.tables.set(table, chunks);
    }
    const at = Math.floor(key / CHUNK);
    let chunk = chunks.get(at);
    if (chunk === undefined) {
      chunk = [];
      chunks.set(at, chunk);
    }
    chunk[key % CHUNK] = value;
  }

  /** Notes what a crash would undo. A sync that has begun covers whole runs, so it ends the one before it. */
  private remember(table: string, key: number, previous: unknown, sizeBytes: Bytes, nowNanos: Nanos): void {
    let run = this.unsynced[this.unsynced.length - 1];
    if (
      run === undefined ||
      this.unsyncedFrom === this.unsynced.length ||
      run.table !== table ||
      run.writtenAtNanos !== nowNanos ||
      run.firstWrite < this.transferredBefore
    ) {
      run = {
        firstWrite: this.writesEver,
        table,
        keys: [],
        previous: undefined,
        sizeBytes: 0,
        writtenAtNanos: nowNanos,
      };
      this.unsynced.push(run);
    }
    if (previous !== undefined || run.previous !== undefined) {
      run.previous ??= run.keys.map(() => undefined);
      run.previous.push(previous);
    }
    run.keys.push(key);
    run.sizeBytes += sizeBytes;
    this.writesEver++;
  }

  /** Drops from the list of what a crash would undo everything that is durable by now. */
  private settle(nowNanos: Nanos): void {
    let durableBefore = 0;
    while (this.syncsUnderWay.length > 0 && this.syncsUnderWay[0]!.doneNanos <= nowNanos) {
      durableBefore = this.syncsUnderWay.shift()!.beforeWrite;
    }
    const ageNanos = this.profile.writeBackNanos ?? WRITE_BACK_NANOS;
    for (; this.unsyncedFrom < this.unsynced.length; this.unsyncedFrom++) {
      const { firstWrite, keys, writtenAtNanos, sizeBytes } = this.unsynced[this.unsyncedFrom]!;
      if (firstWrite < durableBefore) continue;
      const dueNanos = writtenAtNanos + ageNanos;
      if (dueNanos > nowNanos) break;
      if (firstWrite < this.transferredBefore) continue;
      this.occupy(dueNanos, this.transferNanos(sizeBytes));
      this.unsyncedBytes -= sizeBytes;
      this.transferredBefore = firstWrite + keys.length;
    }
    // Compacted when mostly settled, so that the list stays proportional to what can be lost.
    if (this.unsyncedFrom > 1_024 && this.unsyncedFrom * 2 > this.unsynced.length) {
      this.unsynced = this.unsynced.slice(this.unsyncedFrom);
      this.unsyncedFrom = 0;
    }
  }

  save(): object {
    const { unsyncedFrom, unsyncedBytes, writesEver, transferredBefore } = this;
    const { deviceBusyFromNanos, deviceFreeAtNanos, bookedNanos } = this;
    const { writtenBytes, writes, reads, syncs } = this;
    return {
      tables: [...this.tables].map(([name, chunks]) => [
        name,
        [...chunks].map(([at, chunk]) => [at, [...chunk]]),
      ]),
      unsynced: this.unsynced.map(copyOf),
      stream: this.stream.save(),
      syncsUnderWay: [...this.syncsUnderWay],
      numbers: {
        unsyncedFrom,
        unsyncedBytes,
        writesEver,
        transferredBefore,
        deviceBusyFromNanos,
        deviceFreeAtNanos,
        bookedNanos,
        writtenBytes,
        writes,
        reads,
        syncs,
      },
    };
  }

  restore(saved: object): void {
    const state = saved as {
      tables: [string, [number, unknown[]][]][];
      unsynced: Unsynced[];
      syncsUnderWay: { doneNanos: Nanos; beforeWrite: number }[];
      stream: never;
      numbers: object;
    };
    this.tables.clear();
    for (const [name, chunks] of state.tables) {
      this.tables.set(name, new Map(chunks.map(([at, chunk]) => [at, [...chunk]])));
    }
    this.unsynced = state.unsynced.map(copyOf);
    this.syncsUnderWay = [...state.syncsUnderWay];
    this.stream.restore(state.stream);
    Object.assign(this, state.numbers);
  }
}

function copyOf(run: Unsynced): Unsynced {
  return { ...run, keys: [...run.keys], previous: run.previous && [...run.previous] };
}
