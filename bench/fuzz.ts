/**
 * A campaign: runs per second of CPU time of the cases that `bokisim fuzz` draws, and of cases of 9 nodes with 200 operations, with all
 * checkers on. One thread; a campaign on all cores makes that many times more.
 */

import { runBatch } from "../scenarios/campaign/batch.ts";
import type { Campaign } from "../scenarios/campaign/generate.ts";
import { cpuSecondsOf, median, type Options, type Row, roundsOf } from "./suite.ts";

const GENERAL: Campaign = { seed: 1, mutation: 0, defects: [] };
const NINE_NODES: Campaign = {
  ...GENERAL,
  base: { cluster: { engines: 3, storages: 3, sequencers: 3 }, boki: {}, network: {} },
  operations: 200,
};

const CONTENDERS = [
  ["9 nodes, 200 operations, no faults", { ...NINE_NODES, calm: true }],
  ["9 nodes, 200 operations, faults", NINE_NODES],
  ["as drawn, no faults", { ...GENERAL, calm: true }],
  ["as drawn, faults", GENERAL],
] as const satisfies readonly (readonly [string, Campaign])[];

export async function run(options: Options): Promise<Row[]> {
  const runs = options.quick ? 100 : 400;
  const rates: number[][] = CONTENDERS.map(() => []);
  const failed = CONTENDERS.map(() => 0);
  // The first round is where the code is compiled.
  for (let round = 0; round <= roundsOf(options); round++) {
    for (const [i, [, campaign]] of CONTENDERS.entries()) {
      const cpuSeconds = cpuSecondsOf(() => {
        failed[i]! += runBatch(campaign, round * runs, runs).failed.length;
      });
      if (round > 0) rates[i]!.push(runs / cpuSeconds);
    }
  }
  return CONTENDERS.map(([measure], i) => ({
    measure: `campaign: ${measure}`,
    program: "bokisim",
    perSecond: median(rates[i]!),
    unit: "runs",
    compared: "every tenth run twice",
    check: failed[i] === 0 ? "right: no run failed" : `WRONG: ${failed[i]} runs failed`,
  }));
}
