/**
 * The memory that ten million appended records take at the published deployment, with the engines' record caches on.
 * Measured in a process of its own, whose heap is limited: what fits is what counts, not how lazily it is collected.
 */

import { spawnSync } from "node:child_process";
import { START_UP_NANOS } from "../models/boki/cluster.ts";
import { CLUSTER_DEFAULTS } from "../models/boki/config.ts";
import type { WorkloadConfig } from "../models/workloads/config.ts";
import { MILLISECOND, type Nanos } from "../sim/units.ts";
import { appendsOf, deploy, PUBLISHED, producers } from "./boki.ts";
import type { Options, Row } from "./suite.ts";

const HEAP_MEBIBYTES = 3_200;
const LIMIT_GIBIBYTES = 4;

export async function run(options: Options): Promise<Row[]> {
  const records = options.quick ? 1_000_000 : 10_000_000;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${HEAP_MEBIBYTES}`, import.meta.filename, String(records)],
    { encoding: "utf8" },
  );
  const [appended, residentBytes] = stdout.split(" ").map(Number);
  const measure = `Memory of ${(records / 1e6).toFixed(0)} million records of 1 KiB`;
  const row = { measure, program: "bokisim", perSecond: undefined, unit: "" };
  if (status !== 0 || residentBytes === undefined) {
    return [{ ...row, compared: "", check: `ABOVE: did not fit: ${stderr.slice(-200)}` }];
  }
  const gibibytes = residentBytes / 1024 ** 3;
  const check = `${gibibytes < LIMIT_GIBIBYTES ? "right" : "ABOVE"}: ${appended} appended, limit ${LIMIT_GIBIBYTES} GiB`;
  return [{ ...row, compared: `${gibibytes.toFixed(2)} GiB resident at the most`, check }];
}

/** Appends as fast as 256 clients can and prints how many records and the largest resident size in bytes. */
function measureHere(records: number): void {
  const workload: WorkloadConfig = {
    ...producers(256, MILLISECOND),
    arrival: { kind: "closedLoop", clients: 256, think: { kind: "constant", value: 0 } },
    tagsPerRecord: 1,
  };
  const deployment = deploy({ boki: PUBLISHED, cluster: CLUSTER_DEFAULTS }, workload);
  const { simulation } = deployment;
  simulation.start();
  let largestBytes = 0;
  for (let at: Nanos = START_UP_NANOS; appendsOf(deployment) < records; at += 100 * MILLISECOND) {
    simulation.run(at);
    largestBytes = Math.max(largestBytes, process.memoryUsage().rss);
  }
  console.log(`${appendsOf(deployment)} ${largestBytes}`);
}

if (process.argv[1] === import.meta.filename) measureHere(Number(process.argv[2]));
