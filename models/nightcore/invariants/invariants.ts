/**
 * The invariants of the runtime, checked while a run goes on (docs/models/nightcore.md, "Invariants").
 *
 * An observer: it hears what engines, workers and the gateway report, counts for itself, and compares. One file per family:
 *
 * - gateway-checks.ts: I1, I9: what becomes of calls from outside
 * - call-checks.ts: I2, I15: what becomes of calls between functions, by what workers say
 * - pool-checks.ts: I3 to I8, I10, I11, I13, I14: calls and workers of one function at one engine
 * - file-checks.ts: I12: payloads that do not fit a message
 *
 * Observing changes nothing: a run has the same digest with and without.
 */

import type { Address, Observed } from "../../../sim/machine.ts";
import type { Nanos } from "../../../sim/units.ts";
import type { NightcoreConfig } from "../config.ts";
import type { Observation } from "../observations.ts";
import { createCallChecks } from "./call-checks.ts";
import { createFileChecks } from "./file-checks.ts";
import { createGatewayChecks, type PendingOperation } from "./gateway-checks.ts";
import { createPoolChecks } from "./pool-checks.ts";
import { createViolations, type RuntimeInvariant, type Violation } from "./violations.ts";

export interface RuntimeInvariantOptions {
  readonly settings: NightcoreConfig;
  /** Names of the application's functions. */
  readonly functions: readonly string[];
  /** When the last fault ends; what is promised of liveness counts from there. Infinity: nothing is promised. */
  readonly calmFromNanos?: Nanos;
  /** Operations of clients that have not ended; default: nobody asks. */
  readonly pending?: () => readonly PendingOperation[];
}

export interface RuntimeInvariants {
  observe(at: Address, observation: Observed, nowNanos: Nanos): void;
  /** To be called once, at the end of the run: what can be said only of a whole run. */
  finish(nowNanos: Nanos): void;
  /** The first violations of each invariant, in the order they were found. */
  readonly violations: readonly Violation[];
  /** How many violations there were in all, by invariant. */
  readonly counts: ReadonlyMap<RuntimeInvariant, number>;
}

export function createRuntimeInvariants({
  settings,
  functions,
  calmFromNanos = 0,
  pending = () => [],
}: RuntimeInvariantOptions): RuntimeInvariants {
  const violations = createViolations();
  const gateway = createGatewayChecks(violations, calmFromNanos, pending);
  const calls = createCallChecks(violations, calmFromNanos);
  const pools = createPoolChecks(settings, (fn) => functions[fn]!, violations);
  const files = createFileChecks(violations, calmFromNanos);

  return {
    violations: violations.list,
    counts: violations.counts,

    observe(_at, observed, nowNanos) {
      const seen = observed as Observation;
      switch (seen.kind) {
        case "gatewayStarted":
        case "externalReceived":
        case "externalQueued":
        case "externalAccepted":
        case "externalDispatched":
        case "externalReplied":
        case "externalEnded":
        case "nodeListed":
        case "nodeUnlisted":
        case "gatewaySettled":
          gateway.observe(seen, nowNanos);
          return;
        case "fileCreated":
        case "fileRemoved":
        case "filesSwept":
          files.observe(seen, nowNanos);
          return;
        case "callBegun":
        case "callEnded":
        case "resultTaken":
          calls.observe(seen, nowNanos);
          return;
        case "engineStarted":
          files.observe(seen, nowNanos);
          calls.observe(seen, nowNanos);
          pools.observe(seen, nowNanos);
          return;
        case "callArrived":
        case "callDropped":
        case "workerConnected":
        case "workerDisconnected":
          calls.observe(seen, nowNanos);
          pools.observe(seen, nowNanos);
          return;
        default:
          pools.observe(seen, nowNanos);
      }
    },

    finish(nowNanos) {
      gateway.finish(nowNanos);
      calls.finish(nowNanos);
      files.finish(nowNanos);
    },
  };
}
