/** Explains on a thread of the pool and reports its progress through a port. */

import type { MessagePort } from "node:worker_threads";
import { type ExplainSpec, explain } from "./explain.ts";
import { type Explanation, ExplanationError } from "./explanation.ts";

/** Wall time between two messages to the main thread, in milliseconds. */
const REPORT_EVERY_MILLIS = 50;

/** A string says why it cannot be explained: errors lose their class on the way between threads. */
export default function run({ spec, port }: { spec: ExplainSpec; port: MessagePort }): Explanation | string {
  let reportedAt = 0;
  try {
    return explain(spec, (progress) => {
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
