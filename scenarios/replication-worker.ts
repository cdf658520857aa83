/** Runs one replication on a thread of the pool and reports its progress through a port. */

import type { MessagePort } from "node:worker_threads";
import { type ReplicationResult, type ReplicationSpec, runTraced } from "./replication.ts";

/** Wall time between two messages to the main thread, in milliseconds; it draws no more often. */
const REPORT_EVERY_MILLIS = 50;

export default function run({ spec, port }: { spec: ReplicationSpec; port: MessagePort }): ReplicationResult {
  let reportedAt = 0;
  const result = runTraced(spec, (progress) => {
    // Progress is shown to people; nothing in the simulation sees this clock.
    const now = performance.now();
    if (now - reportedAt < REPORT_EVERY_MILLIS) return;
    reportedAt = now;
    port.postMessage(progress);
  });
  port.close();
  return result;
}
