/** What a run measured of its operations, as a table for other programs. */

import type { ScenarioResult } from "../scenarios/result.ts";
import type { Column } from "./columns.ts";

const ESTIMATES = [
  "throughputPerSecond",
  "meanNanos",
  "p50Nanos",
  "p90Nanos",
  "p99Nanos",
  "p999Nanos",
  "maxNanos",
] as const;

/**
 * A row for each variant and operation. An estimate has three columns: its mean over the replications, and the ends of its 95 % interval,
 * `p99NanosLow` and `p99NanosHigh`, which are null with one replication.
 */
export function operationColumns({ scenario, variants }: ScenarioResult): Column[] {
  const rows = variants.flatMap((variant) => variant.operations.map((operation) => ({ variant, operation })));
  type Of = (row: (typeof rows)[number]) => string | number | null;
  const column = (name: string, type: Column["type"], of: Of): Column => ({
    name,
    type,
    values: rows.map(of),
  });
  return [
    column("scenario", "STRING", () => scenario),
    column("variant", "STRING", ({ variant }) => variant.variant),
    column("settings", "STRING", ({ variant }) => JSON.stringify(variant.settings)),
    column("replications", "INT64", ({ variant }) => variant.replications),
    column("operation", "STRING", ({ operation }) => operation.operation),
    column("count", "INT64", ({ operation }) => operation.count),
    column("failed", "INT64", ({ operation }) => operation.failed),
    column("unknown", "INT64", ({ operation }) => operation.unknown),
    ...ESTIMATES.flatMap((name) => [
      column(name, "DOUBLE", ({ operation }) => operation[name].mean),
      column(`${name}Low`, "DOUBLE", ({ operation }) => operation[name].low),
      column(`${name}High`, "DOUBLE", ({ operation }) => operation[name].high),
    ]),
  ];
}
