/**
 * Every message of the simulated stack, by the connection it travels on (docs/models/boki.md, "Messages"). Payloads are sizes and an
 * identity, never bytes. What is immutable once made (records, entries, views) travels by reference.
 */

import type { Address } from "../../sim/machine.ts";
import type { Bytes } from "../../sim/units.ts";
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
import type { MetalogEntry } from "./metalog.ts";
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
  | {
      readonly kind: "invoke";
      readonly call: CallId;
      readonly client: number;
      readonly child: CallId;
      readonly input: CallInput;
    }
  | { readonly kind: "callDone"; readonly call: CallId; readonly output: unknown };

export type OperationOutcome = "ok" | "empty" | "discarded" | "dataLost" | "badArguments";

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
  | { readonly kind: "invokeResult"; readonly client: number; readonly output: unknown };

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
  readonly progress: MetalogProgress;
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
  | { readonly kind: "metalogProgress"; readonly logspace: LogspaceId; readonly position: number }
  /** Primary to engines and storage nodes: this entry is committed. */
  | { readonly kind: "metalogs"; readonly entry: MetalogEntry }
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
      readonly outcome: "ok" | "empty" | "dataLost";
      readonly seqnum: Seqnum;
      readonly record: LogRecord | undefined;
      readonly aux: AuxData | undefined;
      readonly progress: MetalogProgress;
    }
  /** Engine to the storage nodes of a record. */
  | { readonly kind: "storeAux"; readonly seqnum: Seqnum; readonly aux: AuxData };

export type Role = "gateway" | "engine" | "sequencer" | "storage";

/** Who is where: the contents of ZooKeeper's node directory, addresses by node id. */
export interface Directory {
  readonly version: number;
  readonly gateway: readonly (Address | undefined)[];
  readonly engine: readonly (Address | undefined)[];
  readonly sequencer: readonly (Address | undefined)[];
  readonly storage: readonly (Address | undefined)[];
}

export type Topic = "node" | "view" | "command";

/** What ZooKeeper's ordered log holds. */
export type ZooKeeperEvent =
  | { readonly topic: "node"; readonly directory: Directory }
  | { readonly topic: "view"; readonly phase: "new"; readonly view: View }
  | { readonly topic: "command"; readonly command: "start" };

export type ZooKeeperMessage =
  /** A process opens its session: registers itself if it has a role, and says what it watches. */
  | {
      readonly kind: "zkConnect";
      readonly role: Role | undefined;
      readonly id: NodeId;
      readonly topics: readonly Topic[];
    }
  /** Creates a node: a published view or an operator's command. */
  | { readonly kind: "zkCreate"; readonly event: ZooKeeperEvent }
  /** ZooKeeper to a session: everything new on its topics, in order. */
  | { readonly kind: "zkEvents"; readonly events: readonly ZooKeeperEvent[] }
  /** The session has fetched what it was told of and watches again. */
  | { readonly kind: "zkFetched" };

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
  readonly mutation: number;
}
