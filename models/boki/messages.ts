/**
 * Every message of the simulated stack, by the connection it travels on (docs/models/boki.md, "Messages"). Payloads are sizes and an
 * identity, never bytes. What is immutable once made (records, entries, views) travels by reference.
 */

import type { Address } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { Defects } from "./defects.ts";
import type {
  Localid,
  LogBookId,
  LogspaceId,
  MetalogProgress,
  NodeId,
  Seqnum,
  Tag,
  ViewId,
} from "./identifiers.ts";
import type { MetalogEntry, Trim } from "./metalog.ts";
import type { View } from "./view.ts";

/** A record as it is appended. */
export interface LogRecord {
  readonly localid: Localid;
  readonly logBook: LogBookId;
  /** A set of non-zero tags. */
  readonly tags: readonly Tag[];
  readonly dataBytes: Bytes;
  /** Stands for the payload: no two appended payloads have the same. */
  readonly data: number;
}

/** Aux data: a cached hint attached to a record. `data` stands for the bytes. */
export interface AuxData {
  readonly data: number;
  readonly sizeBytes: Bytes;
}

/** Names a function call: address of who issued it * 2^32 + its counter. */
export type CallId = number;

/** What a function is called with: the program a worker runs, and its arguments. */
export interface CallInput {
  readonly program: string;
  readonly args: unknown;
}

export type ReadDirection = "next" | "prev" | "nextBlock";

/** Function worker to its engine, over a pipe. `client` numbers the worker's operations. */
export type WorkerToEngine =
  | {
      readonly kind: "append";
      readonly call: CallId;
      readonly client: number;
      readonly tags: readonly Tag[];
      readonly dataBytes: Bytes;
      readonly data: number;
    }
  | {
      readonly kind: "read";
      readonly call: CallId;
      readonly client: number;
      readonly direction: ReadDirection;
      readonly tag: Tag;
      readonly seqnum: Seqnum;
    }
  | {
      readonly kind: "setAux";
      readonly call: CallId;
      readonly client: number;
      readonly seqnum: Seqnum;
      readonly aux: AuxData;
    }
  /** Records of the call's LogBook below `seqnum` are no longer wanted: all of them (tag 0), or as far as the tag goes. */
  | {
      readonly kind: "trim";
      readonly call: CallId;
      readonly client: number;
      readonly tag: Tag;
      readonly seqnum: Seqnum;
    }
  | {
      readonly kind: "invoke";
      readonly call: CallId;
      readonly client: number;
      readonly child: CallId;
      readonly input: CallInput;
    }
  | { readonly kind: "callDone"; readonly call: CallId; readonly output: unknown }
  /** The worker has booted: whatever call the engine gave it before is not being carried out. */
  | { readonly kind: "workerStarted" };

/**
 * `trimmed`: the record was given up by a trim. `timedOut`: nobody knows; it may still be carried out. `cancelled`: the call
 * that asked is not known any more.
 */
export type OperationOutcome =
  | "ok"
  | "empty"
  | "discarded"
  | "dataLost"
  | "badArguments"
  | "trimFailed"
  | "trimmed"
  | "timedOut"
  | "cancelled";

/** Engine to function worker, over a pipe. */
export type EngineToWorker =
  | { readonly kind: "call"; readonly call: CallId; readonly logBook: LogBookId; readonly input: CallInput }
  | {
      readonly kind: "opResult";
      readonly client: number;
      readonly outcome: OperationOutcome;
      readonly seqnum: Seqnum;
      readonly record: LogRecord | undefined;
      readonly aux: AuxData | undefined;
      /** The position of the log the result reflects; checkers read it, the library does not. */
      readonly progress: MetalogProgress;
    }
  /** `progress`: how far the call has seen the log; its caller has seen as much from now on. */
  | {
      readonly kind: "invokeResult";
      readonly client: number;
      readonly output: unknown;
      readonly progress: MetalogProgress;
    }
  /** The engine has booted: it knows of no call, and whatever the worker runs is in vain. */
  | { readonly kind: "engineStarted" };

/** A read on its way through the index. */
export interface ReadQuery {
  readonly direction: ReadDirection;
  /** The engine whose worker asked; results go there. */
  readonly origin: NodeId;
  readonly op: number;
  readonly logspace: LogspaceId;
  readonly logBook: LogBookId;
  readonly tag: Tag;
  readonly seqnum: Seqnum;
  /**
   * What the caller has seen; the index waits until it shows as much. In a query that goes on into an older view: what the
   * index that was asked first showed, which becomes the result's.
   */
  readonly progress: MetalogProgress;
  /** The view the query is put to is the first it is put to. */
  readonly initial: boolean;
  /** The best match in the views asked so far. */
  readonly foundBefore: FoundRecord | undefined;
  /** Below which seqnum the views asked so far have given everything up that the query is about. */
  readonly bound: Seqnum;
  /** How many engines have passed it on because they have lost the index that it is put to. */
  readonly passedOn: number;
}

