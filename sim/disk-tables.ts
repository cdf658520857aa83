/** What is on a disk: tables of values by number. Part of sim/disk.ts. */

import type { RandomStream } from "./random.ts";

/** Values per chunk of a table. Keys are positions in a log, so chunks fill densely. */
const CHUNK = 1_024;

type Chunks = Map<number, unknown[]>;

export class DiskTables {
  private readonly tables = new Map<string, Chunks>();

  get(table: string, key: number): unknown {
    return this.tables.get(table)?.get(Math.floor(key / CHUNK))?.[key % CHUNK];
  }

  set(table: string, key: number, value: unknown): void {
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

  clear(): void {
    this.tables.clear();
  }

  /** Another key of the table under which there is something, from a part of the table drawn at random; if there is one. */
  otherKey(table: string, key: number, stream: RandomStream): number | undefined {
    const chunks = [...(this.tables.get(table) ?? [])];
    if (chunks.length === 0) return undefined;
    const [at, chunk] = chunks[stream.below(chunks.length)]!;
    const keys: number[] = [];
    for (const [place, value] of chunk.entries()) {
      if (value !== undefined && at * CHUNK + place !== key) keys.push(at * CHUNK + place);
    }
    return keys.length === 0 ? undefined : keys[stream.below(keys.length)];
  }

  save(): [string, [number, unknown[]][]][] {
    return [...this.tables].map(([name, chunks]) => [
      name,
      [...chunks].map(([at, chunk]) => [at, [...chunk]]),
    ]);
  }

  restore(saved: [string, [number, unknown[]][]][]): void {
    this.tables.clear();
    for (const [name, chunks] of saved) {
      this.tables.set(name, new Map(chunks.map(([at, chunk]) => [at, [...chunk]])));
    }
  }
}
