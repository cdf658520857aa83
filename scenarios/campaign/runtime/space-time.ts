/** The run of a case of the runtime as a space-time diagram. */

import { START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import type { FaultPeriod } from "../../../sim/faults/fault.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import type { SpaceTime } from "../../tracing/space-time.ts";
import { diagramOfRun } from "../space-time.ts";
import type { RuntimeCase } from "./case.ts";
import { runRuntimeCase } from "./run-case.ts";

/** Undefined where no message was sent. `file`: the case's, which the diagram names. */
export function runtimeCaseDiagram(subject: RuntimeCase, file: string): SpaceTime | undefined {
  return diagramOfRun(file, (show) => {
    let simulation: Simulation | undefined;
    let periods: readonly FaultPeriod[] = [];
    const verdict = runRuntimeCase(subject, {
      onBuilt: (built) => {
        simulation = built;
        show(built);
      },
      onEnd: (its) => {
        periods = its;
      },
    });
    const open = simulation!.recorder
      .pending()
      .map(({ startNanos, ...rest }) => ({ ...rest, startNanos: startNanos - START_UP_NANOS }));
    return {
      ...{ seed: subject.seed, startUpNanos: START_UP_NANOS, verdict, periods, open },
      isLate: open.length > 0 || verdict.failures.length === 0,
      broken: new Set(open.map(({ operation }) => operation)),
    };
  });
}
