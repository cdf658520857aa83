/**
 * Sampled operations as OpenTelemetry spans: an `ExportTraceServiceRequest` in OTLP's JSON encoding, as collectors and tools take it at
 * `/v1/traces` or from a file. A trace an operation: its root is the operation, the other spans are the steps on its critical path and
 * those that it caused, each a child of the step that caused it.
 *
 * Form: opentelemetry/proto/trace/v1/trace.proto, with the rules of "OTLP/HTTP, JSON Protobuf Encoding": ids as lower-case hexadecimal,
 * 64-bit integers as decimal strings, enumerations as numbers, names in lowerCamelCase.
 *
 * Virtual time has no date, and tools expect one: it begins on 1 January 2000, 00:00 UTC, with the warm-up.
 */

import type { SampledOperation, Trace, TracedProcess, TraceStep } from "../scenarios/tracing/trace.ts";

const EPOCH_NANOS = 946_684_800n * 1_000_000_000n;
const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;
const STATUS_OK = 1;
const STATUS_ERROR = 2;
/** Roots are numbered apart from inputs: 2^63 and more. */
const ROOT = 2n ** 63n;

interface Span {
  readonly process: number;
  readonly span: object;
}

export function otlpJson(trace: Trace, digest: string, version: string): string {
  const byProcess = new Map<number, object[]>();
  for (const operation of trace.operations) {
    for (const { process, span } of spansOf(trace, operation, digest)) {
      const of = byProcess.get(process);
      if (of === undefined) byProcess.set(process, [span]);
      else of.push(span);
    }
  }
  const resourceSpans = [...byProcess]
    .sort(([a], [b]) => a - b)
    .map(([process, spans]) => {
      const { name, role, host } = trace.processes[process]!;
      return {
        resource: {
          attributes: [
            text("service.name", name),
            text("service.namespace", trace.scenario),
            text("service.instance.id", name),
            text("host.name", host),
            text("bokisim.role", role),
            whole("bokisim.seed", trace.seed),
          ],
        },
        scopeSpans: [{ scope: { name: "bokisim", version }, spans }],
      };
    });
  return `${JSON.stringify({ resourceSpans })}\n`;
}

function spansOf(trace: Trace, operation: SampledOperation, digest: string): Span[] {
  const traceId = digest + hex(BigInt(operation.operation));
  const rootId = hex(ROOT + BigInt(operation.operation));
  const present = new Set(operation.steps.map(({ id }) => id));
  const onPath = new Set(operation.path);
  const { name, process, startNanos, endNanos, outcome, phases, complete } = operation;
  const root = {
    traceId,
    spanId: rootId,
    name,
    kind: CLIENT,
    startTimeUnixNano: unixNanos(startNanos),
    endTimeUnixNano: unixNanos(endNanos),
    attributes: [
      text("bokisim.outcome", outcome),
      flag("bokisim.path.complete", complete),
      ...Object.entries(phases).map(([phase, nanos]) => whole(`bokisim.phase.${phase}`, nanos)),
    ],
    status: outcome === "ok" ? { code: STATUS_OK } : { code: STATUS_ERROR, message: outcome },
  };
  return [
    { process, span: root },
    ...operation.steps
      .filter(({ nanos }) => nanos.onCore !== undefined)
      .map((step) => ({
        process: step.process,
        span: {
          traceId,
          spanId: hex(BigInt(step.id)),
          parentSpanId: present.has(step.cause) ? hex(BigInt(step.cause)) : rootId,
          name: String(step.name),
          kind: step.kind === "message" ? SERVER : INTERNAL,
          startTimeUnixNano: unixNanos(step.nanos.onCore!),
          // The step that completes the operation goes on, but what is known of it ends with the operation.
          endTimeUnixNano: unixNanos(step.nanos.ended ?? Math.max(endNanos, step.nanos.onCore!)),
          attributes: attributesOf(step, trace.processes, onPath),
        },
      })),
  ];
}

function attributesOf(
  { id, kind, from, nanos }: TraceStep,
  processes: readonly TracedProcess[],
  onPath: ReadonlySet<number>,
): object[] {
  const { sent, arrived, reached, onThread, onCore } = nanos;
  return [
    text("bokisim.input", kind),
    text("bokisim.from", processes[from]?.name ?? ""),
    flag("bokisim.on_path", onPath.has(id)),
    whole("bokisim.way_nanos", difference(arrived, sent)),
    whole("bokisim.thread_wait_nanos", difference(onThread, reached)),
    whole("bokisim.core_wait_nanos", difference(onCore, onThread)),
  ];
}

const difference = (to: number | undefined, from: number | undefined): number =>
  to === undefined || from === undefined ? 0 : to - from;
const hex = (value: bigint): string => value.toString(16).padStart(16, "0");
const unixNanos = (nanos: number): string => String(EPOCH_NANOS + BigInt(nanos));
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const whole = (key: string, value: number) => ({ key, value: { intValue: String(value) } });
const flag = (key: string, value: boolean) => ({ key, value: { boolValue: value } });
