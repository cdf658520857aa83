/** The charts of a result, in the order of reading. */

import type { ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import { anatomy } from "./anatomy.ts";
import { beforeAfter } from "./before-after.ts";
import type { Chart } from "./chart.ts";
import { closeUps } from "./close-up.ts";
import { compareLatency, compareThroughput } from "./compare.ts";
import { latencyCdf, latencyCdfByVariant } from "./latency-cdf.ts";
import { messagesByKind } from "./messages.ts";
import { compareThroughputOverTime, latencyOverTime, throughputOverTime } from "./over-time.ts";
import { measuredBesides, percentiles } from "./percentiles.ts";
import { comparePoolSizes, poolSizes } from "./pool-sizes.ts";
import { queueLengths } from "./queue-lengths.ts";
import { utilisationBars, utilisationOverTime } from "./utilisation.ts";
import { compareViewChanges, viewChanges } from "./view-changes.ts";

const present = (charts: readonly (Chart | undefined)[]): readonly Chart[] =>
  charts.filter((chart) => chart !== undefined);

/** What one variant did. A chart without anything to draw is left out. */
export function variantCharts(result: ScenarioResult, variant: VariantResult): readonly Chart[] {
  return present([
    latencyCdf(variant),
    percentiles(variant),
    ...variant.anatomy.map(anatomy),
    throughputOverTime(result, variant),
    latencyOverTime(result, variant),
    ...beforeAfter(variant),
    ...closeUps(variant),
    viewChanges(variant),
    poolSizes(result, variant),
    utilisationBars(variant),
    utilisationOverTime(result, variant),
    queueLengths(result, variant),
    messagesByKind(variant),
  ]);
}

/** How the variants differ; nothing for a result with one. */
export function comparisonCharts(result: ScenarioResult): readonly Chart[] {
  if (result.variants.length < 2) return [];
  return present([
    compareThroughput(result),
    compareLatency(result),
    measuredBesides(result),
    compareThroughputOverTime(result),
    comparePoolSizes(result),
    compareViewChanges(result),
    ...latencyCdfByVariant(result),
  ]);
}
