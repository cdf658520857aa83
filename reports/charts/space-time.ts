/** A space-time diagram: a line for each process, time to the right, an arrow for each message. */

import type { SpaceTime } from "../../scenarios/tracing/space-time.ts";
import { formatDuration, formatNanos } from "../format.ts";
import { type Chart, HOVER_LAYER, type Row } from "./chart.ts";
import { compact, timeUnit } from "./parts.ts";
import { FAULT_COLOUR } from "./theme.ts";

const LANE_HEIGHT = 46;
/** More labels than these would lie on each other. */
const LABELS_MAX = 25;
/** Labels of arrows behind this share of the time stand before them, where there is room. */
const LABEL_LEFT_SHARE = 0.85;
const KINDS_MAX = 6;
/** Between those of light and dark grounds. */
const OPERATION_COLOUR = "#2f8fd8";
const ON_PATH = "on the critical path";
const BESIDES = "besides";
const OTHER = "other kinds";
/** How far a message that is lost gets, as a share of the way and of the time that is shown. */
const LOST_WAY = 0.6;
const LOST_TIME = 0.03;

export function spaceTimeChart(diagram: SpaceTime): Chart {
  const { nodes, messages, fromNanos, untilNanos, operation } = diagram;
  const lengthNanos = untilNanos - fromNanos;
  const unit = timeUnit(lengthNanos);
  const at = (nanos: number): number => compact((nanos - fromNanos) / unit.size);
  const classes = classesOf(diagram);
  const rows: Row[] = messages.map(({ kind, from, to, sentNanos, arrivedNanos, onPath }) => ({
    ...{ kind, from: nodes[from]!, to: nodes[to]!, fromNode: from },
    toNode: arrivedNanos === null ? from + LOST_WAY * (to - from) : to,
    sent: at(sentNanos),
    arrived: arrivedNanos === null ? at(sentNanos + LOST_TIME * lengthNanos) : at(arrivedNanos),
    // Labels stand nearer to the sender, where fewer arrows meet.
    label: messages.length <= LABELS_MAX || onPath ? kind : "",
    head: arrivedNanos === null ? "lost" : to > from ? "down" : to < from ? "up" : "same",
    took: arrivedNanos === null ? "lost" : formatNanos(arrivedNanos - sentNanos),
    class: operation === null ? (classes.includes(kind) ? kind : OTHER) : onPath ? ON_PATH : BESIDES,
  }));
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, at(untilNanos)], nice: false },
    axis: { title: `${unit.symbol} since ${sinceText(diagram)}`, tickCount: 8, grid: false },
  });
  const y = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [nodes.length - 0.5, -0.5], nice: false, zero: false },
    axis: {
      ...{ title: null, grid: false, ticks: false, domain: false, labelLimit: 200 },
      values: nodes.map((_, i) => i),
      labelExpr: `${JSON.stringify(nodes)}[datum.value]`,
    },
  });
  const color = {
    field: "class",
    type: "nominal",
    scale:
      operation === null
        ? { domain: withoutFaultColour(classes) }
        : { domain: [ON_PATH, BESIDES], range: ["#d55e00", "#8b949e"] },
    legend: { title: null, columns: 4, values: classes },
  };
  const messageTooltip = [
    { field: "kind", type: "nominal", title: "message" },
    { field: "from", type: "nominal" },
    { field: "to", type: "nominal" },
    { field: "took", type: "nominal", title: "under way" },
  ];
  return {
    name: "space-time",
    title:
      operation === null
        ? `Messages from ${formatDuration(fromNanos)} to ${formatDuration(untilNanos)}`
        : `One ${operation.name} of ${formatNanos(operation.latencyNanos)}, the p${operation.percentile}`,
    description:
      "A line for each process, and time to the right. An arrow is a message, from the end of the step that sent it to its arrival; a cross is one that was lost. Thick pieces of a line are the steps of its process. Drag and scroll to move in time.",
    columns: [
      { field: "kind", title: "message" },
      { field: "from", title: "from" },
      { field: "to", title: "to" },
      { field: "sent", title: `sent (${unit.symbol})` },
      { field: "arrived", title: `arrived (${unit.symbol})` },
      { field: "took", title: "under way" },
      { field: "class", title: operation === null ? "group" : "path" },
    ],
    rows,
    spec: {
      height: nodes.length * LANE_HEIGHT,
      layer: [
        ...faultLayers(diagram, at, x, y),
        ...markLayers(diagram, at, x),
        {
          // Nothing to see: it lets the pointer move and stretch time, which a picture cannot.
          name: `${HOVER_LAYER}-move`,
          params: [{ name: "move", select: { type: "interval", encodings: ["x"] }, bind: "scales" }],
          data: { values: [{ end: 0 }, { end: at(untilNanos) }] },
          mark: { type: "point", opacity: 0 },
          encoding: { x: x("end") },
        },
        {
          data: { values: nodes.map((_, node) => ({ node })) },
          mark: { type: "rule", color: "#8b949e", opacity: 0.6 },
          encoding: { y: y("node") },
        },
        {
          data: {
            values: diagram.steps.map(({ node, input, fromNanos: from, untilNanos: until, onPath }) => ({
              ...{ node, input, start: at(from), end: at(until), length: formatNanos(until - from) },
              class: operation === null || onPath ? "" : BESIDES,
            })),
          },
          mark: { type: "rule", strokeWidth: 7, color: "#57606a", clip: true },
          encoding: {
            ...{ x: x("start"), x2: { field: "end" }, y: y("node") },
            opacity: { condition: { test: `datum.class === '${BESIDES}'`, value: 0.4 }, value: 0.9 },
            tooltip: [
              { field: "input", type: "nominal", title: "step on" },
              { field: "length", type: "nominal", title: "length" },
            ],
          },
        },
        ...operationLayers(diagram, at, x, y),
        {
          mark: { type: "rule", strokeWidth: 1.2, clip: true },
          encoding: {
            ...{ x: x("sent"), x2: { field: "arrived" }, y: y("fromNode"), y2: { field: "toNode" }, color },
            tooltip: messageTooltip,
          },
        },
        {
          mark: { type: "point", filled: true, size: 42, opacity: 1, clip: true },
          encoding: {
            ...{ x: x("arrived"), y: y("toNode"), color, tooltip: messageTooltip },
            shape: {
              field: "head",
              type: "nominal",
              scale: {
                domain: ["down", "up", "same", "lost"],
                range: ["triangle-down", "triangle-up", "triangle-right", "cross"],
              },
              legend: null,
            },
          },
        },
        ...(["left", "right"] as const).map((align) => ({
          transform: [
            { calculate: "datum.sent * 0.55 + datum.arrived * 0.45", as: "middle" },
            { calculate: "datum.fromNode * 0.55 + datum.toNode * 0.45", as: "middleNode" },
            {
              filter: `datum.middle ${align === "left" ? "<=" : ">"} ${compact(LABEL_LEFT_SHARE * at(untilNanos))}`,
            },
          ],
          mark: {
            ...{
              type: "text",
              fontSize: 10,
              align,
              dx: align === "left" ? 5 : -5,
              baseline: "middle",
              clip: true,
            },
          },
          encoding: {
            ...{ x: x("middle"), y: y("middleNode"), color },
            text: { field: "label", type: "nominal" },
          },
        })),
      ],
    },
  };
}

