/** Plain aligned columns and wrapped paragraphs for the terminal. */

import Table from "cli-table3";
import type pc from "picocolors";

export type Colours = ReturnType<typeof pc.createColors>;

const COLUMNS_MAX = 110;
const INDENT = "  ";

export interface TextColumn {
  readonly title: string;
  readonly align: "left" | "right";
}

export const left = (title: string): TextColumn => ({ title, align: "left" });
export const right = (title: string): TextColumn => ({ title, align: "right" });

/** Columns two spaces apart without lines between them; a cell may hold several lines and colours. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  head: (title: string) => string,
): string {
  const none = { top: "", bottom: "", left: "", right: "", mid: "" };
  const table = new Table({
    head: columns.map((column) => head(column.title)),
    colAligns: columns.map((column) => column.align),
    chars: {
      ...none,
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      "left-mid": "",
      "mid-mid": "",
      "right-mid": "",
      left: INDENT,
      middle: INDENT,
    },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Breaks a paragraph between words to lines of at most 110 columns, each indented. */
export function paragraph(text: string, indent = INDENT): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, indent + line].join("\n");
}

/** Shortens a name that would break the columns, keeping its end, where names of one family differ. */
export function shortened(name: string, lengthMax: number): string {
  return name.length <= lengthMax ? name : `…${name.slice(name.length - lengthMax + 1)}`;
}
