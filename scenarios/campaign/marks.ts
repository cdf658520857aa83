/**
 * Coverage marks: situations of the protocol that a campaign has to reach, or it has shown little. Each is noticed in what roles
 * observe and count anyway; nothing in a run depends on them.
 */

import {
  type LogspaceId,
  sequencerOf,
  type ViewId,
  viewOf,
  viewOfJoined,
} from "../../models/boki/identifiers.ts";
import type { Observation } from "../../models/boki/observations.ts";
import type { FaultPeriod } from "../../sim/faults/fault.ts";
import type { Nanos } from "../../sim/units.ts";
import type { CaseCluster } from "./case.ts";

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
  sealedUncommitted: "a view was sealed with an entry that had not been committed",
  sealDroppedEntry: "a seal left out an entry that its primary had made",
  tailAtProducer: "an engine learned at the end of a view that an open append had been ordered",
  tailAtStorage: "a storage node ordered records only at the end of their view",
  tailAtIndex: "an index took in entries only at the end of their view",
  appendDiscarded: "an append was discarded because its view had ended",
  appendRetried: "an append was made again in a later view",
  appendLateInView: "an append that was discarded at first succeeded in a later view",
  blockedOverView: "a blocking read waited while its view ended",
  readOlderView: "a read returned a record of an earlier view",
  viewsThree: "a log lived through three views or more",
  logBookMoved: "a LogBook moved to another physical log",
  trimMade: "a trim became an entry of the metalog",
  trimBeforeSeal: "the last entry before a seal was a trim",
  sessionExpired: "a process was taken for gone",
  memberReplaced: "a node that had not been in the view before took part",
  entrySentAgain: "a primary sent an entry again to a backup that lacked it",
  heldReleased: "a message that came before its view waited for the node to install the view",
  caughtUp: "a node that the end of a view found behind got the entries it lacked from a sequencer",
  writeRefused: "a disk refused a record",
  damageFound: "a storage node found a record in its database damaged",
  damageSurvived: "a record that one storage node found damaged was read from another",
  recordRecovered: "a storage node that had lost its memory put a record back from its journal",
  crashedSequencer: "a sequencer lost its memory",
  crashedStorage: "a storage node lost its memory",
  crashedEngine: "an engine lost its memory",
  partitioned: "some nodes could not reach others",
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
  "zooKeeper.sessionExpired": "sessionExpired",
  "sequencer.entrySentAgain": "entrySentAgain",
  "engine.heldReleased": "heldReleased",
  "sequencer.heldReleased": "heldReleased",
  "storage.heldReleased": "heldReleased",
  "storage.writeRefused": "writeRefused",
  "storage.journalRefused": "writeRefused",
  "storage.recordRecovered": "recordRecovered",
};

/** On which kind of node a part of the protocol runs. */
const NODE_OF = {
  producer: "engine",
  storage: "storage",
  backup: "sequencer",
  primary: "sequencer",
} as const;

export interface Marks {
  observe(observation: Observation, nowNanos: Nanos): void;
  /** To be called once, with the counters of the run and the faults that happened. */
  finish(counters: ReadonlyMap<string, number>, faults: readonly FaultPeriod[]): void;
  readonly counts: Partial<Record<MarkName, number>>;
}

/** What the marks remember of one log. */
interface LogMarks {
  /** Entries its primary made, and how many of them it has sent out as committed. */
  made: number;
  endsInTrim: boolean;
  propagated: number;
  /** Set when it is sealed. */
  final: number | undefined;
}

