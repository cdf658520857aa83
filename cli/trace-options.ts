/** What `bokisim run --trace` records, as the command line says it, and the file it goes to. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { parseQuantity, parseShare, TIME } from "../scenarios/quantity.ts";
import type { ScenarioResult } from "../scenarios/result.ts";
import type { Trace, TraceRequest } from "../scenarios/tracing/trace.ts";
import { InputError } from "./services.ts";

export const TRACE_FORMATS = ["perfetto", "otlp"] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

export interface TraceOptions {
  readonly trace?: TraceFormat | undefined;
  readonly traceSample?: TraceRequest["sample"] | undefined;
  readonly traceWindow?: TraceWindow | undefined;
}

export type TraceWindow = NonNullable<TraceRequest["window"]>;

const OPERATIONS_DEFAULT = 100;

/** Undefined: no trace is wanted. */
export function traceRequest({ trace, traceSample, traceWindow }: TraceOptions): TraceRequest | undefined {
  if (trace === undefined) {
    if (traceSample === undefined && traceWindow === undefined) return undefined;
    throw new InputError(
      "--trace-sample and --trace-window say what --trace records; without it they do nothing",
    );
  }
  return {
    of: trace === "perfetto" ? "steps" : "operations",
    sample: traceSample ?? { operations: OPERATIONS_DEFAULT },
    window: traceWindow,
  };
}

export interface WrittenTrace {
  readonly file: string;
  /** What a reader must know of it. */
  readonly note: string;
}

export async function writeTrace(
  format: TraceFormat,
  trace: Trace,
  result: ScenarioResult,
  directory: string,
): Promise<WrittenTrace> {
  const file = join(directory, `trace.${format}.json`);
  await mkdir(directory, { recursive: true });
  if (format === "perfetto") {
    const { perfettoJson } = await import("../reports/trace-perfetto.ts");
    await writeFile(file, perfettoJson(trace));
  } else {
    const { otlpJson } = await import("../reports/trace-otlp.ts");
    await writeFile(file, otlpJson(trace, result.variants[0]!.digests[0]!, result.bokisimVersion));
  }
  const { formatCount, formatDuration } = await import("../reports/format.ts");
  const operations = `${formatCount(trace.operations.length)} operations`;
  const until = formatDuration(Math.round(trace.untilNanos / 1e3) * 1e3);
  const note =
    format === "otlp"
      ? operations
      : `${formatCount(trace.steps.length)} steps and ${operations}, ${formatDuration(trace.fromNanos)} to ${until}` +
        (trace.cutShort ? ", where it was full; --trace-window chooses another part" : "");
  return { file, note };
}

export function traceFormat(text: string): TraceFormat {
  const format = TRACE_FORMATS.find((each) => each === text);
  if (format === undefined) throw new InvalidArgumentError(`Allowed: ${TRACE_FORMATS.join(", ")}.`);
  return format;
}

/** `50`, or `1%`. */
export function traceSample(text: string): TraceRequest["sample"] {
  if (/^\d+$/.test(text) && Number(text) >= 1) return { operations: Number(text) };
  const share = parseShare(text);
  if (text.endsWith("%") && share.ok && share.value > 0) return { share: share.value };
  throw new InvalidArgumentError("A number of operations or a share of them is wanted, such as 50 or 1%.");
}

/** `1s..1.2s` */
export function traceWindow(text: string): TraceWindow {
  const [from, until, ...more] = text
    .split("..")
    .map((each) => parseQuantity(TIME, each.trim() === "0" ? "0s" : each));
  if (more.length === 0 && from?.ok === true && until?.ok === true && from.value < until.value) {
    return { fromNanos: from.value, untilNanos: until.value };
  }
  throw new InvalidArgumentError(
    "Two moments of the run are wanted, from the start of the warm-up, such as 1s..1.2s.",
  );
}
