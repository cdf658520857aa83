/**
 * What roles report of their inner life to whoever observes a run: the invariant checkers and the anatomy of an append.
 * Nothing in the protocol depends on it, and a run that nobody observes does not even build these objects.
 */

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
import type {
  AuxData,
  CallId,
  FinalLog,
  LogRecord,
  OperationOutcome,
  ReadDirection,
  Role,
  SealedLog,
  ViewEvent,
} from "./messages.ts";
import type { CutEntry, MetalogEntry } from "./metalog.ts";
import type { View } from "./view.ts";

export type ApplierRole = "backup" | "producer" | "storage" | "index";

/** By whom an operation was asked for. Those that a function asks for at once have one number as their request. */
interface AskedFor {
  readonly call: CallId;
  readonly request: number;
}

export type Observation =
  /** A function asks the worker library for an append, and gets its result. `data` names the append. */
  | {
      readonly kind: "appendBegun";
      readonly logBook: LogBookId;
      readonly data: number;
      readonly tags: readonly Tag[];
    }
  | (AskedFor & {
      readonly kind: "appendReturned";
      readonly data: number;
      readonly outcome: OperationOutcome;
      readonly seqnum: Seqnum;
    })
  /** A function gets the result of a read; `asked` is the seqnum of the query. */
  | (AskedFor & {
      readonly kind: "readReturned";
      readonly logBook: LogBookId;
      readonly op: "readNext" | "readPrev" | "checkTail" | "readNextBlock";
      readonly tag: Tag;
      readonly asked: Seqnum;
      readonly outcome: OperationOutcome;
      readonly seqnum: Seqnum;
      readonly record: LogRecord | undefined;
    })
  /** A function asks for a trim, and gets its result. */
  | {
      readonly kind: "trimBegun";
      readonly logBook: LogBookId;
      readonly tag: Tag;
      readonly seqnum: Seqnum;
    }
  | (AskedFor & {
      readonly kind: "trimReturned";
      readonly tag: Tag;
      readonly seqnum: Seqnum;
      readonly outcome: OperationOutcome;
    })
  /** A function calls another, and has its output. */
  | (AskedFor & { readonly kind: "invokeBegun"; readonly child: CallId })
  | (AskedFor & { readonly kind: "invokeReturned"; readonly child: CallId })
  /** An engine numbered an append and sent it to its storage nodes. */
  | {
      readonly kind: "appendIssued";
      readonly engine: NodeId;
      readonly logspace: LogspaceId;
      readonly record: LogRecord;
      readonly call: CallId;
    }
  /** A storage node holds this many records of the shard without a gap. */
  | {
      readonly kind: "stored";
      readonly storage: NodeId;
      readonly logspace: LogspaceId;
      readonly shard: number;
      readonly engine: NodeId;
      readonly count: number;
    }
  | {
      readonly kind: "progressSent";
      readonly storage: NodeId;
      readonly logspace: LogspaceId;
      readonly engines: readonly NodeId[];
      readonly counts: readonly number[];
    }
  | {
      readonly kind: "progressTaken";
      readonly logspace: LogspaceId;
      readonly shard: number;
      readonly engine: NodeId;
      readonly storage: NodeId;
      readonly before: number;
      readonly count: number;
    }
  | {
      readonly kind: "cutMade";
      readonly entry: CutEntry;
      readonly replicatedPosition: number;
      readonly view: View;
    }
  | { readonly kind: "propagated"; readonly entry: CutEntry }
  /** The primary takes in that a backup holds every entry before `position`. */
  | {
      readonly kind: "acknowledgementTaken";
      readonly logspace: LogspaceId;
      readonly backup: NodeId;
      readonly position: number;
    }
  /** A backup holds every entry before `position`. */
  | {
      readonly kind: "acknowledged";
      readonly sequencer: NodeId;
      readonly logspace: LogspaceId;
      readonly position: number;
    }
  | {
      readonly kind: "applied";
      readonly role: ApplierRole;
      readonly node: NodeId;
      readonly entry: MetalogEntry;
    }
  /** A node derived that a record has a seqnum. */
  | {
      readonly kind: "ordered";
      readonly role: ApplierRole;
      readonly node: NodeId;
      readonly localid: Localid;
      readonly seqnum: Seqnum;
    }
  | {
      readonly kind: "appendDone";
      readonly engine: NodeId;
      readonly call: CallId;
      readonly outcome: OperationOutcome;
      readonly logspace: LogspaceId;
      readonly record: LogRecord;
      readonly seqnum: Seqnum;
      readonly progress: MetalogProgress;
    }
  /** The index of a node is complete up to a metalog position. */
  | {
      readonly kind: "indexAdvanced";
      readonly engine: NodeId;
      readonly logspace: LogspaceId;
      readonly metalogPosition: number;
      readonly seqnumPosition: number;
    }
  /** A record left a storage node's memory. */
  | { readonly kind: "evicted"; readonly storage: NodeId; readonly seqnum: Seqnum }
  /** A storage node found a record damaged that engine `origin` reads. */
  | {
      readonly kind: "damageFound";
      readonly storage: NodeId;
      readonly seqnum: Seqnum;
      readonly origin: NodeId;
      readonly op: number;
    }
  /** A call's context as an operation starts, and what it became when a result raised it. */
  | {
      readonly kind: "readStarted";
      readonly engine: NodeId;
      readonly op: number;
      readonly call: CallId;
      readonly direction: ReadDirection;
      readonly logBook: LogBookId;
      readonly tag: Tag;
      readonly seqnum: Seqnum;
      readonly progress: MetalogProgress;
    }
  | {
      readonly kind: "readDone";
      readonly engine: NodeId;
      readonly op: number;
      readonly outcome: OperationOutcome;
      readonly seqnum: Seqnum;
      readonly record: LogRecord | undefined;
      readonly aux: AuxData | undefined;
      readonly progress: MetalogProgress;
    }
  | {
      readonly kind: "callStarted";
      readonly engine: NodeId;
      readonly call: CallId;
      readonly parent: CallId | undefined;
      readonly progress: MetalogProgress;
    }
  /** The call's output leaves the engine; its context is gone. */
  | { readonly kind: "callEnded"; readonly call: CallId }
  /** A node learned that a view begins, is frozen or has ended. */
  | {
      readonly kind: "viewEvent";
      readonly role: Role;
      readonly node: NodeId;
      readonly viewId: ViewId;
      readonly event: ViewEvent;
    }
  /** A frozen sequencer reported what it holds. */
  | {
      readonly kind: "reported";
      readonly sequencer: NodeId;
      readonly viewId: ViewId;
      readonly logs: readonly SealedLog[];
    }
  /** The controller decided how the logs of a view end. */
  | { readonly kind: "sealed"; readonly viewId: ViewId; readonly logs: readonly FinalLog[] }
  /** A component of a node is through with a log: it stands at `position`. */
  | {
      readonly kind: "ended";
      readonly role: ApplierRole | "primary";
      readonly node: NodeId;
      readonly log: FinalLog;
      readonly position: number;
    }
  /** A process gave up for good, with a reason. */
  | { readonly kind: "aborted"; readonly role: Role; readonly node: NodeId; readonly reason: string }
  | { readonly kind: "auxSet"; readonly seqnum: Seqnum; readonly aux: AuxData }
  /** A blocking read of `origin` found nothing in the index of `engine` and waits there. */
  | {
      readonly kind: "readBlocked";
      readonly engine: NodeId;
      readonly origin: NodeId;
      readonly op: number;
    };

/** Size of a record in memory and on the wire beyond its header: 8 bytes a tag, and the payload. */
export function recordBytes(record: LogRecord): Bytes {
  return 8 * record.tags.length + record.dataBytes;
}
