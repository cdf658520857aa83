/** Whose timer it is that has expired where the runtime and the log are in one process. */

import type { TimerName } from "../../sim/machine.ts";
import { LAUNCHES, RECONNECT } from "../nightcore/engine-state.ts";
import { CALL_TIMEOUT } from "../nightcore/gateway.ts";

type RuntimeTimer = typeof RECONNECT | typeof LAUNCHES | typeof CALL_TIMEOUT;

/** The log's timers have other names (test/models/stack/costs.test.ts). */
export function isRuntimeTimer(timer: TimerName): timer is RuntimeTimer {
  return timer === RECONNECT || timer === LAUNCHES || timer === CALL_TIMEOUT;
}
