/**
 * Faults in charts over time: their time is shaded, and above the plot each fault of the scenario has a lane with a bar for each
 * time it struck. So any number of faults can overlap and stay readable. One more lane has the ends of views.
 */

import type { FaultPeriodResult, ViewChangeResult } from "../../scenarios/result.ts";
import { faultGroups } from "../faults.ts";
import { formatNanos, type Unit } from "../format.ts";
import { FAULT_COLOUR, FAULT_OPACITY, VIEW_COLOUR } from "./theme.ts";

const LANES_MAX = 6;
const NAMES_SHOWN_MAX = 5;
const LANE_PIXELS = 14;
const BAR_PIXELS = 6;
const GAP_PIXELS = 8;
const LEGEND_OFFSET_PIXELS = 12;
/** What a plot measures at least, and a letter of a label, to place labels where there is room. */
const PLOT_PIXELS = 520;
const LETTER_PIXELS = 5.8;
/** A moment would not be seen. */
const BAR_PIXELS_MIN = 2;

type Layer = Readonly<Record<string, unknown>>;

export interface FaultLanes {
  /** Behind the lines. */
  readonly layers: readonly Layer[];
  /** Makes room between the legend and the plot. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Span {
  readonly fromNanos: number;
  readonly untilNanos: number;
}

interface Bar extends Span {
  readonly text: string;
}

interface Lane {
  readonly name: string;
  readonly colour: string;
  readonly bars: readonly Bar[];
}

/** Of one replication. */
export interface FaultsShown {
  readonly periods: readonly FaultPeriodResult[];
  readonly viewChanges: readonly ViewChangeResult[];
}

/** What happened in the replication that charts over time show. */
export function faultsOfFirst(faults: FaultsShown | undefined): FaultsShown {
  const isFirst = ({ replication }: { readonly replication: number }) => replication === 0;
  return {
    periods: faults?.periods.filter(isFirst) ?? [],
    viewChanges: faults?.viewChanges.filter(isFirst) ?? [],
  };
}

/** Draws the faults of a stretch of virtual time; times on the axis count from `originNanos`. */
export function faultLanes(
  { periods, viewChanges }: FaultsShown,
  { fromNanos, untilNanos }: Span,
  unit: Unit,
  originNanos = 0,
): FaultLanes {
  const inSight = (bars: readonly Bar[]): Bar[] =>
    bars
      .filter((bar) => bar.fromNanos < untilNanos && bar.untilNanos >= fromNanos)
      .map((bar) => ({
        ...bar,
        fromNanos: Math.max(fromNanos, bar.fromNanos),
        untilNanos: Math.min(untilNanos, bar.untilNanos),
      }));
  const faults = faultGroups(periods).flatMap(({ fault, periods: group }) => {
    const bars = inSight(
      group.map((period) => ({
        fromNanos: period.fromNanos,
        untilNanos: period.untilNanos ?? untilNanos,
        text: `${fault}${period.struck.length === 0 ? "" : `: ${period.struck.slice(0, NAMES_SHOWN_MAX).join(", ")}`}, ${lengthText(period)}`,
      })),
    );
    return bars.length === 0 ? [] : [{ name: fault, colour: FAULT_COLOUR, bars }];
  });
  const views = inSight(
    viewChanges.map((change) => ({
      fromNanos: change.frozenNanos,
      untilNanos: change.firstAppendNanos ?? change.nextViewNanos ?? change.frozenNanos,
      text: `view ${change.viewId} ends at ${formatNanos(change.frozenNanos)}`,
    })),
  );
  const shown = faults.length <= LANES_MAX ? faults : faults.slice(0, LANES_MAX - 1);
  const rest = faults.slice(shown.length);
  const lanes: Lane[] = [...shown];
  if (rest.length > 0) {
    lanes.push({
      name: `${rest.length} more faults`,
      colour: FAULT_COLOUR,
      bars: rest.flatMap(({ bars }) => bars),
    });
  }
  if (views.length > 0) {
    const name = views.length === 1 ? views[0]!.text.replace(/ at .*/, "") : "ends of views";
    lanes.push({ name, colour: VIEW_COLOUR, bars: views });
  }
  if (lanes.length === 0) return { layers: [], config: {} };
  const place = (nanos: number): number => (nanos - originNanos) / unit.size;
  const leastNanos = ((untilNanos - fromNanos) * BAR_PIXELS_MIN) / PLOT_PIXELS;
  const drawn = ({ fromNanos: start, untilNanos: end, text }: Bar) => ({
    start: place(start),
    end: place(Math.max(end, Math.min(untilNanos, start + leastNanos))),
    text,
  });
  const layers = lanes.flatMap(({ name, colour, bars }, lane) => {
    const middle = -GAP_PIXELS - LANE_PIXELS * (lanes.length - 1 - lane) - LANE_PIXELS / 2 + 3;
    return [
      {
        data: { values: bars.map(drawn) },
        mark: { type: "rect", color: colour, opacity: 0.85 },
        encoding: {
          x: { field: "start", type: "quantitative" },
          x2: { field: "end" },
          y: { value: middle - BAR_PIXELS / 2 },
          y2: { value: middle + BAR_PIXELS / 2 },
          tooltip: [{ field: "text", type: "nominal", title: "what" }],
        },
      },
      label(bars.length > 1 ? `${name} (${bars.length} times)` : name, bars, middle),
    ];
  });
  const shading = merged(faults.flatMap(({ bars }) => bars)).map((span) => drawn({ ...span, text: "" }));
  return {
    layers: [
      {
        data: { values: shading },
        mark: { type: "rect", color: FAULT_COLOUR, opacity: FAULT_OPACITY },
        encoding: { x: { field: "start", type: "quantitative" }, x2: { field: "end" } },
      },
      ...layers,
    ],
    config: {
      legend: { offset: LEGEND_OFFSET_PIXELS + GAP_PIXELS + LANE_PIXELS * lanes.length },
    },
  };

  /** Behind the last bar where there is room, else before the first, else above the bars' beginning. */
  function label(words: string, bars: readonly Bar[], middle: number): Layer {
    const width = ((words.length * LETTER_PIXELS + 8) / PLOT_PIXELS) * (untilNanos - fromNanos);
    const first = Math.min(...bars.map((bar) => bar.fromNanos));
    const last = Math.max(...bars.map((bar) => bar.untilNanos));
    const placed =
      last + width <= untilNanos
        ? { at: last, align: "left", dx: 5 }
        : first - width >= fromNanos
          ? { at: first, align: "right", dx: -5 }
          : { at: (fromNanos + untilNanos) / 2, align: "center", dx: 0 };
    const above = placed.align === "center" ? BAR_PIXELS + 1 : 0;
    return {
      data: { values: [{ at: place(placed.at) }] },
      mark: {
        type: "text",
        align: placed.align,
        baseline: "middle",
        dx: placed.dx,
        fontSize: 10,
        text: words,
      },
      encoding: { x: { field: "at", type: "quantitative" }, y: { value: middle - above } },
    };
  }
}

function lengthText({ fromNanos, untilNanos }: FaultPeriodResult): string {
  if (untilNanos === null) return `from ${formatNanos(fromNanos)} to the end`;
  const length = untilNanos - fromNanos;
  return length === 0
    ? `at ${formatNanos(fromNanos)}`
    : `from ${formatNanos(fromNanos)} for ${formatNanos(length)}`;
}

/** Spans that overlap as one: shades that lie on each other would look like something else. */
export function merged(spans: readonly Span[]): Span[] {
  const result: { fromNanos: number; untilNanos: number }[] = [];
  for (const { fromNanos, untilNanos } of [...spans].sort((a, b) => a.fromNanos - b.fromNanos)) {
    const last = result.at(-1);
    if (last !== undefined && fromNanos <= last.untilNanos) {
      last.untilNanos = Math.max(last.untilNanos, untilNanos);
    } else {
      result.push({ fromNanos, untilNanos });
    }
  }
  return result;
}
