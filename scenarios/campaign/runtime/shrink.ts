/**
 * Makes a failing case of the runtime small: leaves out faults, loads, functions, steps and nodes, halves what is counted and
 * puts settings back to their defaults, as long as the same kind of failure stays.
 */

import {
  type CaseFunction,
  type CaseLoad,
  type CaseStep,
  callsIn,
  EMPTY_RUNTIME_CASE,
  type RuntimeCase,
} from "./case.ts";
import { type RuntimeFailureName, type RuntimeVerdict, runRuntimeCase } from "./run-case.ts";

export interface ShrunkRuntimeCase {
  readonly case: RuntimeCase;
  readonly verdict: RuntimeVerdict;
  readonly attempts: number;
}

/** `name`: what has to stay among the failures. */
export function shrinkRuntimeCase(
  subject: RuntimeCase,
  name: RuntimeFailureName,
  { attempts }: { readonly attempts: number },
): ShrunkRuntimeCase {
  let best = subject;
  let verdict = runRuntimeCase(subject);
  let spent = 1;
  for (let progress = true; progress; ) {
    progress = false;
    for (const candidate of simplerCases(best)) {
      if (spent >= attempts) return { case: best, verdict, attempts: spent };
      spent++;
      const found = runRuntimeCase(candidate);
      if (found.counts[name] === undefined) continue;
      best = candidate;
      verdict = found;
      progress = true;
      break;
    }
  }
  return { case: best, verdict, attempts: spent };
}

/** Cases with one thing less each, the largest things first. */
function* simplerCases(of: RuntimeCase): Generator<RuntimeCase> {
  const { faults, loads, functions, nodes, settings, network } = of;
  const { timed } = faults;
  if (timed.length > 1) yield { ...of, faults: { timed: [] } };
  for (const [i] of timed.entries()) yield { ...of, faults: { timed: timed.toSpliced(i, 1) } };
  if (loads.length > 1) for (const [i] of loads.entries()) yield withLoads(of, loads.toSpliced(i, 1), i);
  for (const { name } of functions) {
    const without = withoutFunction(of, name);
    if (without !== undefined) yield without;
  }
  for (const [i, load] of loads.entries()) {
    for (const less of fewer(load)) yield { ...of, loads: loads.with(i, less) };
  }
  for (const [i, fn] of functions.entries()) {
    for (const less of fewerSteps(fn)) yield { ...of, functions: functions.with(i, less) };
  }
  if (nodes > 1 && timed.every(({ fault }) => !JSON.stringify(fault).includes(`node ${nodes}`))) {
    yield { ...of, nodes: nodes - 1 };
  }
  for (const name of Object.keys(settings) as (keyof typeof settings)[]) {
    const { [name]: _, ...rest } = settings;
    yield { ...of, settings: rest };
  }
  if (Object.keys(network).length > 0) yield { ...of, network: EMPTY_RUNTIME_CASE.network };
  if (of.costs) yield { ...of, costs: false };
  if (of.shuffleTies) yield { ...of, shuffleTies: false };
}

/** Faults name clients by their places: those behind the one that is left out move up. */
function withLoads(of: RuntimeCase, loads: readonly CaseLoad[], gone: number): RuntimeCase {
  const text = JSON.stringify(of.faults.timed).replaceAll(/client-load(\d+)/g, (_, place) => {
    const before = Number(place);
    return `client-load${Math.min(loads.length - 1, before > gone ? before - 1 : before)}`;
  });
  return { ...of, loads, faults: { timed: JSON.parse(text) } };
}

/** Undefined: a load or a fault needs it. */
function withoutFunction(of: RuntimeCase, name: string): RuntimeCase | undefined {
  const isNamed = of.faults.timed.some(({ fault }) => JSON.stringify(fault).includes(` of ${name}`));
  if (isNamed || of.loads.some(({ fn }) => fn === name)) return undefined;
  const functions = of.functions
    .filter((each) => each.name !== name)
    .map((each) => ({ ...each, steps: each.steps.flatMap((step) => withoutCalls(step, name)) }));
  return { ...of, functions };
}

function withoutCalls(step: CaseStep, name: string): CaseStep[] {
  if (step.op === "parallel") {
    const calls = step.calls.filter(({ fn }) => fn !== name);
    return calls.length === 0 ? [] : [{ ...step, calls }];
  }
  return callsIn([step]).includes(name) ? [] : [step];
}

function* fewer(load: CaseLoad): Generator<CaseLoad> {
  for (const count of new Set([1, load.count >> 1, load.count - 1])) {
    if (count >= 1 && count < load.count) yield { ...load, count };
  }
  if (load.atNanos > 0) yield { ...load, atNanos: 0 };
  if (load.inputBytes > 0) yield { ...load, inputBytes: 0 };
}

function* fewerSteps(fn: CaseFunction): Generator<CaseFunction> {
  for (const [i, step] of fn.steps.entries()) {
    yield { ...fn, steps: fn.steps.toSpliced(i, 1) };
    if (step.op === "parallel" && step.calls.length > 1) {
      yield { ...fn, steps: fn.steps.with(i, { ...step, calls: step.calls.slice(1) }) };
    }
  }
  if (fn.outputBytes > 0) yield { ...fn, outputBytes: 0 };
}