export function createMarks(cluster: CaseCluster): Marks {
  const counts: Partial<Record<MarkName, number>> = {};
  const mark = (name: MarkName, times = 1): void => {
    counts[name] = (counts[name] ?? 0) + times;
  };
  const logs = new Map<LogspaceId, LogMarks>();
  /** Appends that were discarded, by the number of their data. */
  const discarded = new Set<number>();
  /** Blocking reads that wait, by engine of origin and operation. */
  const blocked = new Set<string>();
  /** Reads that met a damaged record, the same way. */
  const damaged = new Set<string>();
  /** When each node heard of the end of a view. */
  const finalizedNanos = new Map<string, Nanos>();
  const books = new Map<number, { readonly view: ViewId; readonly logspace: LogspaceId }>();
  let latest: ViewId = 0;

  function logOf(logspace: LogspaceId): LogMarks {
    let log = logs.get(logspace);
    if (log === undefined) {
      log = { made: 0, endsInTrim: false, propagated: 0, final: undefined };
      logs.set(logspace, log);
    }
    return log;
  }

  function appendIssued({ logspace, record }: Extract<Observation, { kind: "appendIssued" }>): void {
    const view = viewOf(logspace);
    const before = books.get(record.logBook);
    // A LogBook stays where it is when the same sequencer is the primary of its log.
    if (
      before !== undefined &&
      view > before.view &&
      sequencerOf(logspace) !== sequencerOf(before.logspace)
    ) {
      mark("logBookMoved");
    }
    if (before === undefined || view > before.view) books.set(record.logBook, { view, logspace });
    if (discarded.has(record.data)) mark("appendRetried");
  }

  return {
    counts,
    observe(observation, nowNanos) {
      switch (observation.kind) {
        case "damageFound":
          mark("damageFound");
          damaged.add(`${observation.origin} ${observation.op}`);
          return;
        case "viewEvent": {
          const { role, node, viewId, event } = observation;
          if (event.phase === "finalize") finalizedNanos.set(`${role} ${node} ${viewId}`, nowNanos);
          return;
        }
        case "ended": {
          // An index may be through late for other reasons: it waits for records as well.
          const { role, node, log } = observation;
          if (role === "index") return;
          const heard = finalizedNanos.get(`${NODE_OF[role]} ${node} ${viewOf(log.logspace)}`);
          if (heard !== undefined && heard < nowNanos) mark("caughtUp");
          return;
        }
        case "evicted":
          mark("evicted");
          return;
        case "readBlocked":
          mark("readBlocked");
          blocked.add(`${observation.origin} ${observation.op}`);
          return;
        case "readDone":
          if (blocked.size > 0) blocked.delete(`${observation.engine} ${observation.op}`);
          if (damaged.delete(`${observation.engine} ${observation.op}`) && observation.outcome === "ok")
            mark("damageSurvived");
          if (observation.outcome === "ok" && viewOfJoined(observation.seqnum) < latest) {
            mark("readOlderView");
          }
          return;
        case "appendIssued":
          appendIssued(observation);
          return;
        case "appendDone": {
          const { outcome, record } = observation;
          if (outcome === "discarded") {
            mark("appendDiscarded");
            discarded.add(record.data);
          } else if (outcome === "ok" && discarded.has(record.data)) {
            mark("appendLateInView");
          }
          return;
        }
        case "cutMade": {
          const { entry, view } = observation;
          const log = logOf(entry.logspace);
          log.made = Math.max(log.made, entry.position + 1);
          log.endsInTrim = entry.trim !== undefined;
          if (log.endsInTrim) mark("trimMade");
          if (view.viewId <= latest) return;
          latest = view.viewId;
          if (latest >= 2) mark("viewsThree");
          const isSpare = (count: number) => (id: number) => id > count;
          if (
            view.sequencers.some(isSpare(cluster.sequencers)) ||
            view.storages.some(isSpare(cluster.storages)) ||
            view.engines.some(isSpare(cluster.engines))
          ) {
            mark("memberReplaced");
          }
          return;
        }
        case "propagated": {
          const log = logOf(observation.entry.logspace);
          log.propagated = Math.max(log.propagated, observation.entry.position + 1);
          return;
        }
        case "sealed":
          if (blocked.size > 0) mark("blockedOverView", blocked.size);
          for (const { logspace, final } of observation.logs) {
            const log = logOf(logspace);
            log.final = final;
            if (final > log.propagated) mark("sealedUncommitted");
            if (final < log.made) mark("sealDroppedEntry");
            else if (log.endsInTrim) mark("trimBeforeSeal");
          }
          return;
        case "applied": {
          const log = logs.get(observation.entry.logspace);
          if (log?.final === undefined) return;
          if (observation.role === "producer") mark("tailAtProducer");
          else if (observation.role === "storage") mark("tailAtStorage");
          else if (observation.role === "index") mark("tailAtIndex");
          return;
        }
        default:
      }
    },
    finish(counters, faults) {
      for (const [counter, name] of Object.entries(COUNTERS)) {
        const times = counters.get(counter) ?? 0;
        if (times > 0) mark(name, times);
      }
      for (const { fault, struck } of faults) {
        if (fault.kind === "partition") mark("partitioned");
        if (fault.kind !== "crash") continue;
        const strikes = (role: string): boolean => struck.some((name) => name.startsWith(`${role}-`));
        if (strikes("sequencer")) mark("crashedSequencer");
        if (strikes("storage")) mark("crashedStorage");
        if (strikes("engine")) mark("crashedEngine");
      }
    },
  };
}
