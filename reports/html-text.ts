/** Building blocks of the page: text that is safe to put into HTML, and tables. */

import type { ShownEstimate } from "./format.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML, in elements and in quoted attributes. */
export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => ESCAPES[found]!);

/** A cell: ready HTML, with a class of the style sheet where it needs one. */
export interface Cell {
  readonly html: string;
  readonly class?: "number" | "wrap";
  /** Draws a bar behind the cell, 0 to 1. */
  readonly share?: number;
}

export const textCell = (text: string): Cell => ({ html: escaped(text) });
export const wrapCell = (text: string): Cell => ({ html: escaped(text), class: "wrap" });
export const numberCell = (text: string): Cell => ({ html: escaped(text), class: "number" });

export function estimateCell(shown: ShownEstimate): Cell {
  const interval = shown.interval === null ? "" : ` <span class="interval">${escaped(shown.interval)}</span>`;
  return { html: `${escaped(shown.mean)}${interval}`, class: "number" };
}

export const verdictCell = (held: boolean): Cell => ({
  html: held ? '<span class="good">held</span>' : '<strong class="bad">failed</strong>',
});

/** A table that scrolls sideways on a narrow screen. A title stands over its numbers: the first row decides how. */
export function htmlTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const heads = titles.map((title, column) => {
    const numeric = rows[0]?.[column]?.class === "number" ? ' class="number"' : "";
    return `<th scope="col"${numeric}>${escaped(title)}</th>`;
  });
  const lines = rows.map((row) => `<tr>${row.map(tableCell).join("")}</tr>`);
  return `<div class="scroll"><table><thead><tr>${heads.join("")}</tr></thead><tbody>${lines.join("\n")}</tbody></table></div>`;
}

function tableCell(cell: Cell): string {
  const classes = [
    ...(cell.class === undefined ? [] : [cell.class]),
    ...(cell.share === undefined ? [] : ["meter"]),
  ];
  const classText = classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
  const style = cell.share === undefined ? "" : ` style="--share:${Math.min(1, cell.share).toFixed(3)}"`;
  return `<td${classText}${style}>${cell.html}</td>`;
}

/** A card with a heading; nothing when there is nothing in it. */
export const card = (title: string, content: string): string =>
  content === "" ? "" : `<div class="card"><h3>${escaped(title)}</h3>${content}</div>`;