/** A record as an index knows it. Its view is that of its seqnum. */
export interface FoundRecord {
  readonly seqnum: Seqnum;
  /** The engine whose shard holds it. */
  readonly engine: NodeId;
}

/** The log's own messages, over TCP. */
export type LogMessage =
  /** Engine to each storage node of its set: hold this record. */
  | { readonly kind: "replicate"; readonly logspace: LogspaceId; readonly record: LogRecord }
  /** Storage to primary: how many records of each source engine it holds without a gap, in source-engine order. */
  | {
      readonly kind: "shardProgress";
      readonly logspace: LogspaceId;
      readonly storage: NodeId;
      readonly counts: readonly number[];
    }
  /** Primary to backup: hold this entry. */
  | { readonly kind: "metalogReplicate"; readonly entry: MetalogEntry }
  /** Backup to primary: it holds every entry before this position. */
  | {
      readonly kind: "metalogProgress";
      readonly logspace: LogspaceId;
      readonly backup: NodeId;
      readonly position: number;
    }
  /** Primary to engines and storage nodes: this entry is committed. */
  | { readonly kind: "metalogs"; readonly entry: MetalogEntry }
  /** Any node to a sequencer: what is committed from this position on? Asked when something is overdue. */
  | { readonly kind: "metalogFetch"; readonly logspace: LogspaceId; readonly from: number }
  /** Its answer: committed entries in order, a limited number of them. */
  | {
      readonly kind: "metalogFetched";
      readonly logspace: LogspaceId;
      readonly entries: readonly MetalogEntry[];
    }
  /** Engine to the primary of a LogBook's log: put this trim into the metalog. */
  | { readonly kind: "trimRequest"; readonly logspace: LogspaceId; readonly trim: Trim }
  /** Its answer, once the entry is committed. `progress`: behind the entry. */
  | {
      readonly kind: "trimResult";
      readonly op: number;
      readonly done: boolean;
      readonly progress: MetalogProgress;
    }
  /** Index engine to a storage node: announce the records of these positions again, `end` excluded. */
  | {
      readonly kind: "indexFetch";
      readonly logspace: LogspaceId;
      readonly from: number;
      readonly end: number;
    }
  /** Storage to index engines: what they need of newly ordered records; `positions` and `records` are parallel. */
  | {
      readonly kind: "indexData";
      readonly logspace: LogspaceId;
      readonly positions: readonly number[];
      readonly records: readonly LogRecord[];
      /** Tags of all records together, for the size. */
      readonly tagCount: number;
    }
  /** Engine to an index engine. */
  | { readonly kind: "remoteRead"; readonly query: ReadQuery }
  /** Engine to storage: send the record to the engine that asked. */
  | {
      readonly kind: "readAt";
      readonly seqnum: Seqnum;
      readonly origin: NodeId;
      readonly op: number;
      readonly progress: MetalogProgress;
    }
  /** Storage or index engine to the engine that asked. */
  | {
      readonly kind: "readResult";
      readonly op: number;
      /** `notHere`: this node cannot know, because it lost its memory of that view; another one may. */
      readonly outcome: "ok" | "empty" | "dataLost" | "trimmed" | "notHere";
      readonly seqnum: Seqnum;
      readonly record: LogRecord | undefined;
      readonly aux: AuxData | undefined;
      readonly progress: MetalogProgress;
    }
  /** Engine to the storage nodes of a record. */
  | { readonly kind: "storeAux"; readonly seqnum: Seqnum; readonly aux: AuxData };

export type Role = "gateway" | "engine" | "sequencer" | "storage";

/**
 * Names one life of a process: ZooKeeper's number for its first connection after a boot. A view names the lives it counts on,
 * so a node that lost its memory knows that it is not the member it seems to be.
 */
export type Birth = number;

/** Who is where: the contents of ZooKeeper's node directory, addresses by node id. */
export interface Directory {
  readonly version: number;
  readonly gateway: readonly (Address | undefined)[];
  readonly engine: readonly (Address | undefined)[];
  readonly sequencer: readonly (Address | undefined)[];
  readonly storage: readonly (Address | undefined)[];
  /** By address: which life of the process is registered. */
  readonly births: readonly (Birth | undefined)[];
}

