/** Who talks how much: messages by kind. */

import type { VariantResult } from "../../scenarios/result.ts";
import { formatBytes, formatPerSecond } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, perSecondEncoding } from "./parts.ts";

const KINDS_SHOWN_MAX = 30;
const BAR_HEIGHT = 20;

export function messagesByKind(variant: VariantResult): Chart | undefined {
  const busiestFirst = [...variant.messages]
    .filter((message) => message.count > 0)
    .sort((a, b) => b.countPerSecond - a.countPerSecond);
  if (busiestFirst.length === 0) return undefined;
  const rows: Row[] = busiestFirst.slice(0, KINDS_SHOWN_MAX).map((message) => ({
    kind: message.kind,
    countPerSecond: compact(message.countPerSecond),
    bytesPerSecond: compact(message.bytesPerSecond),
    label: `${formatPerSecond(message.countPerSecond)} · ${formatBytes(message.bytesPerSecond)}/s`,
  }));
  const greatest = rows[0]!.countPerSecond as number;
  const y = {
    field: "kind",
    type: "nominal",
    sort: rows.map((row) => row.kind),
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 200 },
  };
  const perSecond = perSecondEncoding("messages per second");
  // Room for the label of the longest bar.
  const x = {
    field: "countPerSecond",
    ...perSecond,
    scale: { domain: [0, greatest * 1.6], nice: false },
  };
  const omittedCount = busiestFirst.length - rows.length;
  return {
    name: "messages",
    title: "Messages by kind",
    description: `Messages per second over the whole system and the bytes they carry.${omittedCount === 0 ? "" : ` ${omittedCount} rarer kinds are not drawn.`}`,
    columns: [
      { field: "kind", title: "kind" },
      { field: "countPerSecond", title: "messages per second" },
      { field: "bytesPerSecond", title: "bytes per second" },
    ],
    rows,
    spec: {
      height: rows.length * BAR_HEIGHT,
      layer: [
        {
          mark: { type: "bar", cornerRadiusEnd: 2, height: BAR_HEIGHT - 7 },
          encoding: {
            x,
            y,
            tooltip: [
              { field: "kind", type: "nominal" },
              { field: "label", type: "nominal", title: "volume" },
            ],
          },
        },
        {
          mark: { type: "text", align: "left", dx: 5, baseline: "middle" },
          encoding: { x, y, text: { field: "label", type: "nominal" } },
        },
      ],
    },
  };
}
