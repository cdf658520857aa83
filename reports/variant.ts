/** What is said about a run or a variant in more than one place. */

import type { ScenarioResult, SettledSeries, VariantResult } from "../scenarios/result.ts";
import type { FoundWarmup } from "../scenarios/warmup.ts";
import { formatDuration, formatSetting } from "./format.ts";

/** No expectation and no invariant failed. */
export const variantHeld = (variant: VariantResult): boolean =>
  variant.violations.length === 0 && variant.expectations.every((expectation) => expectation.held);

/** `boki.globalCut = 300us, cluster.storages = 5`; empty for a variant that changes nothing. */
export const settingsText = (variant: VariantResult): string =>
  Object.entries(variant.settings)
    .map(([path, value]) => `${path} = ${formatSetting(value)}`)
    .join(", ");

/** How long was measured, and after what. */
export const measuredText = ({ durationNanos, warmupNanos, settled }: ScenarioResult): string =>
  `${formatDuration(durationNanos)} measured after ${warmupText({ nanos: warmupNanos, settled: settled ?? [] })}`;

/** `120 ms of warm-up (append p50 settled last)`; without what it was found from only its length. */
export function warmupText({ nanos, settled }: FoundWarmup): string {
  const text = `${formatDuration(nanos)} of warm-up`;
  const [first, ...others] = settled;
  if (first === undefined) return text;
  const endOf = ({ endNanos }: SettledSeries): number => endNanos ?? Infinity;
  const last = others.reduce((latest, each) => (endOf(each) > endOf(latest) ? each : latest), first);
  if (last.endNanos === null) return `${text} (${last.operation} ${last.of} never settled)`;
  return `${text} (${last.endNanos === 0 ? "settled from the start" : `${last.operation} ${last.of} settled last`})`;
}
