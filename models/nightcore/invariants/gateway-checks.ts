/** I1 and I9: what the gateway makes of calls from outside, and whether their clients hear of it. */

import type { Nanos } from "../../../sim/units.ts";
import { SECOND } from "../../../sim/units.ts";
import { type CallId, clientOf } from "../messages.ts";
import type { GatewayObservation } from "../observations.ts";
import type { Violations } from "./violations.ts";

/** A call that is open for longer than this while others are answered, and with nothing wrong, is taken to be lost. */
export const STUCK_NANOS: Nanos = 10 * SECOND;
/** Once no calls come any more, what is open is taken to be lost after this. */
export const QUIET_NANOS: Nanos = 2 * SECOND;

export interface GatewayChecks {
  observe(observation: GatewayObservation, nowNanos: Nanos): void;
  /** The end of the run: calls that should have been answered by then. */
  finish(nowNanos: Nanos): void;
}

/** What a client has asked for and has not had. */
export interface PendingOperation {
  readonly name: string;
  readonly startNanos: Nanos;
}

/** `calmFromNanos`: from when on nothing is wrong with the system any more. */
export function createGatewayChecks(
  violations: Violations,
  calmFromNanos: Nanos,
  pending: () => readonly PendingOperation[],
): GatewayChecks {
  const open = new Map<CallId, Nanos>();
  const ended = new Set<CallId>();
  let lastReceivedNanos: Nanos = 0;
  /** Whether the step under way has given a call to a node: the limit falls with a node that is lost, what runs does not. */
  let dispatched = false;

  return {
    observe(seen, nowNanos) {
      switch (seen.kind) {
        case "externalReceived":
          lastReceivedNanos = nowNanos;
          if (clientOf(seen.call) !== 0) {
            violations.report("I15", nowNanos, `call ${seen.call} of a worker has come to the gateway`);
          }
          if (open.has(seen.call)) {
            violations.report("I1", nowNanos, `two calls from outside have the number ${seen.call}`);
          }
          open.set(seen.call, nowNanos);
          return;
        case "externalEnded":
          if (!open.delete(seen.call)) {
            const how = ended.has(seen.call) ? "has been answered already" : "never came";
            violations.report(
              "I1",
              nowNanos,
              `call ${seen.call} is answered with ${seen.status}, but it ${how}`,
            );
          }
          remember(ended, seen.call);
          return;
        case "externalDispatched":
          dispatched = true;
          return;
        case "gatewaySettled": {
          const { running, limit, inFlight } = seen;
          const wasDispatched = dispatched;
          dispatched = false;
          if (wasDispatched && running > limit) {
            violations.report("I9", nowNanos, `${running} calls from outside run, ${limit} may`);
          }
          const atNodes = inFlight.reduce((sum, each) => sum + each, 0);
          if (atNodes !== running) {
            violations.report(
              "I9",
              nowNanos,
              `${running} calls from outside run, but the counts of the nodes [${inFlight.join(", ")}] make ${atNodes}`,
            );
          }
          return;
        }
        case "gatewayStarted":
          // Whoever called the one before has lost its connection, and knows.
          open.clear();
          return;
        default:
      }
    },

    finish(nowNanos) {
      const quiet = nowNanos - Math.max(lastReceivedNanos, calmFromNanos) > QUIET_NANOS;
      const isLost = (openNanos: Nanos): boolean => openNanos > (quiet ? QUIET_NANOS : STUCK_NANOS);
      for (const { name, startNanos } of pending()) {
        const openNanos = nowNanos - Math.max(startNanos, calmFromNanos);
        if (!isLost(openNanos)) continue;
        violations.report(
          "I1",
          nowNanos,
          `a client's ${name}, made at ${(startNanos / 1e9).toFixed(6)} s, has no end after ${(openNanos / 1e9).toFixed(1)} s in which nothing was wrong`,
        );
      }
      for (const [call, receivedNanos] of open) {
        const openNanos = nowNanos - Math.max(receivedNanos, calmFromNanos);
        if (!isLost(openNanos)) continue;
        violations.report(
          "I1",
          nowNanos,
          `call ${call}, received at ${(receivedNanos / 1e9).toFixed(6)} s, has no answer after ${(openNanos / 1e9).toFixed(1)} s in which nothing was wrong`,
        );
      }
    },
  };
}

const REMEMBERED_MAX = 4_096;

/** Only the newest: a call that is answered twice is so soon, and a long run must not keep them all. */
function remember(ended: Set<CallId>, call: CallId): void {
  ended.add(call);
  if (ended.size <= REMEMBERED_MAX) return;
  const [oldest] = ended;
  ended.delete(oldest!);
}
