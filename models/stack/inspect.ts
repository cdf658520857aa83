/**
 * What checkers, faults and reports look at in a deployment of the stack: to those of the log it shows states of engines and workers as far as
 * they are the log's, and to those of the runtime the rest. Looking changes nothing.
 */

import type { Address, Observed, OperationId } from "../../sim/machine.ts";
import type { Inspected } from "../boki/invariants/context.ts";
import type { WorkerState as LogWorkerState } from "../boki/worker.ts";
import type { Observation as RuntimeObservation } from "../nightcore/observations.ts";
import type { NodesSeen } from "../nightcore/parts.ts";
import type { WorkerState as RuntimeWorkerState } from "../nightcore/worker-state.ts";
import type { StackDeployment } from "./cluster.ts";
import type { StackEngineState } from "./engine.ts";

/** For the log's checks. */
export function logPart({ simulation, engines, storages }: StackDeployment): Inspected {
  const { processes, recorder } = simulation;
  const stateOf = (address: Address): unknown => {
    const state = simulation.stateOf(address);
    switch (processes[address]!.role) {
      case "engine":
        return (state as StackEngineState | undefined)?.log;
      case "worker": {
        const worker = state as RuntimeWorkerState | undefined;
        return (
          worker && ({ open: worker.operations } satisfies { open: { values(): Iterable<OpenOperation> } })
        );
      }
      default:
        return state;
    }
  };
  return { simulation: { processes, recorder, stateOf }, engines, storages };
}

/** Whether a function process has begun an operation of the log in an earlier life: processes end with their engines. */
export function hasForgotten(
  { simulation }: StackDeployment,
  process: Address,
  operation: OperationId,
): boolean {
  if (simulation.processes[process]!.role !== "worker") return false;
  const state = simulation.stateOf(process) as RuntimeWorkerState | undefined;
  for (const { measured } of state?.operations.values() ?? []) if (measured === operation) return false;
  return true;
}

/** What the log's checks look at in an operation that is open. */
type OpenOperation = Pick<LogWorkerState["open"] extends Map<unknown, infer Each> ? Each : never, "measured">;

/** For faults and reports of the runtime. */
export function runtimePart({ simulation, gateway, nodes }: StackDeployment): NodesSeen {
  const stateOf = (address: Address): unknown => {
    const state = simulation.stateOf(address);
    const isEngine = simulation.processes[address]!.role === "engine";
    return isEngine ? (state as StackEngineState | undefined)?.runtime : state;
  };
  return { simulation: { stateOf }, gateway, nodes };
}

/** Kinds that both observe, of which an engine means the log's. */
const BY_ROLE: ReadonlySet<string> = new Set(["callEnded"]);

/** Kinds of the runtime's observations. */
const OF_RUNTIME: { readonly [Kind in RuntimeObservation["kind"]]: true } = {
  callArrived: true,
  callBegun: true,
  callDispatched: true,
  callDropped: true,
  callEnded: true,
  callFinished: true,
  callQueued: true,
  completionIgnored: true,
  dispatcherSettled: true,
  engineCrashed: true,
  engineStarted: true,
  externalAccepted: true,
  externalDispatched: true,
  externalEnded: true,
  externalQueued: true,
  externalReceived: true,
  externalReplied: true,
  fileCreated: true,
  fileRemoved: true,
  filesSwept: true,
  gatewaySettled: true,
  gatewayStarted: true,
  limitComputed: true,
  methodUnknown: true,
  nodeListed: true,
  nodeUnlisted: true,
  replyDropped: true,
  replySent: true,
  resultForwarded: true,
  resultTaken: true,
  workerConnected: true,
  workerDisconnected: true,
  workerRequested: true,
};

/** Whether what has been observed is the log's. */
export function isOfLog({ simulation }: StackDeployment, at: Address, observed: Observed): boolean {
  const { kind } = observed as { readonly kind: string };
  if (BY_ROLE.has(kind)) return simulation.processes[at]!.role === "engine";
  return !Object.hasOwn(OF_RUNTIME, kind);
}
