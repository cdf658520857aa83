/**
 * The ends of views: S1 to S3.
 *
 * A view has one end, and everybody comes to it: no engine, storage node or index has applied or will apply anything behind
 * the final position (S1), and each stands exactly there when it is through (S2; a sequencer may hold one entry more that
 * the seal dropped). Nodes hear of beginnings, freezes and ends in the order in which they were published, and none takes an
 * append or orders a record in a view that is over for it (S3).
 *
 * A process that boots anew reads everything from the start, so each of its lives is followed for itself.
 */

import type { Address } from "../../../sim/machine.ts";
import type { Nanos } from "../../../sim/units.ts";
import { type LogspaceId, positionOf, type ViewId, viewOf } from "../identifiers.ts";
import type { FinalLog } from "../messages.ts";
import type { Observation } from "../observations.ts";
import type { CheckContext } from "./context.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;
type Phase = Of<"viewEvent">["event"]["phase"];

/** What a life of a process has heard last. */
interface Followed {
  readonly boots: number;
  viewId: ViewId;
  phase: Phase;
}

/** The furthest entry that had an effect in a log: where, and who applied it. */
interface Furthest {
  position: number;
  who: string;
}

export interface ViewChecks {
  /** Returns whether it is the first anybody hears of the event. */
  viewEvent(at: Address, observation: Of<"viewEvent">, nowNanos: Nanos): boolean;
  /** The end of a log is published. */
  logEnded(final: FinalLog, nowNanos: Nanos): void;
  applied(observation: Of<"applied">, nowNanos: Nanos): void;
  ended(at: Address, observation: Of<"ended">, nowNanos: Nanos): void;
  appendIssued(at: Address, observation: Of<"appendIssued">, nowNanos: Nanos): void;
}

const ORDER: Readonly<Record<Phase, number>> = { new: 0, freeze: 1, finalize: 2 };

export function createViewChecks({ reference, violations, inspected }: CheckContext): ViewChecks {
  const followed = new Map<Address, Followed>();
  const heard = new Set<string>();
  const furthest = new Map<LogspaceId, Furthest>();

  function isNext(before: Followed | undefined, viewId: ViewId, phase: Phase): boolean {
    if (before === undefined) return viewId === 0 && phase === "new";
    if (phase === "new") return viewId === before.viewId + 1 && before.phase === "finalize";
    return viewId === before.viewId && ORDER[phase] === ORDER[before.phase] + 1;
  }

  return {
    viewEvent(at, { role, node, viewId, event }, nowNanos) {
      const { boots } = inspected().simulation.processes[at]!;
      const known = followed.get(at);
      const before = known?.boots === boots ? known : undefined;
      if (!isNext(before, viewId, event.phase)) {
        const last = before === undefined ? "nothing" : `${before.phase} of view ${before.viewId}`;
        violations.report(
          "S3",
          nowNanos,
          `${role} ${node} hears of ${event.phase} of view ${viewId}; the last it heard of is ${last}`,
        );
      }
      followed.set(at, { boots, viewId, phase: event.phase });
      const name = `${event.phase} ${viewId}`;
      if (heard.has(name)) return false;
      heard.add(name);
      return true;
    },

    logEnded({ logspace, final }, nowNanos) {
      const reached = furthest.get(logspace);
      if (reached === undefined || reached.position < final) return;
      violations.report(
        "S1",
        nowNanos,
        `log ${logspace} ends before position ${final}, but ${reached.who} has applied entry ${reached.position}`,
      );
    },

    applied({ role, node, entry }, nowNanos) {
      if (role === "backup") return;
      const { logspace, position } = entry;
      const { final } = reference.log(logspace);
      const who = `the ${role} of node ${node}`;
      if (final !== undefined && position >= final) {
        violations.report(
          "S1",
          nowNanos,
          `${who} applies entry ${position} of log ${logspace}, which has ended before position ${final}`,
        );
      }
      const reached = furthest.get(logspace);
      if (reached === undefined) furthest.set(logspace, { position, who });
      else if (position > reached.position) {
        reached.position = position;
        reached.who = who;
      }
    },

    ended(_at, { role, node, log, position }, nowNanos) {
      const { final, logspace } = log;
      const maySurpass = role === "primary" || role === "backup";
      if (position === final || (maySurpass && position === final + 1)) return;
      violations.report(
        "S2",
        nowNanos,
        `the ${role} of node ${node} ends log ${logspace} at position ${position}; the final position is ${final}`,
      );
    },

    appendIssued(at, { engine, logspace, record }, nowNanos) {
      const last = followed.get(at);
      const viewId = viewOf(logspace);
      if (last === undefined || (last.viewId === viewId && last.phase !== "finalize")) return;
      violations.report(
        "S3",
        nowNanos,
        `engine ${engine} takes record ${positionOf(record.localid)} into view ${viewId}, after ${last.phase} of view ${last.viewId}`,
      );
    },
  };
}
