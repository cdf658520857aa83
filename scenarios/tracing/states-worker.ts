/** Looks into a run on a thread of the pool and reports its progress through a port. */

import type { MessagePort } from "node:worker_threads";
import { BOKISIM_VERSION } from "../version.ts";
import { ExplanationError } from "./explanation.ts";
import { type States, type StatesSpec, statesOf } from "./states.ts";

/** Wall time between two messages to the main thread, in milliseconds. */
const REPORT_EVERY_MILLIS = 50;

/** A string says why there is nothing to see: errors lose their class on the way between threads. */
export default function run({ spec, port }: { spec: StatesSpec; port: MessagePort }): States | string {
  let reportedAt = 0;
  try {
    return statesOf(spec, BOKISIM_VERSION, (progress) => {
      const now = performance.now();
      if (now - reportedAt < REPORT_EVERY_MILLIS) return;
      reportedAt = now;
      port.postMessage(progress);
    });
  } catch (error) {
    if (error instanceof ExplanationError) return error.message;
    throw error;
  } finally {
    port.close();
  }
}
