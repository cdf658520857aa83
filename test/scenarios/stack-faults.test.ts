/** Functions on the log under generated faults of both models' parts, several at a time: the rules of both hold, and nobody waits for ever. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadAny } from "../../scenarios/load.ts";
import { runReplication } from "../../scenarios/replication.ts";

const FILE = "scenarios/functions-on-log.yaml";
const TEXT = readFileSync(FILE, "utf8");

/** One of each kind at a time keeps what it had in memory elsewhere; who loses two of three copies of a metalog has lost it. */
const one = fc.constantFrom(
  ...["primary", "storage-1", "storage-2", "engine-1", "engine-3", "controller"],
  ...["worker-1.Account.1", "any running worker", "any idle worker", "launcher-2.Audit"],
);
const anybody = fc.oneof(one, fc.constant("gateway"));
/** Not the gateway: its clients have no time-out, and wait for messages that are lost. */
const inside = fc.oneof(one, fc.constant("backups"));
const lengthMillis = fc.constantFrom(10, 100, 500, 1_500);
const atMillis = fc.nat(1_500);

const fault = fc.oneof(
  fc
    .tuple(atMillis, lengthMillis, anybody)
    .map(([at, length, of]) => `{ at: ${at}ms, for: ${length}ms, crash: ${of} }`),
  fc
    .tuple(atMillis, lengthMillis, anybody)
    .map(([at, length, of]) => `{ at: ${at}ms, for: ${length}ms, crash: { of: ${of}, host: off } }`),
  fc
    .tuple(atMillis, lengthMillis, anybody)
    .map(([at, length, of]) => `{ at: ${at}ms, for: ${length}ms, pause: ${of} }`),
  fc
    .tuple(atMillis, lengthMillis, inside)
    .map(([at, length, of]) => `{ at: ${at}ms, for: ${length}ms, partition: ${of} }`),
  fc.tuple(atMillis, inside).map(([at, of]) => `{ at: ${at}ms, reset: ${of} }`),
);

test("under any faults the rules of both models hold, and all that is asked for ends", {
  timeout: 60_000,
}, () => {
  let asked = 0;
  fc.assert(
    fc.property(
      fc.array(fault, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 1_000 }),
      (faults, seed) => {
        const text = `${TEXT}\nfaults:\n${faults.map((each) => `  - ${each}`).join("\n")}\nheal: 3s\n`;
        const set = [
          ...["duration=8s", "warmup=0s", "expect=[]", `seed=${seed}`, "nightcore.callTimeout=2s"],
          ...["workload.clients.arrival.poisson.rate=60/s", "workload.clients.stop=4s"],
        ];
        const scenario = loadAny(text, FILE, { set });
        const { violations, stuck, operations } = runReplication({
          scenario,
          seed,
          replication: 0,
          mode: "fast",
        });
        expect(violations).toEqual([]);
        expect(stuck).toEqual([]);
        asked += operations.find(({ operation }) => operation === "request")!.count;
      },
    ),
    { numRuns: 24, seed: 5 },
  );
  expect(asked).toBeGreaterThan(24 * 100);
});
