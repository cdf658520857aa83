/** The state of one process at a moment of a run, and what each of its steps changed up to another (docs/reports.md, "States"). */

import type { Nanos } from "../../sim/units.ts";
import { suggestion } from "../problems.ts";
import { buildReplication, type ReplicationProgress } from "../replication.ts";
import type { AnyScenario } from "../scenario.ts";
import { ExplanationError } from "./explanation.ts";
import { type Patch, type Plain, patchesBetween, plainOf } from "./plain-state.ts";

export interface StatesSpec {
  readonly scenario: AnyScenario;
  readonly variant: string;
  readonly seed: number;
  readonly replication: number;
  /** Name of the process. */
  readonly node: string;
  /** From the start of the warm-up. */
  readonly atNanos: Nanos;
  /** Undefined: only the state at that moment. */
  readonly untilNanos: Nanos | undefined;
}

/** A step, and what it changed. */
export interface StateChange {
  /** When it began: the state changes then, what the step sends leaves when its CPU time is over. */
  readonly atNanos: Nanos;
  /** What it took in; none where the process began anew. */
  readonly inputs: readonly { readonly kind: string; readonly name: string; readonly from: string | null }[];
  readonly patches: readonly Patch[];
}

export interface States {
  readonly format: "bokisim-states-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly file: string;
  readonly variant: string;
  readonly seed: number;
  readonly node: string;
  readonly atNanos: Nanos;
  readonly untilNanos: Nanos | null;
  /** Whether the process was up; of one that is down the state is what it left. */
  readonly up: boolean;
  readonly state: Plain;
  readonly changes: readonly StateChange[];
}

/** Each copies the state twice, and nobody reads more. */
export const STEPS_MAX = 500;
const SLICES = 100;

/** An `ExplanationError` says what is wrong with the question. */
export function statesOf(
  spec: StatesSpec,
  version: string,
  report: (progress: ReplicationProgress) => void = () => {},
): States {
  const { scenario, variant, seed, replication, node, atNanos, untilNanos } = spec;
  const endNanos = scenario.warmupNanos + scenario.durationNanos;
  const last = untilNanos ?? atNanos;
  if (last > endNanos) {
    throw new ExplanationError(
      `the run ends at ${endNanos / 1e9} s, warm-up included, before ${last / 1e9} s`,
    );
  }
  const { running } = buildReplication({ scenario, seed, replication, mode: "fast" });
  const { simulation, startUpNanos } = running;
  const names = simulation.processes.map(({ name }) => name);
  const address = names.indexOf(node);
  if (address < 0) {
    throw new ExplanationError(`no process is named ${node}${suggestion(node, names, "there are")}`);
  }
  const { cell } = simulation.processes[address]!;
  simulation.start();
  simulation.run(startUpNanos);
  for (let slice = 1; slice <= SLICES; slice++) {
    simulation.run(startUpNanos + Math.floor((atNanos * slice) / SLICES));
    report({ simulatedNanos: simulation.nowNanos - startUpNanos, events: simulation.events });
  }
  const { up } = simulation.processes[address]!;
  const state = plainOf(cell[0]);
  const changes: StateChange[] = [];
  if (untilNanos !== undefined) {
    let before = state;
    const changed = (inputs: StateChange["inputs"]): void => {
      const after = plainOf(cell[0]);
      const patches = patchesBetween(before, after);
      before = after;
      if (inputs.length === 0 && patches.length === 0) return;
      changes.push({ atNanos: simulation.nowNanos - startUpNanos, inputs, patches });
      if (changes.length > STEPS_MAX) {
        throw new ExplanationError(
          `${node} takes more than ${STEPS_MAX} steps in that time: ask for a shorter one, up to ${changes.at(-1)!.atNanos / 1e9}s for instance`,
        );
      }
    };
    simulation.followSteps(address, {
      // What differs before a step no step has done: the process began anew.
      before: () => changed([]),
      after: (kind, name, from) =>
        changed([{ kind, name: String(name), from: from === undefined ? null : names[from]! }]),
    });
    simulation.run(startUpNanos + untilNanos);
    changed([]);
  }
  return {
    ...{ format: "bokisim-states-1", bokisimVersion: version, scenario: scenario.name, file: scenario.file },
    ...{ variant, seed, node, atNanos, untilNanos: untilNanos ?? null, up, state, changes },
  };
}
