/**
 * The newest entries of a metalog, as a sequencer keeps them: for seal reports, for backups that lost one, and for nodes that
 * lack some (docs/models/reconfiguration.md, "Catching up"). Older ones are dropped a chunk at a time.
 */

import type { MetalogEntry } from "./metalog.ts";

export interface MetalogWindow {
  /** By position divided by the length of a chunk: entries in order. Small chunks, so that a draft copies little. */
  chunks: Map<number, MetalogEntry[]>;
  /** Position behind the newest entry. */
  end: number;
}

const CHUNK = 64;
/** Some 5 s of cuts every 300 us: longer than it takes to notice that a node is gone. */
const CHUNKS_KEPT = 256;

export function metalogWindow(): MetalogWindow {
  return { chunks: new Map(), end: 0 };
}

/** Adds the entry at the end. */
export function extend(window: MetalogWindow, entry: MetalogEntry): void {
  const key = Math.floor(entry.position / CHUNK);
  const chunk = window.chunks.get(key);
  if (chunk === undefined) {
    window.chunks.set(key, [entry]);
    window.chunks.delete(key - CHUNKS_KEPT);
  } else {
    chunk.push(entry);
  }
  window.end = entry.position + 1;
}

export function entryAt(window: MetalogWindow, position: number): MetalogEntry | undefined {
  if (position >= window.end) return undefined;
  return window.chunks.get(Math.floor(position / CHUNK))?.[position % CHUNK];
}

/** The entries from one position to before another, as far as they are still here and without a gap. */
export function slice(window: MetalogWindow, from: number, end: number): MetalogEntry[] {
  const entries: MetalogEntry[] = [];
  for (let position = Math.max(0, from); position < end; position++) {
    const entry = entryAt(window, position);
    if (entry === undefined) break;
    entries.push(entry);
  }
  return entries;
}

/** The newest entries, at most so many, oldest first. */
export function newest(window: MetalogWindow, count: number): MetalogEntry[] {
  return slice(window, window.end - count, window.end);
}

/** How many entries from a position on are cuts, and not trims. */
export function cutsFrom(window: MetalogWindow, position: number): number {
  return slice(window, position, window.end).filter(({ trim }) => trim === undefined).length;
}

/**
 * Takes the entries away that the end of the view has dropped: nobody else will ever apply them, so it is as if they had never
 * been made.
 */
export function dropBehind(window: MetalogWindow, final: number): void {
  while (window.end > final) {
    window.end--;
    window.chunks.get(Math.floor(window.end / CHUNK))?.pop();
  }
}

/** The position of the oldest entry that is still here. */
export function oldest(window: MetalogWindow): number {
  const first = window.chunks.keys().next();
  return first.done === true ? window.end : first.value * CHUNK;
}
