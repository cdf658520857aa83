/**
 * A host's disk: tables of numbered values in a write-back cache over a device (docs/kernel.md, "Disks").
 *
 * A write is readable at once and durable after the next sync, or once it is so old that the cache writes it back on its
 * own. Either way the device is busy for the transfer. A crash takes back what was not durable. Values are kept by
 * reference: they are records nobody changes.
 *
 * Writing back costs no events: it is booked when the disk is next used, for the moment at which it was due.
 */

import { DiskTables } from "./disk-tables.ts";
import type { Distribution } from "./distribution.ts";
import { DAMAGED } from "./faults/damage.ts";
import { DiskRules } from "./faults/disk-rules.ts";
import type { DiskRule } from "./faults/fault.ts";
import type { RandomStream } from "./random.ts";
import { compile, type Sampler } from "./sampling.ts";
import type { Bytes, Nanos } from "./units.ts";
import { FOREVER, SECOND, toNanos } from "./units.ts";

export interface DiskProfile {
  readonly readLatency: Distribution;
  readonly syncLatency: Distribution;
  readonly bytesPerSecond: number;
  /** Age at which the cache writes a page back by itself. */
  readonly writeBackNanos?: Nanos;
}

/** Linux wakes its flusher every 5 s (vm.dirty_writeback_centisecs); a busy log passes the background limit by then. */
const WRITE_BACK_NANOS: Nanos = 5 * SECOND;
/** In the place of the value of a write that the next loss of power undoes although it was reported as synced. */
interface LostAtCrash {
  readonly table: string;
  readonly key: number;
  readonly value: unknown;
  /** What was there before; may be one of these itself. */
  readonly previous: unknown;
}

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
  private readonly tables = new DiskTables();
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
  /** The device does nothing until then. */
  private stalledUntilNanos = 0;
  private readonly rules: DiskRules;
  /** By identity: they stand in the tables. */
  private readonly lostAtCrash = new Set<unknown>();
  writtenBytes: Bytes = 0;
  writes = 0;
  reads = 0;
  syncs = 0;

  /** `faultStream`: the random stream of this disk under a fault, by what the stream's name begins with. */
  constructor(profile: DiskProfile, stream: RandomStream, faultStream: (prefix: string) => RandomStream) {
    this.profile = profile;
    this.stream = stream;
    this.rules = new DiskRules(faultStream);
    this.readSampler = compile(profile.readLatency);
    this.syncSampler = compile(profile.syncLatency);
  }

  get(table: string, key: number, nowNanos: Nanos): unknown {
    const cell = this.tables.get(table, key);
    const faulty = this.rules.count > 0 || this.lostAtCrash.size > 0;
    return faulty ? this.getFaulty(table, key, cell, nowNanos) : cell;
  }

  /** What is there, for who observes a run: no fault has a say, and nothing is drawn. */
  peek(table: string, key: number): unknown {
    const cell = this.tables.get(table, key);
    return this.lostAtCrash.has(cell) ? (cell as LostAtCrash).value : cell;
  }

  /** False: a fault has refused the write. */
  put(table: string, key: number, value: unknown, sizeBytes: Bytes, nowNanos: Nanos): boolean {
    if (!(key >= 0 && Number.isInteger(key))) {
      throw new RangeError(`keys of a disk are integers from 0; table ${table} was given ${key}`);
    }
    if (this.rules.count > 0) return this.putFaulty(table, key, value, sizeBytes, nowNanos);
    this.write(table, key, value, sizeBytes, nowNanos);
    return true;
  }

  private write(table: string, key: number, value: unknown, sizeBytes: Bytes, nowNanos: Nanos): void {
    this.remember(table, key, this.tables.get(table, key), sizeBytes, nowNanos);
    this.tables.set(table, key, value);
    this.unsyncedBytes += sizeBytes;
    this.writtenBytes += sizeBytes;
    this.writes++;
    this.settle(nowNanos);
  }

  /** When everything written so far is durable, if a sync starts at `startNanos`, now or later. */
  syncDoneNanos(nowNanos: Nanos, startNanos: Nanos): Nanos {
    this.settle(nowNanos);
    const latencyNanos = this.syncSampler(this.stream) * this.rules.slowdown;
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
    const latencyNanos = this.readSampler(this.stream) * this.rules.slowdown;
    const done = this.occupy(startNanos, this.transferNanos(sizeBytes)) + latencyNanos;
    this.reads++;
    return toNanos(done - startNanos);
  }

  /** The host lost power: writes that were not durable are undone. `keep: false`: the disk is lost as well. */
  crash(nowNanos: Nanos, keep: boolean): void {
    this.settle(nowNanos);
    for (let i = this.unsynced.length - 1; i >= this.unsyncedFrom; i--) {
      const { table, keys, previous } = this.unsynced[i]!;
      for (let k = keys.length - 1; k >= 0; k--) this.tables.set(table, keys[k]!, previous?.[k]);
    }
    for (const lost of this.lostAtCrash) this.undo(lost as LostAtCrash);
    this.lostAtCrash.clear();
    if (this.rules.count > 0) this.tear();
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

  // ---- Faults, see sim/faults/ ---------------------------------------------------------------------------------------

  /** From now on a rule acts on the disk. `streams`: what the name of its random stream begins with. */
  addRule(name: string, streams: string, rule: DiskRule, nowNanos: Nanos): void {
    this.settle(nowNanos);
    this.rules.add(name, streams, rule);
  }

  removeRule(name: string, nowNanos: Nanos): void {
    this.settle(nowNanos);
    this.rules.remove(name);
  }

  /** The device does nothing until then. Returns how much later the syncs that are under way are over. */
  stall(nowNanos: Nanos, untilNanos: Nanos): Nanos {
    this.settle(nowNanos);
    const [fromNanos, resumesNanos] = [Math.max(nowNanos, this.stalledUntilNanos), untilNanos];
    if (resumesNanos <= fromNanos) return 0;
    const later = resumesNanos - fromNanos;
    this.stalledUntilNanos = resumesNanos;
    const ahead = this.aheadNanos(nowNanos);
    if (this.deviceFreeAtNanos > nowNanos) {
      this.deviceBusyFromNanos = Math.max(this.deviceBusyFromNanos, resumesNanos);
      this.deviceFreeAtNanos = this.deviceBusyFromNanos + ahead;
    }
    this.syncsUnderWay = this.syncsUnderWay.map(({ doneNanos, beforeWrite }) => ({
      doneNanos: Math.min(FOREVER, doneNanos + later),
      beforeWrite,
    }));
    return later;
  }

  private getFaulty(table: string, key: number, cell: unknown, nowNanos: Nanos): unknown {
    this.settle(nowNanos);
    const fails = this.rules.readFails();
    if (fails && cell !== undefined && !this.isUnsynced(table, key)) return DAMAGED.unreadable;
    return this.lostAtCrash.has(cell) ? (cell as LostAtCrash).value : cell;
  }

  private putFaulty(table: string, key: number, value: unknown, sizeBytes: Bytes, nowNanos: Nanos): boolean {
    const { refused, lostAtCrash, corrupt, misdirectedBy } = this.rules.fateOfWrite();
    const lands = misdirectedBy === undefined ? key : this.tables.otherKey(table, key, misdirectedBy);
    if (refused) return false;
    // On a table with no other key it lands where nothing is, and is gone.
    if (lands === undefined) return true;
    let cell = corrupt ? DAMAGED.corrupt : value;
    if (lostAtCrash) {
      cell = {
        table,
        key: lands,
        value: cell,
        previous: this.tables.get(table, lands),
      } satisfies LostAtCrash;
      this.lostAtCrash.add(cell);
    }
    this.write(table, lands, cell, sizeBytes, nowNanos);
    return true;
  }

  /** Whether the latest write to a key may not be on the device yet, so that it is read from memory. */
  private isUnsynced(table: string, key: number): boolean {
    for (let i = this.unsynced.length - 1; i >= this.unsyncedFrom; i--) {
      const run = this.unsynced[i]!;
      if (run.table === table && run.keys.includes(key)) return true;
    }
    return false;
  }

  /** Undoes a write that the device had only promised, unless another has taken its place. */
  private undo(lost: LostAtCrash): void {
    if (this.tables.get(lost.table, lost.key) !== lost) return;
    let previous = lost.previous;
    while (this.lostAtCrash.has(previous)) previous = (previous as LostAtCrash).previous;
    this.tables.set(lost.table, lost.key, previous);
  }

  /** Of some of the writes that were not durable a part has reached the device. */
  private tear(): void {
    for (let i = this.unsyncedFrom; i < this.unsynced.length; i++) {
      const { table, keys } = this.unsynced[i]!;
      for (const key of keys) if (this.rules.tears()) this.tables.set(table, key, DAMAGED.torn);
    }
  }

  // ---- The device ----------------------------------------------------------------------------------------------------

  private transferNanos(sizeBytes: Bytes): number {
    return (sizeBytes * SECOND * this.rules.slowdown) / this.profile.bytesPerSecond;
  }

  /** A moment, or the end of the stall in which it lies: what was due before the stall is settled when it begins. */
  private unstalled(nanos: Nanos): Nanos {
    return Math.max(nanos, this.stalledUntilNanos);
  }

  /** Takes the device for so long, from a moment on or when it is free; returns when that is over. */
  private occupy(wantedNanos: Nanos, lengthNanos: number): number {
    const fromNanos = this.unstalled(wantedNanos);
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
      const dueNanos = this.unstalled(writtenAtNanos + ageNanos);
      if (dueNanos > nowNanos) break;
      if (firstWrite < this.transferredBefore) continue;
      this.occupy(dueNanos, this.transferNanos(sizeBytes));
      this.unsyncedBytes -= sizeBytes;
      this.transferredBefore = firstWrite + keys.length;
    }
    // Compacted when mostly settled, so that the list stays proportional to what can be lost. A run may be of thousands of writes.
    if (this.unsyncedFrom > 32 && this.unsyncedFrom * 2 > this.unsynced.length) {
      this.unsynced = this.unsynced.slice(this.unsyncedFrom);
      this.unsyncedFrom = 0;
    }
  }

  save(): object {
    const { unsyncedFrom, unsyncedBytes, writesEver, transferredBefore } = this;
    const { deviceBusyFromNanos, deviceFreeAtNanos, bookedNanos, stalledUntilNanos } = this;
    const { writtenBytes, writes, reads, syncs } = this;
    return {
      tables: this.tables.save(),
      unsynced: this.unsynced.map(copyOf),
      lostAtCrash: [...this.lostAtCrash],
      rules: this.rules.save(),
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
        stalledUntilNanos,
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
      lostAtCrash: unknown[];
      rules: object;
      stream: never;
      numbers: object;
    };
    this.tables.restore(state.tables);
    this.unsynced = state.unsynced.map(copyOf);
    this.syncsUnderWay = [...state.syncsUnderWay];
    this.lostAtCrash.clear();
    for (const lost of state.lostAtCrash) this.lostAtCrash.add(lost);
    this.rules.restore(state.rules);
    this.stream.restore(state.stream);
    Object.assign(this, state.numbers);
  }
}

function copyOf(run: Unsynced): Unsynced {
  return { ...run, keys: [...run.keys], previous: run.previous && [...run.previous] };
}
