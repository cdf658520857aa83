/** I12: files of payloads that do not fit a message. */

import type { Nanos } from "../../../sim/units.ts";
import { type ClientId, clientOf, INLINE_BYTES_MAX } from "../messages.ts";
import type { EngineObservation, FileObservation } from "../observations.ts";
import { QUIET_NANOS } from "./gateway-checks.ts";
import type { Violations } from "./violations.ts";

type Seen = FileObservation | Extract<EngineObservation, { kind: "engineStarted" }>;

type File = Extract<FileObservation, { kind: "fileCreated" }> & { readonly madeNanos: Nanos };

export interface FileChecks {
  observe(observation: Seen, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

export function createFileChecks(violations: Violations, calmFromNanos: Nanos): FileChecks {
  const files = new Map<string, File>();
  /** By node: workers that have died. What is removed of theirs may be gone. */
  const dead = new Map<number, Set<ClientId>>();
  let lastNanos: Nanos = 0;
  const nameOf = ({ node, call, direction }: Pick<File, "node" | "call" | "direction">) =>
    `node ${node}: the ${direction} file of call ${call}`;

  return {
    observe(seen, nowNanos) {
      if (seen.kind === "engineStarted") {
        // Its folder is made anew with it.
        for (const [name, { node }] of files) if (node === seen.node) files.delete(name);
        dead.delete(seen.node);
        return;
      }
      if (seen.kind === "filesSwept") {
        const { client, output, except } = seen;
        for (const [name, { node, call, direction }] of files) {
          const isOutput = direction === "output" && call === output;
          if (node !== seen.node) continue;
          if (isOutput || (clientOf(call) === client && !except.includes(call))) files.delete(name);
        }
        dead.set(seen.node, (dead.get(seen.node) ?? new Set()).add(client));
        return;
      }
      const name = nameOf(seen);
      lastNanos = nowNanos;
      if (seen.kind === "fileRemoved") {
        const isSwept = dead.get(seen.node)?.has(clientOf(seen.call)) === true;
        if (!files.delete(name) && !isSwept)
          violations.report("I12", nowNanos, `${name} is removed, but is not there`);
        return;
      }
      if (seen.sizeBytes <= INLINE_BYTES_MAX) {
        violations.report("I12", nowNanos, `${name} has ${seen.sizeBytes} B, which fit a message`);
      }
      if (files.has(name)) violations.report("I12", nowNanos, `${name} is made, but is there already`);
      files.set(name, { ...seen, madeNanos: nowNanos });
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