export type Topic = "node" | "view" | "command" | "seal";

/** How one log of a view ends: entries before `final` are what was ordered, `tail` are the newest of them. */
export interface FinalLog {
  readonly logspace: LogspaceId;
  readonly final: number;
  readonly tail: readonly MetalogEntry[];
}

/** What a sequencer holds of one log when it is frozen: the newest entries it has applied. */
export interface SealedLog {
  readonly logspace: LogspaceId;
  readonly tail: readonly MetalogEntry[];
}

/** What ZooKeeper's ordered log holds. */
export type ZooKeeperEvent =
  | { readonly topic: "node"; readonly directory: Directory }
  | { readonly topic: "view"; readonly phase: "new"; readonly view: View }
  | { readonly topic: "view"; readonly phase: "freeze"; readonly viewId: ViewId }
  | {
      readonly topic: "view";
      readonly phase: "finalize";
      readonly viewId: ViewId;
      readonly logs: readonly FinalLog[];
    }
  | {
      readonly topic: "seal";
      readonly viewId: ViewId;
      readonly sequencer: NodeId;
      readonly logs: readonly SealedLog[];
    }
  | { readonly topic: "command"; readonly command: "start" }
  /** `sequencers`: take these instead of the current ones. */
  | {
      readonly topic: "command";
      readonly command: "reconfigure";
      readonly sequencers: readonly NodeId[] | undefined;
    };

/** What happens to views, as every node hears of it. */
export type ViewEvent = Extract<ZooKeeperEvent, { topic: "view" }>;

/** Tells the boots of a process apart on the way to ZooKeeper and back: when it booted, by its own clock. */
export type Boot = number;

export type ZooKeeperMessage =
  /**
   * A process opens its session: registers itself if it has a role, says what it watches and how far it has read. `birth`
   * undefined: it has just booted.
   */
  | {
      readonly kind: "zkConnect";
      readonly boot: Boot;
      readonly role: Role | undefined;
      readonly id: NodeId;
      readonly topics: readonly Topic[];
      readonly birth: Birth | undefined;
      readonly seen: number;
      /** Requests up to this number are known to have been carried out. */
      readonly confirmed: number;
    }
  /** Keeps the session alive, and says how far it has read: what got lost is sent again. */
  | { readonly kind: "zkPing"; readonly boot: Boot; readonly seen: number; readonly version: number }
  /** The session has expired; the process must connect anew. */
  | { readonly kind: "zkExpired"; readonly boot: Boot }
  /**
   * Creates a node: a published view, a report or a command. Requests of a session are numbered from 1 and carried out in that
   * order. A node with a name exists once: creating it again does nothing.
   */
  | {
      readonly kind: "zkCreate";
      readonly boot: Boot;
      readonly request: number;
      readonly name: string | undefined;
      readonly event: ZooKeeperEvent;
    }
  /** Every request of the session up to this one has been carried out. */
  | { readonly kind: "zkCreated"; readonly boot: Boot; readonly request: number }
  /** ZooKeeper to a session: everything new on its topics between two places of its log, in order. */
  | {
      readonly kind: "zkEvents";
      readonly boot: Boot;
      readonly birth: Birth;
      readonly from: number;
      readonly upTo: number;
      readonly events: readonly ZooKeeperEvent[];
    }
  /** The session has fetched what it was told of and watches again. */
  | { readonly kind: "zkFetched"; readonly boot: Boot };

/** Client, gateway and engine: function calls. */
export type CallMessage =
  | {
      readonly kind: "request";
      readonly request: number;
      readonly logBook: LogBookId;
      readonly input: CallInput;
    }
  | {
      readonly kind: "dispatch";
      readonly call: CallId;
      readonly logBook: LogBookId;
      readonly input: CallInput;
    }
  | { readonly kind: "complete"; readonly call: CallId; readonly output: unknown }
  /** `output` has a field `error` when the call failed; `lost` when its engine is gone and nobody knows what it did. */
  | { readonly kind: "reply"; readonly request: number; readonly output: unknown };

export type BokiMessage = WorkerToEngine | EngineToWorker | LogMessage | ZooKeeperMessage | CallMessage;

/** Messages of a view a node has not installed yet, in order of arrival. */
export interface Held {
  readonly view: ViewId;
  readonly from: Address;
  readonly message: BokiMessage;
}

/** Fields every role's configuration starts with. */
export interface NodeConfig {
  readonly id: NodeId;
  readonly zooKeeper: Address;
  readonly sessionTimeoutNanos: Nanos;
  readonly repairIntervalNanos: Nanos;
  readonly mutation: number;
  readonly defects: Defects;
}
