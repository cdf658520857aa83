/** I12: files of payloads that do not fit a message. */

import type { Nanos } from "../../../sim/units.ts";
import { INLINE_BYTES_MAX } from "../messages.ts";
import type { EngineObservation, FileObservation } from "../observations.ts";
import { QUIET_NANOS } from "./gateway-checks.ts";
import type { Violations } from "./violations.ts";

type Seen = FileObservation | Extract<EngineObservation, { kind: "engineStarted" }>;

export interface FileChecks {
  observe(observation: Seen, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

export function createFileChecks(violations: Violations, calmFromNanos: Nanos): FileChecks {
  const files = new Map<string, { readonly node: number; readonly madeNanos: Nanos }>();
  let lastNanos: Nanos = 0;
  const nameOf = ({ node, call, direction }: FileObservation) =>
    `node ${node}: the ${direction} file of call ${call}`;

  return {
    observe(seen, nowNanos) {
      if (seen.kind === "engineStarted") {
        // Its folder is made anew with it.
        for (const [name, { node }] of files) if (node === seen.node) files.delete(name);
        return;
      }
      const name = nameOf(seen);
      lastNanos = nowNanos;
      if (seen.kind === "fileRemoved") {
        if (!files.delete(name)) violations.report("I12", nowNanos, `${name} is removed, but is not there`);
        return;
      }
      if (seen.sizeBytes <= INLINE_BYTES_MAX) {
        violations.report("I12", nowNanos, `${name} has ${seen.sizeBytes} B, which fit a message`);
      }
      if (files.has(name)) violations.report("I12", nowNanos, `${name} is made, but is there already`);
      files.set(name, { node: seen.node, madeNanos: nowNanos });
    },

    finish(nowNanos) {
      // Calls that are under way have files; only once all is quiet is none of them needed.
      if (nowNanos - Math.max(lastNanos, calmFromNanos) <= QUIET_NANOS) return;
      for (const [name, { madeNanos }] of files) {
        violations.report(
          "I12",
          nowNanos,
          `${name}, made at ${(madeNanos / 1e9).toFixed(6)} s, is still there`,
        );
      }
    },
  };
}
