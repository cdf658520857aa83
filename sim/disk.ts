/**
 * A host's disk: tables of numbered values in a write-back cache over a device (docs/kernel.md, "Disks").
 *
 * A write is readable at once and durable after the next sync, or once the cache has been written back on its own. A
 * crash takes back what was not durable. Values are kept by reference: they are records nobody changes.
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

interface Unsynced {
  /** Writes of a disk are numbered from 0. */
  readonly write: number;
  readonly table: string;
  readonly key: number;
  readonly previous: unknown;
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
  private deviceFreeAtNanos: Nanos = 0;
  busyNanos = 0;
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
    const write = this.writesEver++;
    this.unsynced.push({ write, table, key, previous: this.get(table, key), writtenAtNanos: nowNanos });
    this.set(table, key, value);
    this.unsyncedBytes += sizeBytes;
    this.writtenBytes += sizeBytes;
    this.writes++;
    this.settle(nowNanos);
  }

  /** When everything written so far is durable, if a sync starts now. */
  syncDoneNanos(nowNanos: Nanos): Nanos {
    const start = Math.max(nowNanos, this.deviceFreeAtNanos);
    const transferNanos = (this.unsyncedBytes * 1e9) / this.profile.bytesPerSecond;
    const done = toNanos(start + transferNanos + this.syncSampler(this.stream));
    this.busyNanos += done - start;
    this.deviceFreeAtNanos = done;
    this.unsyncedBytes = 0;
    this.syncs++;
    this.syncsUnderWay.push({ doneNanos: done, beforeWrite: this.writesEver });
    return done;
  }

  /** How long a read that misses every cache keeps its caller waiting, the queue at the device included. */
  readNanos(nowNanos: Nanos, sizeBytes: Bytes): Nanos {
    const start = Math.max(nowNanos, this.deviceFreeAtNanos);
    // A device serves many reads at a time: only the transfer occupies it, the latency does not.
    const transferNanos = toNanos((sizeBytes * 1e9) / this.profile.bytesPerSecond);
    this.deviceFreeAtNanos = start + transferNanos;
    this.busyNanos += transferNanos;
    this.reads++;
    return toNanos(start - nowNanos + transferNanos + this.readSampler(this.stream));
  }

  /** The host lost power: writes that were not durable are undone. `keep: false`: the disk is lost as well. */
  crash(nowNanos: Nanos, keep: boolean): void {
    this.settle(nowNanos);
    for (let i = this.unsynced.length - 1; i >= this.unsyncedFrom; i--) {
      const { table, key, previous } = this.unsynced[i]!;
      this.set(table, key, previous);
    }
    this.unsynced = [];
    this.unsyncedFrom = 0;
    this.syncsUnderWay = [];
    this.unsyncedBytes = 0;
    this.deviceFreeAtNanos = nowNanos;
    if (!keep) this.tables.clear();
  }

  resetCounts(): void {
    this.busyNanos = 0;
    this.writtenBytes = 0;
    this.writes = 0;
    this.reads = 0;
    this.syncs = 0;
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

  /** Drops from the list of what a crash would undo everything that is durable by now. */
  private settle(nowNanos: Nanos): void {
    let durableBefore = 0;
    while (this.syncsUnderWay.length > 0 && this.syncsUnderWay[0]!.doneNanos <= nowNanos) {
      durableBefore = this.syncsUnderWay.shift()!.beforeWrite;
    }
    const writtenBackBefore = nowNanos - (this.profile.writeBackNanos ?? WRITE_BACK_NANOS);
    for (; this.unsyncedFrom < this.unsynced.length; this.unsyncedFrom++) {
      const { write, writtenAtNanos } = this.unsynced[this.unsyncedFrom]!;
      if (write >= durableBefore && writtenAtNanos >= writtenBackBefore) break;
    }
    // Compacted when mostly settled, so that the list stays proportional to what can be lost.
    if (this.unsyncedFrom > 1_024 && this.unsyncedFrom * 2 > this.unsynced.length) {
      this.unsynced = this.unsynced.slice(this.unsyncedFrom);
      this.unsyncedFrom = 0;
    }
  }

  save(): object {
    const { unsyncedFrom, unsyncedBytes, writesEver, deviceFreeAtNanos, busyNanos } = this;
    const { writtenBytes, writes, reads, syncs } = this;
    return {
      tables: [...this.tables].map(([name, chunks]) => [
        name,
        [...chunks].map(([at, chunk]) => [at, [...chunk]]),
      ]),
      unsynced: [...this.unsynced],
      stream: this.stream.save(),
      syncsUnderWay: [...this.syncsUnderWay],
      numbers: {
        unsyncedFrom,
        unsyncedBytes,
        writesEver,
        deviceFreeAtNanos,
        busyNanos,
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
    this.unsynced = [...state.unsynced];
    this.syncsUnderWay = [...state.syncsUnderWay];
    this.stream.restore(state.stream);
    Object.assign(this, state.numbers);
  }
}
