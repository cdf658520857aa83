/** The load of a scenario: which of its fields are rates of calls, and how to multiply them. */

import { formatQuantity, parseQuantity, RATE } from "../quantity.ts";

/** A field with a rate. */
export interface RateField {
  /** As `--set` takes it. */
  readonly path: string;
  readonly perSecond: number;
}

export type LoadFields =
  | { readonly ok: true; readonly fields: readonly RateField[] }
  | { readonly ok: false; readonly reason: string };

/** The rates of the workloads of a scenario, as its `written` form has them. */
export function rateFields(written: Readonly<Record<string, unknown>>): LoadFields {
  const workloads = Array.isArray(written.workload) ? (written.workload as unknown[]) : [];
  const fields: RateField[] = [];
  for (const [i, workload] of workloads.entries()) {
    const { name = String(i), arrival } = workload as { name?: unknown; arrival?: unknown };
    for (const [kind, settings] of Object.entries((arrival ?? {}) as Record<string, unknown>)) {
      const rate = (settings as { rate?: unknown } | null)?.rate;
      if (rate === undefined) continue;
      const parsed = typeof rate === "string" ? parseQuantity(RATE, rate) : undefined;
      if (parsed?.ok !== true) {
        return {
          ok: false,
          reason: `the rate of workload "${name}" changes over time, and cannot be searched`,
        };
      }
      fields.push({ path: `workload.${name}.arrival.${kind}.rate`, perSecond: parsed.value });
    }
  }
  if (fields.length > 0) return { ok: true, fields };
  const reason =
    "no workload has a rate (poisson, constantRate or timetable): clients that wait for their answers offer no more than the system carries";
  return { ok: false, reason };
}

/** What sets every rate to `factor` times its own, as `--set` takes it. */
export function settingsFor(fields: readonly RateField[], factor: number): string[] {
  return fields.map(({ path, perSecond }) => `${path}=${formatQuantity(RATE, rounded(perSecond * factor))}`);
}

export function totalPerSecond(fields: readonly RateField[], factor = 1): number {
  return fields.reduce((sum, { perSecond }) => sum + rounded(perSecond * factor), 0);
}

/** Five digits: what a load was can be written down and asked for again. */
function rounded(perSecond: number): number {
  return Number(perSecond.toPrecision(5));
}
