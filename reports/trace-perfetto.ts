/**
 * A trace in the JSON form of Chrome's trace events, which Perfetto (https://ui.perfetto.dev) and chrome://tracing open: processes with
 * their threads as tracks, steps as slices, the sampled operations as spans of their own and as flows along their critical paths, faults
 * as instants and spans, lost messages as instants, and how many jobs wait in each process as a counter.
 *
 * Form: "Trace Event Format" (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). Times are microseconds,
 * here with three decimals, which is to the nanosecond.
 */

import type { SampledOperation, Trace, TraceStep } from "../scenarios/tracing/trace.ts";

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly [field: string]: unknown;
}

/** What is of no process: faults. Processes have their number and one more. */
const RUN_PID = 0;
/** Threads of a station in the numbers of tracks. */
const SERVERS_MAX = 1_000;

export function perfettoJson(trace: Trace): string {
  const events = [
    ...namesOf(trace),
    ...slicesOf(trace),
    ...trace.operations.flatMap((operation) => operationEvents(trace, operation)),
    ...waitingOf(trace),
    ...lostEvents(trace),
    ...faultEvents(trace),
  ];
  const { scenario, seed, fromNanos, untilNanos, cutShort } = trace;
  const otherData = {
    scenario,
    seed,
    fromNanos,
    untilNanos,
    cutShort,
    times: "since the start of the warm-up",
  };
  // A line an event: a program that reads lines can find its way, and people can.
  const lines = events.map((event) => JSON.stringify(event)).join(",\n");
  return `{"displayTimeUnit":"ns","otherData":${JSON.stringify(otherData)},"traceEvents":[\n${lines}\n]}\n`;
}

const micros = (nanos: number): number => nanos / 1_000;
const pidOf = (process: number): number => process + 1;

/** The track of a step: its thread, numbered by station and thread within it. */
function tidOf({ thread, server }: TraceStep): number {
  return Math.max(0, thread) * SERVERS_MAX + Math.max(0, server) + 1;
}

function namesOf({ processes, steps }: Trace): TraceEvent[] {
  const used = new Map<number, Set<number>>();
  for (const step of ran(steps)) {
    const tids = used.get(step.process) ?? new Set();
    used.set(step.process, tids.add(tidOf(step)));
  }
  const meta = (name: string, pid: number, args: object, tid?: number): TraceEvent => ({
    ph: "M",
    name,
    pid,
    ...(tid === undefined ? {} : { tid }),
    args,
  });
  return [
    meta("process_name", RUN_PID, { name: "run" }),
    ...processes.flatMap(({ name, role, host, stations }, process) => {
      const tids = used.get(process);
      if (tids === undefined) return [];
      const pid = pidOf(process);
      return [
        meta("process_name", pid, { name }),
        meta("process_labels", pid, { labels: `${role} on ${host}` }),
        meta("process_sort_index", pid, { sort_index: pid }),
        ...[...tids]
          .sort((a, b) => a - b)
          .map((tid) => {
            const station = stations[Math.floor((tid - 1) / SERVERS_MAX)];
            const server = (tid - 1) % SERVERS_MAX;
            const many = (station?.threads ?? 1) > 1;
            const label = many ? `${station!.name} ${server + 1}` : (station?.name ?? "main");
            return meta("thread_name", pid, { name: label }, tid);
          }),
      ];
    }),
  ];
}

/** Steps that have run, in the order in which they began. */
function ran(steps: readonly TraceStep[]): TraceStep[] {
  return steps
    .filter(({ nanos }) => nanos.onCore !== undefined)
    .sort((a, b) => a.nanos.onCore! - b.nanos.onCore! || a.id - b.id);
}

/** A step from when it has a thread and a core to its end; what it had waited before is in its arguments. */
function slicesOf({ steps, processes, untilNanos }: Trace): TraceEvent[] {
  const inOrder = ran(steps);
  const nextOn = new Map<string, number>();
  const ends = new Map<number, number>();
  // A step of a process that crashes ends in any case; the next life may begin before that.
  for (const step of [...inOrder].reverse()) {
    const track = `${step.process}/${tidOf(step)}`;
    const { onCore, ended = Math.max(untilNanos, step.nanos.onCore!) } = step.nanos;
    ends.set(step.id, Math.min(ended, nextOn.get(track) ?? Number.POSITIVE_INFINITY));
    nextOn.set(track, onCore!);
  }
  return inOrder.map((step) => {
    const { onCore, reached, onThread, sent, arrived, started } = step.nanos;
    return {
      ph: "X",
      name: String(step.name),
      cat: step.kind,
      pid: pidOf(step.process),
      tid: tidOf(step),
      ts: micros(onCore!),
      dur: micros(ends.get(step.id)! - onCore!),
      args: {
        input: step.id,
        cause: step.cause,
        from: processes[step.from]?.name ?? "",
        onTheWayNanos: difference(arrived, sent),
        waitedForThreadNanos: difference(onThread, reached),
        waitedForCoreNanos: difference(onCore, onThread),
        wakeUpNanos: difference(started, onCore),
      },
    };
  });
}

