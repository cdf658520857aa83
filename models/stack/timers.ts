/** Whose timer it is that has expired at an engine with a log in it. */

import type { TimerName } from "../../sim/machine.ts";
import { LAUNCHES, RECONNECT } from "../nightcore/engine-state.ts";

/** The log's timers have other names (test/models/stack/engine.test.ts). */
export function isRuntimeTimer(timer: TimerName): timer is typeof RECONNECT | typeof LAUNCHES {
  return timer === RECONNECT || timer === LAUNCHES;
}
