/**
 * The invariants of the log, checked while a run goes on (docs/models/boki.md, "Invariants").
 *
 * An observer: it hears what roles report, in the order of the virtual clock, and compares it with a reference that is
 * worked out from the paper's rules (reference.ts). One file per family:
 *
 * - metalog-checks.ts: A1 to A5, M1: what primary and backups decide
 * - view-checks.ts: S1 to S3: how views end
 * - order-checks.ts: O1 to O3: the order that follows from it
 * - durability-checks.ts: D1 to D3: what storage nodes keep
 * - index-checks.ts: I1, I2: what indexes show
 * - read-checks.ts: R1 to R6, T1, X1: what engines answer to functions
 * - session-checks.ts: H1 to H3, and O3 and T1 once more: what functions are given, by their own words alone
 * - liveness-checks.ts: L1, L2: that they are given it
 *
 * Observing changes nothing: a run has the same digest with and without. Where the observations do not suffice, a check
 * reads the state of a process or a disk. All families are on, in runs with faults as well; liveness counts from when the
 * last fault has ended.
 *
 * Use: `const invariants = createInvariants({ inspected: () => deployment, ... })`, hand `invariants.observe` to the
 * deployment, run, `invariants.finish(nowNanos)`, look at `invariants.violations`.
 */

import type { Address, Observed } from "../../../sim/machine.ts";
import type { Nanos } from "../../../sim/units.ts";
import type { ViewEvent } from "../messages.ts";
import type { Observation } from "../observations.ts";
import type { CheckContext, Inspected } from "./context.ts";
import { createDurabilityChecks } from "./durability-checks.ts";
import { createIndexChecks } from "./index-checks.ts";
import { createLivenessChecks, type LivenessLimits, PROMPT_NANOS, STUCK_NANOS } from "./liveness-checks.ts";
import { createMetalogChecks } from "./metalog-checks.ts";
import { createOpenReads } from "./open-reads.ts";
import { createOrderChecks } from "./order-checks.ts";
import { createReadChecks } from "./read-checks.ts";
import { createReference, type EachOrdered } from "./reference.ts";
import { createSessionChecks } from "./session-checks.ts";
import { createViewChecks } from "./view-checks.ts";
import { createViolations, type InvariantName, type Violation } from "./violations.ts";

export interface InvariantOptions extends Partial<LivenessLimits> {
  readonly blockingReadLimitNanos: Nanos;
  /** The deployment that is checked; asked for only once it runs. */
  readonly inspected: () => Inspected;
}

export interface Invariants {
  observe(at: Address, observation: Observed, nowNanos: Nanos): void;
  /** To be called once, at the end of the run: what can be said only of a whole run. */
  finish(nowNanos: Nanos): void;
  /** The first violations of each invariant, in the order they were found. */
  readonly violations: readonly Violation[];
  /** How many violations there were in all, by invariant. */
  readonly counts: ReadonlyMap<InvariantName, number>;
}

export function createInvariants(options: InvariantOptions): Invariants {
  const violations = createViolations();
  const reference = createReference();
  const context: CheckContext = { reference, violations, inspected: options.inspected };
  const reads = createOpenReads();
  const metalog = createMetalogChecks(context);
  const views = createViewChecks(context);
  const order = createOrderChecks(context);
  const durability = createDurabilityChecks(context);
  const index = createIndexChecks(context);
  const sessions = createReadChecks(context);
  const functions = createSessionChecks(context);
  const liveness = createLivenessChecks(context, reads, {
    stuckNanos: STUCK_NANOS,
    promptNanos: PROMPT_NANOS,
    calmFromNanos: 0,
    ...options,
  });

  let placedNanos: Nanos = 0;
  const placed: EachOrdered = (log, shard, counter, position, issued, before) => {
    order.placed(placedNanos, log, shard, counter, position, issued, before);
    if (issued !== undefined) durability.placed(placedNanos, log, position, issued.record);
  };

  /** What the first node to hear of it says of a view holds for all. */
  function followView(event: ViewEvent, nowNanos: Nanos): void {
    if (event.phase === "new") reference.learnView(event.view);
    if (event.phase !== "finalize") return;
    for (const final of event.logs) {
      views.logEnded(final, nowNanos);
      metalog.ended(final);
      reference.end(final, durability.takenBack);
    }
  }

  function observe(at: Address, observed: Observed, nowNanos: Nanos): void {
    const observation = observed as unknown as Observation;
    index.settle(at, nowNanos);
    switch (observation.kind) {
      case "appendBegun":
        durability.appendBegun(observation);
        functions.observe(observation, nowNanos);
        return;
      case "viewEvent":
        if (!views.viewEvent(at, observation, nowNanos)) return;
        followView(observation.event, nowNanos);
        return;
      case "ended":
        views.ended(at, observation, nowNanos);
        return;
      case "aborted":
        liveness.aborted(observation, nowNanos);
        return;
      case "appendIssued":
        views.appendIssued(at, observation, nowNanos);
        order.appendIssued(observation, nowNanos);
        reference.issue(observation.logspace, observation.record);
        return;
      case "progressTaken":
        metalog.progressTaken(observation, nowNanos);
        return;
      case "acknowledgementTaken":
        metalog.acknowledgementTaken(observation, nowNanos);
        return;
      case "cutMade":
        // A primary that has not heard of the end yet: nobody will take its entry any more.
        if (reference.log(observation.entry.logspace).final !== undefined) return;
        metalog.cutMade(observation, nowNanos);
        placedNanos = nowNanos;
        reference.order(observation.entry, observation.view, placed);
        return;
      case "applied":
        metalog.applied(observation, nowNanos);
        views.applied(observation, nowNanos);
        return;
      case "ordered":
        order.ordered(observation, nowNanos);
        return;
      case "appendDone":
        order.appendDone(observation, nowNanos);
        durability.appendDone(observation, nowNanos);
        sessions.appendDone(observation);
        return;
      case "appendReturned":
        durability.appendReturned(observation);
        functions.observe(observation, nowNanos);
        return;
      case "readReturned":
      case "trimBegun":
      case "trimReturned":
      case "invokeBegun":
      case "invokeReturned":
        functions.observe(observation, nowNanos);
        return;
      case "indexAdvanced":
        index.indexAdvanced(at, observation);
        liveness.indexAdvanced(observation, nowNanos);
        return;
      case "evicted":
        durability.evicted(observation, nowNanos);
        return;
      case "callStarted":
        sessions.callStarted(observation, nowNanos);
        return;
      case "callEnded":
        sessions.callEnded(observation);
        functions.observe(observation, nowNanos);
        return;
      case "auxSet":
        sessions.auxSet(observation);
        return;
      case "readStarted":
        reads.add(observation, sessions.session(observation.call));
        sessions.readStarted(observation, nowNanos);
        return;
      case "readBlocked":
        liveness.readBlocked(observation, nowNanos);
        return;
      case "readDone": {
        const read = reads.take(observation.engine, observation.op);
        if (read === undefined) return;
        durability.readDone(observation, nowNanos);
        sessions.readDone(read, observation, nowNanos);
        liveness.readDone(read, observation, nowNanos);
        return;
      }
    }
  }

  return {
    observe,
    finish(nowNanos) {
      index.finish(nowNanos);
      durability.finish(nowNanos);
      liveness.finish(nowNanos);
    },
    violations: violations.list,
    counts: violations.counts,
  };
}
