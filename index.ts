/**
 * What programs import from "bokisim". For test suites: arbitraries for cases, the simulation of a case under all checkers, and shrinking
 * (docs/property-tests.md). For experiments: running, comparing and sweeping scenarios, and reports (docs/experiments.md, "From TypeScript").
 */

export { INVARIANTS } from "./models/boki/invariants/violations.ts";
export { Mutation } from "./models/boki/mutations.ts";
export { writeReport as report } from "./reports/write.ts";
export {
  type CaseOptions,
  type ClusterOptions,
  cases,
  clusters,
  type DrawnCluster,
  FAULT_KINDS,
  type FaultOptions,
  faultSchedules,
  latencies,
  type WorkloadOptions,
  workloads,
} from "./scenarios/campaign/arbitraries.ts";
export type { Case, CaseCall, LogOperation, Operation, Place } from "./scenarios/campaign/case.ts";
export { EMPTY_CASE, sizeOf } from "./scenarios/campaign/case.ts";
export { formatCase, parseCase } from "./scenarios/campaign/case-file.ts";
export { describeFailure, promiseOf } from "./scenarios/campaign/explain.ts";
export { isWithinBudget } from "./scenarios/campaign/fault-budget.ts";
export { type Campaign, generateCase } from "./scenarios/campaign/generate.ts";
export {
  type Failure,
  type FailureName,
  runCase as simulate,
  type Verdict,
} from "./scenarios/campaign/run-case.ts";
export { shrinkCase as shrink } from "./scenarios/campaign/shrink.ts";
export {
  type CapacityOptions,
  type CapacityResult,
  findCapacity as capacity,
} from "./scenarios/capacity/capacity.ts";
export {
  type ComparisonOptions,
  type ComparisonResult,
  compareScenarios as compare,
} from "./scenarios/comparison/comparison.ts";
export { loadAny as load } from "./scenarios/load.ts";
export { ScenarioError } from "./scenarios/problems.ts";
export type { ScenarioResult } from "./scenarios/result.ts";
export { type RunOptions, runScenario as run } from "./scenarios/run.ts";
export { runSweep as sweep, type SweepOptions, type SweepResult } from "./scenarios/sweep/sweep.ts";
