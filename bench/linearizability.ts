/**
 * The linearizability checker by concurrency and length of the history, beside Porcupine's algorithm in C++ (bench/peers/wgl.cpp)
 * on the same histories of a register. A rate is operations of the history per second of CPU time, from the list of operations to
 * the verdict, and the median of the rounds.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "../sim/linearizability/check.ts";
import type { Operation } from "../sim/linearizability/history.ts";
import type { Model } from "../sim/linearizability/model.ts";
import { MODELS } from "../sim/linearizability/models/models.ts";
import { generateHistory, type HistoryShape } from "./histories.ts";
import { wgl } from "./peers.ts";
import { type Contender, cpuSecondsOf, median, type Options, type Round, type Row } from "./suite.ts";

const CONCURRENCIES = [2, 5, 10, 20, 50];
const LENGTHS = [1_000, 10_000, 100_000];
/** Configurations after which a program gives up. The peer needs memory for a bit per operation and configuration. */
const VISITED_MAX = 3_000_000;
const PEER_BITS_MAX = 8e9;
const OPERATIONS_PER_ROUND = 20_000;
/** Of the object with the hardest histories, lengths beyond this are left out: most of them end at the limit. */
const HARD_LENGTH_MAX = 10_000;

const SUBJECTS: readonly { object: HistoryShape["object"]; model: Model<unknown>; peer: boolean }[] = [
  { object: "register", model: MODELS.register, peer: true },
  { object: "cas", model: MODELS.register, peer: true },
  { object: "kv", model: MODELS.kv, peer: false },
  { object: "log", model: MODELS.log, peer: false },
  { object: "queue", model: MODELS.queue, peer: false },
];

/** `Round.result`: 1 linearizable, 0 not, -1 given up. Every history here is linearizable. */
export async function run(options: Options): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "bokisim-bench-"));
  const file = join(directory, "history");
  const rows: Row[] = [];
  for (const { object, model, peer } of SUBJECTS) {
    for (const concurrency of CONCURRENCIES) {
      for (const length of LENGTHS) {
        if (length > HARD_LENGTH_MAX && (options.quick || object === "cas")) continue;
        const operations = generateHistory({ object, length, concurrency, seed: 1 });
        const contenders = [bokisim(operations, model)];
        if (peer) {
          writeFileSync(file, linesOf(operations));
          contenders.push(wgl(file, Math.min(VISITED_MAX, Math.floor(PEER_BITS_MAX / length))));
        }
        const measure = `${object}, ${concurrency} clients, ${length.toLocaleString("en")} operations`;
        rows.push(...rowsOf(measure, contenders, options.quick ? 1 : 3));
      }
    }
  }
  rmSync(directory, { recursive: true });
  return rows;
}

function rowsOf(measure: string, contenders: readonly Contender[], rounds: number): Row[] {
  const warm = contenders.map(({ round }) => round());
  // What gives up does so every time, and takes long.
  const results = contenders.map(({ round }, i): Round[] =>
    warm[i] === undefined
      ? []
      : warm[i].result < 0
        ? [warm[i]]
        : Array.from({ length: rounds }, () => round()!),
  );
  const rates = results.map((of) =>
    of.length === 0 || of[0]!.result < 0 ? undefined : median(of.map((each) => each.count / each.cpuSeconds)),
  );
  return contenders.map(({ program }, i): Row => {
    const perSecond = rates[i];
    const result = results[i]![0]?.result;
    const first = rates[0];
    return {
      measure,
      program,
      perSecond,
      unit: "operations",
      compared:
        i === 0 || first === undefined || perSecond === undefined
          ? ""
          : `bokisim is ${(first / perSecond).toFixed(1)} x`,
      check:
        result === undefined
          ? "not installed"
          : result < 0
            ? "gave up"
            : result === 1
              ? "right: linearizable"
              : "WRONG: not linearizable",
    };
  });
}

const RESULTS = { linearizable: 1, violated: 0, unknown: -1 } as const;

function bokisim(operations: readonly Operation[], model: Model<unknown>): Contender {
  return {
    program: "bokisim",
    round() {
      let result = -1;
      let count = 0;
      const cpuSeconds = cpuSecondsOf(() => {
        // A short history several times, as the clock is coarse.
        while (count < OPERATIONS_PER_ROUND) {
          const { verdict } = check({ operations, clock: "nanos" }, model, { visitedMax: VISITED_MAX });
          result = RESULTS[verdict];
          count += operations.length;
          if (result !== RESULTS.linearizable) return;
        }
      });
      return { count, cpuSeconds, result };
    },
  };
}

/** The history of a register as the peer reads it; no value is -1. */
function linesOf(operations: readonly Operation[]): string {
  return operations
    .map(({ name, input, output, invoked, returned }) => {
      const times = `${invoked} ${returned}\n`;
      if (name === "read") return `0 ${output ?? -1} 0 ${times}`;
      if (name === "write") return `1 ${input} 0 ${times}`;
      const { from, to } = input as { from: number; to: number };
      return `${output === true ? 2 : 3} ${from} ${to} ${times}`;
    })
    .join("");
}
