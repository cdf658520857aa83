/** Reads under way, as the checks of reads and of liveness follow them. */

import type { Nanos } from "../../../sim/units.ts";
import type { NodeId } from "../identifiers.ts";
import type { Observation } from "../observations.ts";
import type { Session } from "./read-checks.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

export interface OpenRead {
  readonly started: Of<"readStarted">;
  /** What the call had seen when the read started. */
  readonly session: Session;
  /** For a blocking read without a match: the engine whose index it waits in, and since when. */
  blockedAt: NodeId | undefined;
  blockedNanos: Nanos;
}

export interface OpenReads {
  add(started: Of<"readStarted">, session: Readonly<Session>): void;
  get(engine: NodeId, op: number): OpenRead | undefined;
  /** Takes a read out; undefined if it is not under way. */
  take(engine: NodeId, op: number): OpenRead | undefined;
  all(): Iterable<OpenRead>;
}

export function createOpenReads(): OpenReads {
  /** By engine, then by the engine's number of the operation. */
  const byEngine: (Map<number, OpenRead> | undefined)[] = [];
  return {
    add(started, { own, read }) {
      const reads = (byEngine[started.engine] ??= new Map());
      reads.set(started.op, { started, session: { own, read }, blockedAt: undefined, blockedNanos: 0 });
    },
    get: (engine, op) => byEngine[engine]?.get(op),
    take(engine, op) {
      const reads = byEngine[engine];
      const read = reads?.get(op);
      reads?.delete(op);
      return read;
    },
    *all() {
      for (const reads of byEngine) if (reads !== undefined) yield* reads.values();
    },
  };
}
