/** I2, I3 and I15: calls between functions, by what workers say of them. */

import type { Nanos } from "../../../sim/units.ts";
import { type CallId, type ClientId, clientOf } from "../messages.ts";
import type { EngineObservation, WorkerObservation } from "../observations.ts";
import { QUIET_NANOS, STUCK_NANOS } from "./gateway-checks.ts";
import type { Violations } from "./violations.ts";

type Seen =
  | WorkerObservation
  | Extract<
      EngineObservation,
      { kind: "callArrived" | "callDropped" | "workerConnected" | "workerDisconnected" | "engineStarted" }
    >;

export interface CallChecks {
  observe(observation: Seen, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

/** On one node. */
interface Node {
  /** Calls that workers have made and have no result of, since when. */
  readonly open: Map<CallId, Nanos>;
  /** The newest that have one. */
  readonly returned: Set<CallId>;
  /** What each worker says it runs. */
  readonly running: Map<ClientId, CallId>;
}

const REMEMBERED_MAX = 4_096;

export function createCallChecks(violations: Violations, calmFromNanos: Nanos): CallChecks {
  const nodes = new Map<number, Node>();
  let lastNanos: Nanos = 0;

  function nodeOf(number: number): Node {
    let node = nodes.get(number);
    if (node === undefined) {
      node = { open: new Map(), returned: new Set(), running: new Map() };
      nodes.set(number, node);
    }
    return node;
  }

  function taken(seen: Extract<Seen, { kind: "resultTaken" }>, nowNanos: Nanos): void {
    const { node: number, client, call, of, request, outputRequest } = seen;
    const node = nodeOf(number);
    const name = `node ${number}: worker ${client}, which called ${call},`;
    if (of !== call) violations.report("I2", nowNanos, `${name} takes the result of call ${of} for its own`);
    if (outputRequest !== request) {
      violations.report(
        "I2",
        nowNanos,
        `${name} works for request ${request} and is given what was made for request ${outputRequest}`,
      );
    }
    if (clientOf(call) !== client) {
      violations.report("I2", nowNanos, `${name} did not make that call: worker ${clientOf(call)} did`);
    }
    if (!node.open.delete(call) && node.returned.has(call)) {
      violations.report("I2", nowNanos, `${name} has had its result already`);
    }
    node.returned.add(call);
    if (node.returned.size > REMEMBERED_MAX) {
      const [oldest] = node.returned;
      node.returned.delete(oldest!);
    }
  }

  return {
    observe(seen, nowNanos) {
      const node = nodeOf(seen.node);
      lastNanos = nowNanos;
      switch (seen.kind) {
        case "callArrived": {
          const { call, internal } = seen;
          if (internal !== (clientOf(call) !== 0)) {
            const where = internal ? "from a worker" : "from the gateway";
            violations.report("I15", nowNanos, `call ${call} of client ${clientOf(call)} comes ${where}`);
          }
          // With a pipe of its own, whoever made it may have given it up before it came.
          if (internal && !node.returned.has(call)) node.open.set(call, nowNanos);
          return;
        }
        case "callBegun": {
          const before = node.running.get(seen.client);
          if (before !== undefined) {
            violations.report(
              "I3",
              nowNanos,
              `node ${seen.node}: worker ${seen.client} begins call ${seen.call} while it runs call ${before}`,
            );
          }
          node.running.set(seen.client, seen.call);
          return;
        }
        case "callEnded":
          node.running.delete(seen.client);
          return;
        case "resultTaken":
          taken(seen, nowNanos);
          return;
        case "callDropped":
          // Who made it is gone, or is told by the result that says so.
          if (seen.reason === "callerGone") node.open.delete(seen.call);
          return;
        case "workerConnected":
          // What a worker of this number ran for an earlier life of the engine has ended with its process.
          node.running.delete(seen.client);
          return;
        case "workerDisconnected":
          node.running.delete(seen.client);
          for (const call of node.open.keys()) if (clientOf(call) === seen.client) node.open.delete(call);
          return;
        case "engineStarted":
          nodes.delete(seen.node);
      }
    },

    finish(nowNanos) {
      const quiet = nowNanos - Math.max(lastNanos, calmFromNanos) > QUIET_NANOS;
      for (const [number, { open }] of nodes) {
        for (const [call, madeNanos] of open) {
          const openNanos = nowNanos - Math.max(madeNanos, calmFromNanos);
          if (openNanos <= (quiet ? QUIET_NANOS : STUCK_NANOS)) continue;
          violations.report(
            "I2",
            nowNanos,
            `node ${number}: call ${call} of worker ${clientOf(call)}, made at ${(madeNanos / 1e9).toFixed(6)} s, has no result`,
          );
        }
      }
    },
  };
}