const difference = (to: number | undefined, from: number | undefined): number =>
  to === undefined || from === undefined ? 0 : to - from;

/** An operation as a span of its client, and as a flow that leads from step to step of its path. */
function operationEvents({ steps }: Trace, operation: SampledOperation): TraceEvent[] {
  const { name, process, startNanos, endNanos, outcome, path, phases } = operation;
  const pid = pidOf(process);
  const id = `0x${operation.operation.toString(16)}`;
  const span = { cat: "operation", name, id, pid, tid: 1 };
  const present = path
    .map((input) => stepById(steps, input))
    .filter((step) => step?.nanos.onCore !== undefined);
  const flow = present.map((step, i) => ({
    ph: i === 0 ? "s" : i === present.length - 1 ? "f" : "t",
    ...(i === present.length - 1 ? { bp: "e" } : {}),
    cat: "path",
    name,
    id,
    pid: pidOf(step!.process),
    tid: tidOf(step!),
    ts: micros(step!.nanos.onCore!),
  }));
  return [
    { ph: "b", ...span, ts: micros(startNanos), args: { outcome, phases } },
    ...(flow.length > 1 ? flow : []),
    { ph: "e", ...span, ts: micros(endNanos) },
  ];
}

const indexes = new WeakMap<readonly TraceStep[], Map<number, TraceStep>>();

function stepById(steps: readonly TraceStep[], id: number): TraceStep | undefined {
  let index = indexes.get(steps);
  if (index === undefined) indexes.set(steps, (index = new Map(steps.map((step) => [step.id, step]))));
  return index.get(id);
}

/** How many jobs of each process wait for a thread or a core, wherever any do. */
function waitingOf({ steps }: Trace): TraceEvent[] {
  const changes = new Map<number, [atNanos: number, by: number][]>();
  for (const { process, nanos } of ran(steps)) {
    const { reached, onCore } = nanos;
    if (reached === undefined || onCore! <= reached) continue;
    const of = changes.get(process) ?? [];
    of.push([reached, 1], [onCore!, -1]);
    changes.set(process, of);
  }
  return [...changes].flatMap(([process, of]) => {
    let waiting = 0;
    const counts = new Map<number, number>();
    for (const [atNanos, by] of of.sort((a, b) => a[0] - b[0])) {
      waiting += by;
      counts.set(atNanos, waiting);
    }
    return [...counts].map(([atNanos, count]) => ({
      ph: "C",
      name: "waiting jobs",
      pid: pidOf(process),
      tid: 0,
      ts: micros(atNanos),
      args: { jobs: count },
    }));
  });
}

/** Messages that nobody got, at the moment at which they were sent, in the process that sent them. */
function lostEvents({ steps, processes }: Trace): TraceEvent[] {
  return steps
    .filter(({ kind, nanos }) => kind === "message" && nanos.arrived === undefined)
    .map(({ name, from, process, nanos }) => ({
      ph: "i",
      s: "p",
      cat: "lost",
      name: `lost: ${name}`,
      pid: pidOf(from),
      tid: 1,
      ts: micros(nanos.sent!),
      args: { to: processes[process]!.name },
    }));
}

function faultEvents({ faults, fromNanos, untilNanos }: Trace): TraceEvent[] {
  return faults
    .filter((fault) => fault.fromNanos <= untilNanos && (fault.untilNanos ?? untilNanos) >= fromNanos)
    .flatMap(({ fault, struck, fromNanos: from, untilNanos: until = untilNanos }, i) => {
      const span = { cat: "fault", name: fault, id: `fault ${i}`, pid: RUN_PID, tid: 1 };
      return [
        {
          ph: "i",
          s: "g",
          cat: "fault",
          name: fault,
          pid: RUN_PID,
          tid: 1,
          ts: micros(from),
          args: { struck },
        },
        { ph: "b", ...span, ts: micros(from), args: { struck } },
        { ph: "e", ...span, ts: micros(Math.max(from, until)) },
      ];
    });
}
