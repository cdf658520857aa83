/**
 * The one look of all charts, for light and for dark ground. Colours are those of Okabe and Ito, told apart with every
 * kind of colour blindness; the dark set is lightened at equal hue. Heat maps use viridis, which is as safe.
 */

import type { Config } from "vega-lite";

/** Charts are written in one weight of one font, which pages and pictures carry along (font.ts). */
const FONT = "Inter, sans-serif";

interface Ground {
  readonly background: string;
  readonly text: string;
  readonly quietText: string;
  readonly line: string;
  readonly categories: readonly string[];
}

const LIGHT: Ground = {
  background: "#ffffff",
  text: "#1f2328",
  quietText: "#57606a",
  line: "#e3e6ea",
  categories: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6d1f", "#6b7280"],
};

const DARK: Ground = {
  background: "#14171c",
  text: "#e6e8eb",
  quietText: "#9aa4b0",
  line: "#2b3038",
  categories: ["#4ba3e3", "#f0ae2a", "#22b88c", "#e093bf", "#9bd3f5", "#f2793f", "#c9a85a", "#9aa4b0"],
};

/** The theme as a Vega-Lite configuration. Charts bring their ground along: what is saved from a page stays readable. */
export function themeConfig(ground: "light" | "dark", paddingPixels: number): Config {
  const colours = ground === "light" ? LIGHT : DARK;
  return {
    background: colours.background,
    font: FONT,
    padding: paddingPixels,
    view: { stroke: null },
    title: { color: colours.text, fontSize: 15, fontWeight: 400, anchor: "start", offset: 12 },
    axis: {
      labelColor: colours.quietText,
      titleColor: colours.quietText,
      titleFontWeight: 400,
      labelFontSize: 11,
      titleFontSize: 11,
      titlePadding: 8,
      gridColor: colours.line,
      domainColor: colours.line,
      tickColor: colours.line,
      tickSize: 4,
      labelPadding: 4,
    },
    legend: {
      orient: "top",
      title: null,
      labelColor: colours.text,
      labelFontSize: 11,
      labelLimit: 220,
      titleColor: colours.quietText,
      titleFontSize: 11,
      titleFontWeight: 400,
      symbolStrokeWidth: 2,
      columnPadding: 16,
      offset: 8,
    },
    range: { category: [...colours.categories], heatmap: { scheme: "viridis" }, ramp: { scheme: "viridis" } },
    line: { strokeWidth: 1.8, strokeCap: "round", strokeJoin: "round" },
    bar: { color: colours.categories[0]! },
    rule: { color: colours.quietText },
    point: { filled: true, size: 45 },
    text: { color: colours.quietText, fontSize: 11 },
  };
}

/** Of areas that mark a period, such as the warm-up: visible on both grounds without hiding what is on them. */
export const PERIOD_COLOUR = "#8b949e";
export const PERIOD_OPACITY = 0.14;

/** Of faults: vermilion, which no warm-up is taken for. */
export const FAULT_COLOUR = "#d55e00";
export const FAULT_OPACITY = 0.1;
/** Of the ends of views. */
export const VIEW_COLOUR = "#6b7280";
