/** Charts as SVG pictures, drawn without a browser. */

import * as vega from "vega";
import { compile } from "vega-lite";
import { type Chart, chartSpec, HOVER_LAYER } from "./charts/chart.ts";
import { themeConfig } from "./charts/theme.ts";
import { fontFace, textWidthPixels } from "./font.ts";

/** What the library measures texts with, which its types leave out. */
interface TextMetrics {
  width: (item: { readonly fontSize?: number; readonly limit?: number }, text: unknown) => number;
}

const DEFAULT_SIZE_PIXELS = 11;
// Without a canvas the library would guess, half as much again as it is. A text with a limit is cut there.
(vega as unknown as { readonly textMetrics: TextMetrics }).textMetrics.width = (
  { fontSize, limit },
  text,
) => {
  const width = textWidthPixels(String(text ?? "").trim(), fontSize ?? DEFAULT_SIZE_PIXELS);
  return limit !== undefined && limit > 0 ? Math.min(limit, width) : width;
};

const WIDTH_PIXELS = 720;
const PADDING_PIXELS = 16;

/** Draws a chart for a light ground, which it brings along: it is readable wherever the file is shown. */
export async function chartSvg(chart: Chart): Promise<string> {
  const { spec } = compile(chartSpec(withoutHover(chart), WIDTH_PIXELS), {
    config: themeConfig("light", PADDING_PIXELS),
    logger: failingLogger(chart.name),
  });
  const view = new vega.View(vega.parse(spec), { renderer: "none", logger: failingLogger(chart.name) });
  // Clip paths are numbered from a counter of the library; the same chart must be the same bytes.
  vega.resetSVGDefIds();
  try {
    return withFont(slender(await view.toSVG()));
  } finally {
    view.finalize();
  }
}

const withFont = (svg: string): string =>
  svg.replace(/^<svg [^>]*>/, (opened) => `${opened}<style>${fontFace(400)}</style>`);

/** A picture has its title, its texts and a hundredth of a pixel; a label for each of thousands of marks would be most of the file. */
function slender(svg: string): string {
  return svg
    .replaceAll(/ aria-label="[^"]*" role="graphics-symbol" aria-roledescription="[^"]*"/g, "")
    .replaceAll(/ (?:d|transform)="[^"]*"/g, (attribute) =>
      attribute.replaceAll(/\d+\.\d{3,}/g, (number) => String(Math.round(Number(number) * 100) / 100)),
    )
    .replaceAll("></path>", "/>");
}

/** Layers for the pointer are invisible in a picture and would be most of the file. */
function withoutHover(chart: Chart): Chart {
  const layers = chart.spec.layer as readonly { readonly name?: string }[] | undefined;
  if (layers === undefined) return chart;
  const layer = layers.filter((each) => each.name?.startsWith(HOVER_LAYER) !== true);
  return { ...chart, spec: { ...chart.spec, layer } };
}

/** What Vega would only warn about is a mistake in a chart of ours. */
function failingLogger(name: string): vega.LoggerInterface {
  const fail = (...messages: readonly unknown[]): never => {
    throw new Error(`chart ${name}: ${messages.join(" ")}`);
  };
  const logger: vega.LoggerInterface = {
    level: ((level?: number) => (level === undefined ? vega.Warn : logger)) as vega.LoggerInterface["level"],
    error: fail,
    warn: fail,
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}
