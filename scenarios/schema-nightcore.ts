/** The part of the format of scenarios of applications that describes Nightcore: every flag, and every departure from the design. */

import { z } from "zod";
import {
  BALANCINGS,
  DROPS,
  GATEWAY_LOSSES,
  GROWTH_THROTTLES,
  LIMIT_ROUNDINGS,
  LIMIT_TIMES,
  MEMBERSHIPS,
  NIGHTCORE_DEFAULTS,
  RELEASED,
  WORKER_LOSSES,
} from "../models/nightcore/config.ts";
import { count, decimal, type FieldDoc, onOff, quantity, scalar, share, word, wrong } from "./fields.ts";
import { formatQuantity, TIME } from "./quantity.ts";

const flag = (name: string): string => `flag \`${name}\` of the release`;

/** What a field is if it is left out: in the release something else, where the design departs from it. */
function otherwise(name: keyof typeof NIGHTCORE_DEFAULTS, shown: (value: unknown) => string): string {
  const designed = shown(NIGHTCORE_DEFAULTS[name]);
  return Object.hasOwn(RELEASED, name) ? `${designed}; published: ${shown(RELEASED[name])}` : designed;
}
const plain = (value: unknown): string => String(value);
const onOffText = (value: unknown): string => (value === true ? "on" : "off");
const timeText = (value: unknown): string => formatQuantity(TIME, value as number);

type Flag = keyof typeof NIGHTCORE_DEFAULTS;
const doc = (
  name: Flag,
  description: string,
  shown: (value: unknown) => string,
  source?: string,
): FieldDoc => ({
  description,
  otherwise: otherwise(name, shown),
  ...(source === undefined ? {} : { source: flag(source) }),
});
const whole = (name: Flag, description: string, least: number, source?: string) =>
  count(doc(name, description, plain, source), least, 1_000_000).optional();
const toggle = (name: Flag, description: string, source?: string) =>
  onOff(doc(name, description, onOffText, source)).optional();
const factor = (name: Flag, description: string, source?: string) =>
  decimal(doc(name, description, plain, source)).optional();
const time = (name: Flag, description: string, source?: string) =>
  quantity(TIME, doc(name, description, timeText, source)).optional();

