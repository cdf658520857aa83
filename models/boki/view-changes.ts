/**
 * When each view ended and the next one took over: an observer for the anatomy of an outage (docs/models/reconfiguration.md,
 * "Phases of a view").
 *
 * A change has four moments: the first node learns of the freeze, the controller has what it needs to end the logs, the
 * first node learns of the next view, and the first append of that view completes.
 */

import type { Address, Observed } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { type ViewId, viewOf } from "./identifiers.ts";
import type { Observation } from "./observations.ts";

/** The end of a view; a moment that never came is undefined. */
export interface ViewChange {
  /** The view that ended. */
  readonly viewId: ViewId;
  readonly frozenNanos: Nanos;
  sealedNanos: Nanos | undefined;
  nextViewNanos: Nanos | undefined;
  firstAppendNanos: Nanos | undefined;
}

export interface ViewChanges {
  observe(at: Address, observation: Observed, nowNanos: Nanos): void;
  /** In the order of views. */
  readonly changes: readonly ViewChange[];
}

export function createViewChanges(): ViewChanges {
  const changes: ViewChange[] = [];
  return {
    changes,
    observe(_at, observed, nowNanos) {
      const observation = observed as Observation;
      switch (observation.kind) {
        case "viewEvent": {
          const { viewId, event } = observation;
          const { phase } = event;
          if (phase === "freeze" && !changes.some((each) => each.viewId === viewId)) {
            changes.push({
              viewId,
              frozenNanos: nowNanos,
              sealedNanos: undefined,
              nextViewNanos: undefined,
              firstAppendNanos: undefined,
            });
          } else if (phase === "new") {
            const change = changes.find((each) => each.viewId === viewId - 1);
            if (change !== undefined) change.nextViewNanos ??= nowNanos;
          }
          return;
        }
        case "sealed": {
          const change = changes.find((each) => each.viewId === observation.viewId);
          if (change !== undefined) change.sealedNanos ??= nowNanos;
          return;
        }
        case "appendDone": {
          // Nearly every append is of a view whose beginning is known: the last change decides at once.
          const last = changes.at(-1);
          if (last === undefined || last.firstAppendNanos !== undefined || observation.outcome !== "ok")
            return;
          const viewId = viewOf(observation.logspace);
          // A view may end without an append of its own; its change goes on to the first one after it.
          for (const change of changes) if (change.viewId < viewId) change.firstAppendNanos ??= nowNanos;
          return;
        }
      }
    },
  };
}
