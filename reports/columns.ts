/** Tables for other programs: the same columns as CSV and as Parquet. */

import { parquetWriteBuffer } from "hyparquet-writer";

export interface Column {
  readonly name: string;
  readonly type: "STRING" | "INT64" | "DOUBLE";
  /** A row each; null where there is no value. */
  readonly values: readonly (string | number | null)[];
}

/** RFC 4180: titles first, then a line a row. */
export function csvOf(columns: readonly Column[]): string {
  const lines = (columns[0]?.values ?? []).map((_, i) =>
    columns.map(({ values }) => quoted(values[i] ?? "")).join(","),
  );
  return `${[columns.map(({ name }) => quoted(name)).join(","), ...lines].join("\r\n")}\r\n`;
}

function quoted(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One row group: tables of ten thousand rows are a megabyte. */
export function parquetOf(columns: readonly Column[]): Uint8Array {
  const columnData = columns.map(({ name, type, values }) => ({
    ...{ name, type, nullable: values.includes(null) },
    data: type === "INT64" ? values.map((value) => (value === null ? null : BigInt(value))) : [...values],
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