export const nightcoreFields = z
  .strictObject({
    engineThreads: whole("engineThreads", "I/O threads of an engine.", 1, "num_io_workers"),
    gatewayThreads: whole("gatewayThreads", "I/O threads of the gateway.", 1, "num_io_workers"),
    connectionsPerThread: whole(
      "connectionsPerThread",
      "Connections to the gateway for each I/O thread of an engine.",
      1,
      "gateway_conn_per_worker",
    ),
    maxRunningPerNode: whole(
      "maxRunningPerNode",
      "Calls from outside that may run at a time, for each node; 0: any number.",
      0,
      "max_running_requests",
    ),
    balancing: word(doc("balancing", "Which node gets a call from outside.", plain), BALANCINGS).optional(),
    rateExponent: scalar(
      {
        ...doc(
          "rateExponent",
          "Exponent of the power mean of instant arrival rates; 0: their geometric mean.",
          plain,
          "instant_rps_p_norm",
        ),
        kind: "number",
        type: "number",
      },
      0.7,
      (found) =>
        typeof found === "number" && Number.isFinite(found)
          ? { ok: true, value: found }
          : wrong("is not a number"),
    ).optional(),
    averageWeight: share(
      doc("averageWeight", "Weight of a new sample in the averages.", plain, "instant_rps_ema_alpha"),
    ).optional(),
    rateTimeConstant: time(
      "rateTimeConstantNanos",
      "Time constant of the rate's average; 0: `averageWeight` instead.",
      "instant_rps_ema_tau_ms",
    ),
    averageSamplesMin: whole("averageSamplesMin", "Samples before an average is used.", 1),
    limitCoefficient: factor(
      "limitCoefficient",
      "Factor of the concurrency limit.",
      "concurrency_limit_coef",
    ),
    expectedCoefficient: factor(
      "expectedCoefficient",
      "Factor of the expected concurrency.",
      "expected_concurrency_coef",
    ),
    concurrencyLimiter: toggle(
      "concurrencyLimiter",
      "Limit how many calls of a function run at a time.",
      "disable_concurrency_limiter",
    ),
    growthInterval: time(
      "growthIntervalNanos",
      "Least time between two demands for a worker.",
      "min_worker_request_interval_ms",
    ),
    growthThrottle: word(
      doc(
        "growthThrottle",
        "How that interval is kept: as intended, as shipped (the wrong way round), or not.",
        plain,
      ),
      GROWTH_THROTTLES,
    ).optional(),
    alwaysGrow: toggle(
      "alwaysGrow",
      "Ask for workers as long as there may be more.",
      "always_request_worker_if_possible",
    ),
    queueingLimit: factor(
      "queueingLimit",
      "Calls from inside that have waited longer than this multiple of the handler's time are dropped; 0: never.",
      "max_relative_queueing_delay",
    ),
    directWrite: toggle(
      "directWrite",
      "Any engine thread writes a worker's channel itself.",
      "func_worker_pipe_direct_write",
    ),
    socketChannels: toggle(
      "socketChannels",
      "Workers are connected by sockets instead of pipes.",
      "func_worker_use_engine_socket",
    ),
    nestedPipes: toggle(
      "nestedPipes",
      "Results of nested calls come over a pipe of their own.",
      "use_fifo_for_nested_call",
    ),
    internalFastPath: toggle(
      "internalFastPath",
      "Calls of functions stay on their node; off: they enter by the gateway.",
    ),
    goSlotsPerThread: whole(
      "goSlotsPerThread",
      "Workers of a Go function that share one thread.",
      1,
      "FAAS_GO_MAX_PROC_FACTOR",
    ),
    engineFirst: toggle("engineFirst", "The engine goes first where it and functions wait for a core."),
    limitTime: word(
      doc("limitTime", "The time that the limit takes: without or with the queueing of nested calls.", plain),
      LIMIT_TIMES,
    ).optional(),
    limitRounding: word(
      doc("limitRounding", "How Little's law is rounded, for limit and growth.", plain),
      LIMIT_ROUNDINGS,
    ).optional(),
    limitOnDrain: toggle(
      "limitOnDrain",
      "The limit holds for calls from the queue, too, and is looked at when it rises.",
    ),
    fifo: toggle("fifo", "A call waits behind those that wait already."),
    limitAtLeastOne: toggle("limitAtLeastOne", "One call may always run."),
    shrinking: toggle("shrinking", "Workers beyond twice the target are stopped."),
    failureHandling: toggle("failureHandling", "Failures are noticed and answered."),
    waitForNode: toggle("waitForNode", "Calls wait for a node while there is none; off: they get 500."),
    admitOneMore: toggle("admitOneMore", "One call more than `maxRunningPerNode` allows may run."),
    gatewayFifo: toggle(
      "gatewayFifo",
      "A call that comes to the gateway waits behind those that wait already.",
    ),
    drainAll: toggle("drainAll", "A reply admits as many calls at the gateway as may run; off: one at most."),
    nodesLeave: toggle("nodesLeave", "A node that is gone leaves the gateway's list."),
    membership: word(
      doc(
        "membership",
        "By what the gateway knows its nodes: their connections, or ZooKeeper as well, which is what `nightcore-boki` does unless this says otherwise.",
        plain,
      ),
      MEMBERSHIPS,
    ).optional(),
    gatewayLost: word(
      doc("gatewayLost", "An engine whose gateway is gone looks for it, goes on alone, or stops.", plain),
      GATEWAY_LOSSES,
    ).optional(),
    workerLost: word(
      doc(
        "workerLost",
        "A call whose worker has died fails, or nobody hears of it again, or the engine stops.",
        plain,
      ),
      WORKER_LOSSES,
    ).optional(),
    droppedCalls: word(
      doc(
        "droppedCalls",
        "A call that `queueingLimit` drops fails, or nobody hears of it again, or the engine stops.",
        plain,
      ),
      DROPS,
    ).optional(),
    callerChecked: toggle(
      "callerChecked",
      "The engine asks whether a result's worker is still there; off: it stops where it is not.",
    ),
    callTimeout: time("callTimeoutNanos", "The gateway answers 504 after this long; 0: never."),
    restart: time("restartNanos", "From the end of a process until its container has started it again."),
  })
  .meta({
    description:
      "The runtime: flags of the release with its defaults, and where the release departs from the design a field each; `profile: published` is the release.",
  });
