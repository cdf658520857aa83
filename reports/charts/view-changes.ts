/** What the end of a view consists of: detection, seal, next view, each on a logarithmic axis, for they differ a thousandfold. */

import type { ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import { estimate } from "../../sim/statistics.ts";
import { CHANGE_PHASES, changeGroups, phasesOf } from "../faults.ts";
import { formatNanos } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, logTicks, nanosExpression, positiveExtent } from "./parts.ts";

const ROW_HEIGHT = 17;
const CHANGES_SHOWN_MAX = 12;

/** The ends of views in one variant. */
export function viewChanges(variant: VariantResult): Chart | undefined {
  return chartOf(changesOf(variant, ""), "view-changes");
}

/** The ends of views in all variants. */
export function compareViewChanges(result: ScenarioResult): Chart | undefined {
  const changes = result.variants.flatMap((variant) => changesOf(variant, `${variant.variant}: `));
  return chartOf(changes, "compare-view-changes");
}

interface Change {
  readonly name: string;
  readonly phases: readonly { readonly phase: string; readonly nanos: readonly number[] }[];
}

function changesOf(variant: VariantResult, prefix: string): Change[] {
  return changeGroups(variant.faults?.viewChanges ?? []).map(({ name, cause, changes }) => ({
    name: `${prefix}${name}, ${cause}`,
    phases: CHANGE_PHASES.map((phase) => ({
      phase,
      nanos: changes.flatMap((change) => phasesOf(change)[phase] ?? []),
    })),
  }));
}

function chartOf(changes: readonly Change[], name: string): Chart | undefined {
  const shown = changes.slice(0, CHANGES_SHOWN_MAX);
  const rows: Row[] = shown.flatMap(({ name: change, phases }) =>
    phases.map(({ phase, nanos }): Row => {
      if (nanos.length === 0) {
        return {
          change,
          phase,
          meanNanos: null,
          lowNanos: null,
          highNanos: null,
          label: `${phase} never came`,
        };
      }
      const { mean, low, high } = estimate(nanos);
      return {
        change,
        phase,
        meanNanos: compact(mean),
        lowNanos: low === null ? null : compact(Math.max(low, 1)),
        highNanos: high === null ? null : compact(high),
        label: formatNanos(mean),
      };
    }),
  );
  const values = rows.flatMap((row) => [row.meanNanos, row.highNanos] as (number | null)[]);
  if (values.every((each) => each === null)) return undefined;
  const [smallest, greatest] = positiveExtent(values);
  // Lines begin at a round value below the least.
  const least = 10 ** Math.floor(Math.log10(smallest * 0.999));
  // Behind the longest line there is room for its label.
  const most = greatest * (greatest / least) ** 0.18;
  const names = shown.map((each) => each.name);
  const y = {
    field: "change",
    type: "nominal",
    sort: names,
    scale: { paddingInner: 0.3, paddingOuter: 0.15 },
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 340 },
  };
  const yOffset = { field: "phase", type: "nominal", sort: [...CHANGE_PHASES] };
  const color = { field: "phase", type: "nominal", sort: [...CHANGE_PHASES] };
  const x = {
    field: "meanNanos",
    type: "quantitative",
    scale: { type: "log", domain: [least, most], nice: false, clamp: true },
    axis: {
      title: "time",
      values: logTicks(least, most),
      labelExpr: nanosExpression("datum.value", 3),
    },
  };
  const reach = { field: "reach", type: "quantitative", scale: x.scale };
  const omitted = changes.length - shown.length;
  return {
    name,
    title: "What the end of a view consists of",
    description: `Detection: from the fault, or the order, to the first node that learns of the freeze. Seal: from there until the controller knows how the logs end. Next view: from there to the first append that completes in it. Logarithmic axis; thin lines are 95 % confidence intervals.${omitted === 0 ? "" : ` ${omitted} more are not drawn.`}`,
    columns: [
      { field: "change", title: "view" },
      { field: "phase", title: "phase" },
      { field: "meanNanos", title: "mean (ns)" },
      { field: "lowNanos", title: "low" },
      { field: "highNanos", title: "high" },
    ],
    rows,
    spec: {
      height: shown.length * (CHANGE_PHASES.length * ROW_HEIGHT + 12),
      transform: [
        { calculate: String(least), as: "least" },
        { calculate: `datum.highNanos || datum.meanNanos || ${least}`, as: "reach" },
      ],
      layer: [
        {
          transform: [{ filter: "datum.meanNanos !== null" }],
          mark: { type: "rule", strokeWidth: 5, opacity: 0.55 },
          encoding: {
            x: { field: "least", type: "quantitative" },
            x2: { field: "meanNanos" },
            y,
            yOffset,
            color,
          },
        },
        {
          transform: [{ filter: "datum.meanNanos !== null" }],
          mark: { type: "point", size: 60, opacity: 1 },
          encoding: {
            x,
            y,
            yOffset,
            color,
            tooltip: [
              { field: "change", type: "nominal", title: "view" },
              { field: "phase", type: "nominal" },
              { field: "label", type: "nominal", title: "mean" },
            ],
          },
        },
        ...(rows.some((row) => row.lowNanos !== null)
          ? [
              {
                transform: [{ filter: "datum.lowNanos !== null" }],
                mark: { type: "rule", strokeWidth: 1 },
                encoding: {
                  x: { field: "lowNanos", type: "quantitative" },
                  x2: { field: "highNanos" },
                  y,
                  yOffset,
                },
              },
            ]
          : []),
        {
          mark: { type: "text", align: "left", baseline: "middle", dx: 9 },
          encoding: { x: reach, y, yOffset, text: { field: "label", type: "nominal" } },
        },
      ],
    },
  };
}