/** Kinds of messages that have a colour of their own, the most frequent first. */
function classesOf({ messages, operation }: SpaceTime): string[] {
  if (operation !== null) return [ON_PATH, BESIDES];
  const counts = new Map<string, number>();
  for (const { kind } of messages) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([kind]) => kind);
  return kinds.length <= KINDS_MAX + 1 ? kinds : [...kinds.slice(0, KINDS_MAX), OTHER];
}

/** The sixth colour of the theme is that of faults and of what broke: nothing has it. */
const withoutFaultColour = (classes: readonly string[]): string[] =>
  classes.length < 6 ? [...classes] : [...classes.slice(0, 5), "", ...classes.slice(5)];

const sinceText = ({ operation, fromNanos }: SpaceTime): string =>
  operation === null ? formatDuration(fromNanos) : "the call";

/** The outcome of an operation without one. */
const OPEN = "open";

type At = (nanos: number) => number;
type Axis = (field: string) => Readonly<Record<string, unknown>>;

function operationLayers({ operations, untilNanos: endNanos }: SpaceTime, at: At, x: Axis, y: Axis) {
  const edge = LABEL_LEFT_SHARE * at(endNanos);
  const values = operations.map(({ name, node, fromNanos, untilNanos, outcome, broken }) => {
    const length = outcome === OPEN ? "without an answer" : formatNanos(untilNanos - fromNanos);
    return {
      ...{ name, node: node - 0.2, start: at(fromNanos), end: at(untilNanos), outcome, length, broken },
      label: operations.length <= LABELS_MAX || broken ? `${name} ${length}` : "",
      labelAt: Math.max(0, at(fromNanos)),
    };
  });
  const color = { condition: { test: "datum.broken", value: FAULT_COLOUR }, value: OPERATION_COLOUR };
  return [
    {
      data: { values },
      mark: { type: "rule", opacity: 1, clip: true },
      encoding: {
        ...{ x: x("start"), x2: { field: "end" }, y: y("node"), color },
        strokeWidth: { condition: { test: "datum.broken", value: 5 }, value: 3 },
        tooltip: ["name", "length", "outcome"].map((field) => ({ field, type: "nominal" })),
      },
    },
    ...(["left", "right"] as const).map((align) => ({
      data: { values: values.filter(({ labelAt }) => labelAt > edge === (align === "right")) },
      mark: {
        ...{ type: "text", fontSize: 10, align, dx: align === "left" ? 0 : -2 },
        baseline: "bottom",
        dy: -3,
      },
      encoding: { x: x("labelAt"), y: y("node"), color, text: { field: "label", type: "nominal" } },
    })),
  ];
}

