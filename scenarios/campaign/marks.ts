/**
 * Coverage marks: situations of the protocol that a campaign has to reach, or it has shown little. Each is noticed in what
 * roles observe and count anyway; nothing in a run depends on them.
 */

import type { Observation } from "../../models/boki/observations.ts";

/** By name, what it means. */
export const MARKS = {
  cutSkipped: "a tick of the primary made no cut because the one before was not committed",
  readWaited: "a read waited for an index that was behind what its call had seen",
  readRemote: "a read was answered by the index of another engine",
  readParked: "a read reached a storage node before the entry that orders its record",
  readFromDatabase: "a read was answered from the database, not from memory",
  readBlocked: "a blocking read found nothing and waited",
  blockedReadWoken: "a blocking read was woken by a record",
  evicted: "a record left a storage node's memory",
} as const;

export type MarkName = keyof typeof MARKS;

/** Counters of the model that are marks. */
const COUNTERS: Readonly<Record<string, MarkName>> = {
  "sequencer.cutSkipped": "cutSkipped",
  "index.readWaited": "readWaited",
  "readIndex.remote": "readRemote",
  "storage.readParked": "readParked",
  "storageMemory.miss": "readFromDatabase",
  "index.blockedReadWoken": "blockedReadWoken",
};

export interface Marks {
  observe(observation: Observation): void;
  /** To be called once, with the counters of the run. */
  finish(counters: ReadonlyMap<string, number>): void;
  readonly counts: Partial<Record<MarkName, number>>;
}

export function createMarks(): Marks {
  const counts: Partial<Record<MarkName, number>> = {};
  const mark = (name: MarkName, times = 1): void => {
    counts[name] = (counts[name] ?? 0) + times;
  };
  return {
    counts,
    observe(observation) {
      switch (observation.kind) {
        case "readBlocked":
          mark("readBlocked");
          return;
        case "evicted":
          mark("evicted");
          return;
        default:
      }
    },
    finish(counters) {
      for (const [counter, name] of Object.entries(COUNTERS)) {
        const times = counters.get(counter) ?? 0;
        if (times > 0) mark(name, times);
      }
    },
  };
}
