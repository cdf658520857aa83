/** What a chart is: a Vega-Lite specification that holds its own data, and what is needed to show it in a page or file. */

import type { TopLevelSpec } from "vega-lite";

/** One row of the data behind a chart. */
export type Row = Readonly<Record<string, string | number | null>>;

/** How a column of the data is shown in the table behind the chart. */
interface ChartColumn {
  readonly field: string;
  /** With the unit: `latency (us)`. */
  readonly title: string;
}

/** Prefix of the names of layers that only serve the pointer; a picture in a file does without them. */
export const HOVER_LAYER = "hover";

export interface Chart {
  /** File name without ending, and identifier in the page: `latency-cdf`. */
  readonly name: string;
  readonly title: string;
  /** One or two sentences on how to read it. */
  readonly description: string;
  readonly columns: readonly ChartColumn[];
  readonly rows: readonly Row[];
  /** Without title, data, width and theme: those depend on where it is shown. */
  readonly spec: ChartBody;
}

/** A specification of one view or of layers; the rows are its data. */
type ChartBody = Readonly<Record<string, unknown>>;

/** The complete specification of a chart, `width` in pixels or as wide as the element that holds it. */
export function chartSpec(chart: Chart, width: number | "container"): TopLevelSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: chart.title,
    description: chart.description,
    width,
    autosize: { type: "fit-x", contains: "padding" },
    data: { values: chart.rows },
    ...chart.spec,
  } as unknown as TopLevelSpec;
}
