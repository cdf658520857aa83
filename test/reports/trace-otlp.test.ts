/**
 * The OTLP trace against its form: opentelemetry/proto/trace/v1/trace.proto and common/v1/common.proto, in the JSON encoding of
 * "OTLP/HTTP" (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hexadecimal, 64-bit integers as decimal strings,
 * enumerations as integers, names in lowerCamelCase, nothing else.
 */

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { otlpJson } from "../../reports/trace-otlp.ts";
import { OPERATIONS_MAX } from "../../scenarios/tracing/trace.ts";
import { traced } from "./trace-fixture.ts";

/** fixed64 and int64 are strings in JSON. */
const unsigned64 = z.string().regex(/^\d{1,20}$/);
const signed64 = z.string().regex(/^-?\d{1,19}$/);
/** A oneof: exactly one of the kinds of values. */
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: signed64 }),
]);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: anyValue }))
  .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, "keys are unique");
/** 16 and 8 bytes, not all zero. */
const traceId = z.string().regex(/^(?!0+$)[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0+$)[0-9a-f]{16}$/);
const span = z.strictObject({
  traceId,
  spanId,
  parentSpanId: spanId.optional(),
  name: z.string().min(1),
  /** INTERNAL to CONSUMER; 0 is "unspecified" and must not be used. */
  kind: z.number().int().min(1).max(5),
  startTimeUnixNano: unsigned64,
  endTimeUnixNano: unsigned64,
  attributes,
  status: z
    .strictObject({
      code: z.union([z.literal(0), z.literal(1), z.literal(2)]),
      message: z.string().optional(),
    })
    .optional(),
});
const request = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string().min(1), version: z.string() }),
          spans: z.array(span).min(1),
        }),
      ),
    }),
  ),
});
type Span = z.infer<typeof span>;

const { trace, digest } = traced("operations", { operations: 40 });
const json = otlpJson(trace, digest, "0.1.0");
const { resourceSpans } = request.parse(JSON.parse(json));
const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
const traces = Map.groupBy(spans, (each: Span) => each.traceId);

describe("the spans of sampled operations", () => {
  test("are a trace an operation, with one root that takes as long as it", () => {
    expect(trace.operations.length).toBeGreaterThan(20);
    expect(traces.size).toBe(trace.operations.length);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots).toHaveLength(traces.size);
    const lengths = roots.map(({ name, startTimeUnixNano, endTimeUnixNano }) => [
      name,
      Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)),
    ]);
    const operations = trace.operations.map(({ name, startNanos, endNanos }) => [
      name,
      endNanos - startNanos,
    ]);
    expect(lengths.sort()).toEqual(operations.sort());
  });

  test("have ids that are unique in their trace, and parents that are there and began before them", () => {
    for (const [, its] of traces) {
      const byId = new Map(its.map((each) => [each.spanId, each]));
      expect(byId.size).toBe(its.length);
      for (const { parentSpanId, startTimeUnixNano, endTimeUnixNano } of its) {
        expect(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano)).toBe(true);
        if (parentSpanId === undefined) continue;
        const parent = byId.get(parentSpanId);
        expect(parent).toBeDefined();
        // What an operation waited for may have begun before it.
        if (parent!.parentSpanId === undefined) continue;
        expect(BigInt(parent!.startTimeUnixNano) <= BigInt(startTimeUnixNano)).toBe(true);
      }
    }
  });

  test("lead through all that the operation caused, not only along its path", () => {
    const appends = trace.operations.filter(({ name, outcome }) => name === "append" && outcome === "ok");
    const replicas = appends.map(({ steps }) => steps.filter(({ name }) => name === "replicate").length);
    expect(Math.max(...replicas)).toBe(3);
    for (const { path, steps, begunBy } of trace.operations) {
      const present = new Set(steps.map(({ id }) => id));
      for (const id of path) expect(id === begunBy || present.has(id)).toBe(true);
    }
  });

  test("say at their root what the operation waited for, which adds up to its length", () => {
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    for (const { attributes: its, startTimeUnixNano, endTimeUnixNano } of roots) {
      const sum = its
        .filter(({ key }) => key.startsWith("bokisim.phase."))
        .reduce((all, { value }) => all + BigInt("intValue" in value ? value.intValue : 0), 0n);
      expect(sum).toBe(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano));
    }
  });

  test("are of the processes that ran them", () => {
    const services = resourceSpans.map(
      ({ resource }) => resource.attributes.find(({ key }) => key === "service.name")!.value,
    );
    for (const name of ["engine-1", "storage-1", "sequencer-1"]) {
      expect(services).toContainEqual({ stringValue: name });
    }
  });

  test("are the same every time", () => {
    const again = traced("operations", { operations: 40 });
    expect(otlpJson(again.trace, again.digest, "0.1.0")).toBe(json);
  });
});

test("a share of the operations is a sample of them, and a large one has its limit", () => {
  const countsOf = (share: number): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { name } of traced("operations", { share }).trace.operations) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  };
  const [all, tenth] = [countsOf(1), countsOf(0.1)];
  const sum = [...all.values()].reduce((a, b) => a + b, 0);
  expect(sum).toBeGreaterThan(200);
  expect(sum).toBeLessThanOrEqual(OPERATIONS_MAX);
  // Of each name by itself: what always completes in turn with something else is in it too.
  expect(tenth).toEqual(new Map([...all].map(([name, count]) => [name, Math.ceil(count / 10)])));
});
