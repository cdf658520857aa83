/** Critical paths of the operations of a run, kept small: what each piece is, once, and per operation its pieces' lengths. */

import type { Simulation } from "../../sim/simulation.ts";
import type { Tracer } from "../../sim/trace.ts";
import { followPath, type Part, type Piece } from "../../sim/trace-path.ts";
import type { TracedOperation } from "../../sim/trace-records.ts";
import type { TakesUpOf } from "../../sim/trace-search.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Running } from "../systems/running.ts";
import { RESOURCES, type Resource } from "./explanation.ts";

/** What a piece is for people. */
export interface PieceName {
  readonly phase: string;
  readonly resource: Resource;
  readonly place: string;
}

export interface KeptPath {
  readonly latencyNanos: Nanos;
  readonly complete: boolean;
  /** Indices into the names, and lengths; parallel. */
  readonly names: readonly number[];
  readonly nanos: readonly Nanos[];
}

/** Paths beyond this thin out what is kept to every second operation. */
const PATHS_MAX = 60_000;

const RESOURCE_OF = new Map<Part, Resource>(
  (Object.entries(RESOURCES) as [Resource, readonly Part[]][]).flatMap(([resource, parts]) =>
    parts.map((part): [Part, Resource] => [part, resource]),
  ),
);

/** What the model says of steps that take up what had come before. */
export function takesUpIn({ simulation, phases }: Running): TakesUpOf {
  return (process, kind, name) => phases.takenUpBy(simulation.processes[process]!.role, kind, name);
}

/** Follows operations of one name that complete with success from `fromNanos` on. */
export class PathCollector {
  readonly names: PieceName[] = [];
  paths: KeptPath[] = [];
  completed = 0;
  /** Completed operations by name, whatever they are. */
  readonly counts = new Map<string, number>();
  private readonly running: Running;
  private readonly operation: string;
  private readonly fromNanos: Nanos;
  private readonly takesUp: TakesUpOf;
  private readonly nameIndex = new Map<string, number>();
  private every = 1;

  constructor(running: Running, operation: string, fromNanos: Nanos) {
    this.running = running;
    this.operation = operation;
    this.fromNanos = fromNanos;
    this.takesUp = takesUpIn(running);
  }

  take(tracer: Tracer, operation: TracedOperation): void {
    const { name, outcome, startNanos, endNanos } = operation;
    if (outcome !== "ok" || endNanos < this.fromNanos) return;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (name !== this.operation) return;
    if (this.completed++ % this.every !== 0) return;
    const { pieces, complete } = followPath(tracer, operation, this.takesUp);
    this.paths.push({
      latencyNanos: endNanos - startNanos,
      complete,
      names: pieces.map((piece) => this.indexOf(tracer, piece)),
      nanos: pieces.map(({ fromNanos, toNanos }) => toNanos - fromNanos),
    });
    if (this.paths.length > PATHS_MAX) {
      this.paths = this.paths.filter((_, i) => i % 2 === 0);
      this.every *= 2;
    }
  }

  private indexOf(tracer: Tracer, piece: Piece): number {
    const name = this.nameOf(tracer, piece);
    const key = `${name.phase}\n${name.resource}\n${name.place}`;
    let index = this.nameIndex.get(key);
    if (index === undefined) {
      index = this.names.push(name) - 1;
      this.nameIndex.set(key, index);
    }
    return index;
  }

  private nameOf(tracer: Tracer, piece: Piece): PieceName {
    const { input, part } = piece;
    return {
      phase: phaseOf(this.running, tracer, piece),
      resource: RESOURCE_OF.get(part)!,
      place: input === 0 ? "unknown" : placeOf(this.running, tracer, input, part),
    };
  }
}

/** What a piece is called in the model's words. */
export function phaseOf({ simulation, phases }: Running, tracer: Tracer, piece: Piece): string {
  const { input, part, waiting } = piece;
  if (input === 0) return phases.phaseOf("", "message", "", part);
  const { role } = simulation.processes[tracer.processOf(input)]!;
  const waits = tracer.has(waiting) ? tracer.nameOf(waiting) : undefined;
  return phases.phaseOf(role, tracer.kindOf(input), tracer.nameOf(input), part, waits);
}

/** Where a piece of a path goes by: a station, a process, or the way from one to another. */
function placeOf(running: Running, tracer: Tracer, input: number, part: Part): string {
  const { processes } = running.simulation;
  const process = tracer.processOf(input);
  const to = processes[process]!;
  switch (part) {
    case "nicQueue":
    case "transmission":
      return `${processes[tracer.fromOf(input)]!.host.name}/nic out`;
    case "receiverQueue":
      return `${to.host.name}/nic in`;
    case "propagation":
    case "faultDelay":
    case "order": {
      const from = tracer.fromOf(input);
      return from === process
        ? nameOf(running, process)
        : `${nameOf(running, from)} to ${nameOf(running, process)}`;
    }
    case "core":
      return `${to.host.name}/cores`;
    case "sync":
    case "diskRead":
      return `${to.host.name}/disk`;
    case "begin":
    case "late":
      return nameOf(running, tracer.kindOf(input) === "message" ? tracer.fromOf(input) : process);
    default:
      return nameOf(running, process);
  }
}

/** A process, or the pool that it is one of many of. */
export function nameOf(
  { simulation, poolOf }: Pick<Running, "simulation" | "poolOf">,
  process: number,
): string {
  const { name, role, pools } = simulation.processes[process]! satisfies Simulation["processes"][number];
  return poolOf(`${name}/${pools[0]!.name}`, role) ?? name;
}