function markLayers({ marks }: SpaceTime, at: At, x: Axis) {
  if (marks.length === 0) return [];
  const data = { values: marks.map(({ name, atNanos }) => ({ name, at: at(atNanos) })) };
  return [
    {
      data,
      mark: { type: "rule", color: FAULT_COLOUR, strokeWidth: 2, strokeDash: [5, 3], clip: true },
      encoding: { x: x("at"), tooltip: [{ field: "name", type: "nominal" }] },
    },
    {
      data,
      mark: { type: "text", align: "right", baseline: "top", dx: -4, dy: 3, color: FAULT_COLOUR },
      encoding: { x: x("at"), y: { value: 0 }, text: { field: "name", type: "nominal" } },
    },
  ];
}

function faultLayers({ faults }: SpaceTime, at: At, x: Axis, y: Axis) {
  if (faults.length === 0) return [];
  const values = faults.map(({ fault, node, fromNanos, untilNanos }) => ({
    ...{ fault, top: node - 0.42, bottom: node + 0.42, start: at(fromNanos), end: at(untilNanos) },
  }));
  return [
    {
      data: { values },
      mark: { type: "rect", color: FAULT_COLOUR, opacity: 0.18, clip: true },
      encoding: {
        ...{ x: x("start"), x2: { field: "end" }, y: y("top"), y2: { field: "bottom" } },
        tooltip: [{ field: "fault", type: "nominal" }],
      },
    },
    {
      data: { values },
      mark: {
        type: "text",
        fontSize: 10,
        align: "left",
        baseline: "bottom",
        dx: 3,
        dy: -2,
        color: FAULT_COLOUR,
      },
      encoding: { x: x("start"), y: y("bottom"), text: { field: "fault", type: "nominal" } },
    },
  ];
}
