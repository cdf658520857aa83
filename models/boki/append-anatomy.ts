/**
 * Where the time of an append goes: an observer that follows a sample of appends along their critical path
 * (docs/models/boki.md, "Anatomy of an append").
 *
 * An append waits for the slowest of its replicas to be reported to the primary, so its path leads through that one. The
 * phases follow each other without gaps: their sum is the append's whole time, which a test says. An append that did not go
 * this way, because its view ended meanwhile or something had to be sent again, is left out.
 */

import type { Address, Observed } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { highOf, type LogspaceId, type NodeId, positionOf } from "./identifiers.ts";
import { indexInEntry, vectorAt } from "./metalog.ts";
import type { Observation } from "./observations.ts";
import type { View } from "./view.ts";

/** In the order in which an append passes them. */
export const APPEND_PHASES = [
  "function to engine",
  "engine to storage",
  "wait for the local cut",
  "storage to primary",
  "wait for the global cut",
  "metalog quorum",
  "primary to engine",
  "engine to function",
] as const;

interface Sample {
  readonly data: number;
  readonly begunNanos: Nanos;
  issuedNanos: Nanos;
  counter: number;
  readonly storedNanos: Map<NodeId, Nanos>;
  readonly sentNanos: Map<NodeId, Nanos>;
  takenNanos: Nanos;
  /** The replica whose report came last. */
  last: NodeId;
  cutNanos: Nanos;
  propagatedNanos: Nanos;
  orderedNanos: Nanos;
  position: number;
}

export interface AppendAnatomy {
  observe(at: Address, observation: Observed, nowNanos: Nanos): void;
  /** Per sampled append since the warm-up: its phases in nanoseconds, in the order of APPEND_PHASES. */
  readonly appends: (readonly number[])[];
}

/** Follows one append in `every`, of those that begin at or after `fromNanos`. */
export function createAppendAnatomy(every: number, fromNanos: Nanos): AppendAnatomy {
  const appends: (readonly number[])[] = [];
  const byData = new Map<number, Sample>();
  /** Samples under way, by logspace and shard's engine. */
  const byShard = new Map<string, Sample[]>();
  /** The view's lists, learned from the first cut; until then no append can have been ordered. */
  let view: View | undefined;
  let begun = 0;

  const shardKey = (logspace: LogspaceId, engine: NodeId): string => `${logspace}/${engine}`;
  const samplesOf = (logspace: LogspaceId, engine: NodeId): Sample[] =>
    byShard.get(shardKey(logspace, engine)) ?? [];

  function observe(_at: Address, observed: Observed, nowNanos: Nanos): void {
    const observation = observed as unknown as Observation;
    switch (observation.kind) {
      case "appendBegun":
        if (nowNanos >= fromNanos && begun++ % every === 0) {
          byData.set(observation.data, newSample(observation.data, nowNanos));
        }
        return;
      case "appendIssued": {
        const sample = byData.get(observation.record.data);
        if (sample === undefined) return;
        if (sample.issuedNanos > 0) {
          byData.delete(observation.record.data);
          return;
        }
        const { localid } = observation.record;
        sample.issuedNanos = nowNanos;
        sample.counter = positionOf(localid);
        const key = shardKey(observation.logspace, highOf(localid));
        const under = byShard.get(key);
        if (under === undefined) byShard.set(key, [sample]);
        else under.push(sample);
        return;
      }
      case "stored":
        for (const sample of samplesOf(observation.logspace, observation.engine)) {
          if (sample.counter < observation.count && !sample.storedNanos.has(observation.storage)) {
            sample.storedNanos.set(observation.storage, nowNanos);
          }
        }
        return;
      case "progressSent":
        observation.engines.forEach((engine, i) => {
          for (const sample of samplesOf(observation.logspace, engine)) {
            if (sample.counter < observation.counts[i]! && !sample.sentNanos.has(observation.storage)) {
              sample.sentNanos.set(observation.storage, nowNanos);
            }
          }
        });
        return;
      case "progressTaken":
        for (const sample of samplesOf(observation.logspace, observation.engine)) {
          const covers = sample.counter >= observation.before && sample.counter < observation.count;
          if (!covers || sample.cutNanos > 0) continue;
          sample.takenNanos = nowNanos;
          sample.last = observation.storage;
        }
        return;
      case "cutMade": {
        const { entry } = observation;
        view = observation.view;
        entry.shards.forEach((shard, i) => {
          const end = vectorAt(entry.starts, shard) + entry.deltas[i]!;
          for (const sample of samplesOf(entry.logspace, view!.engines[shard]!)) {
            if (sample.counter >= end || sample.cutNanos > 0) continue;
            sample.cutNanos = nowNanos;
            sample.position = entry.position;
          }
        });
        return;
      }
      case "propagated": {
        const { entry } = observation;
        for (const shard of entry.shards) {
          if (view === undefined || indexInEntry(entry, shard) < 0) continue;
          for (const sample of samplesOf(entry.logspace, view.engines[shard]!)) {
            if (sample.position === entry.position) sample.propagatedNanos = nowNanos;
          }
        }
        return;
      }
      case "appendDone": {
        const sample = byData.get(observation.record.data);
        if (sample === undefined) return;
        sample.orderedNanos = nowNanos;
        const key = shardKey(observation.logspace, observation.engine);
        byShard.set(
          key,
          samplesOf(observation.logspace, observation.engine).filter((each) => each !== sample),
        );
        return;
      }
      case "appendReturned": {
        const sample = byData.get(observation.data);
        if (sample === undefined) return;
        byData.delete(observation.data);
        const phases = phasesOf(sample, nowNanos);
        if (phases.every((nanos) => nanos >= 0)) appends.push(phases);
        return;
      }
      default:
        return;
    }
  }

  return { observe, appends };
}

function newSample(data: number, begunNanos: Nanos): Sample {
  return {
    data,
    begunNanos,
    issuedNanos: 0,
    counter: 0,
    storedNanos: new Map(),
    sentNanos: new Map(),
    takenNanos: 0,
    last: 0,
    cutNanos: 0,
    propagatedNanos: 0,
    orderedNanos: 0,
    position: -1,
  };
}

function phasesOf(sample: Sample, returnedNanos: Nanos): number[] {
  const moments = [
    sample.begunNanos,
    sample.issuedNanos,
    sample.storedNanos.get(sample.last) ?? sample.issuedNanos,
    sample.sentNanos.get(sample.last) ?? sample.takenNanos,
    sample.takenNanos,
    sample.cutNanos,
    sample.propagatedNanos,
    sample.orderedNanos,
    returnedNanos,
  ];
  return APPEND_PHASES.map((_, i) => moments[i + 1]! - moments[i]!);
}
