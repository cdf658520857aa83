/** Ways to make the faults of a case fewer and simpler, and to keep them aimed at processes that are there. */

import { CLUSTER_DEFAULTS } from "../../models/boki/config.ts";
import { processNames } from "../../models/boki/parts.ts";
import type { Distribution } from "../../sim/distribution.ts";
import type { Fault, RepeatedFault, Selector, TimedFault } from "../../sim/faults/fault.ts";
import { MICROSECOND, type Nanos } from "../../sim/units.ts";
import { CASE_CLUSTER, type Case } from "./case.ts";
import { oneByOne, type Pass, shorter } from "./pass.ts";

export function* fewerFaults(subject: Case): Generator<Case, void, boolean> {
  let best = subject;
  const taken = function* (pass: Generator<Case, void, boolean>): Generator<Case, void, boolean> {
    let next = pass.next(false);
    while (next.done !== true) {
      const was = yield next.value;
      if (was) best = next.value;
      next = pass.next(was);
    }
  };
  yield* taken(
    shorter(
      best,
      ({ faults }) => faults.timed,
      (of, timed) => ({ ...of, faults: { ...of.faults, timed } }),
    ),
  );
  yield* taken(
    shorter(
      best,
      ({ faults }) => faults.repeated ?? [],
      (of, repeated) => withPlan(of, of.faults.timed, repeated),
    ),
  );
  yield* taken(
    shorter(
      best,
      ({ staysDown }) => staysDown,
      (of, staysDown) => ({ ...of, staysDown }),
    ),
  );
  yield* taken(
    shorter(
      best,
      ({ reconfigurations }) => reconfigurations,
      (of, reconfigurations) => ({ ...of, reconfigurations }),
    ),
  );
}

/** Faults that come once instead of again and again, strike fewer processes, in one direction, and spoil all or nothing. */
export const simplerFaults: Pass = (subject) => {
  const { timed, repeated = [] } = subject.faults;
  return oneByOne(subject, [
    // From the last to the first, so that those still to come keep their places.
    ...repeated.map((_, i) => (of: Case) => oncePerPlan(of, repeated.length - 1 - i)),
    ...repeated.map((_, i) => (of: Case) => withRepeated(of, i, steady)),
    ...timed.flatMap(({ fault }, i) =>
      simplerOf(fault).map((simpler) => (of: Case) => withTimed(of, i, (each) => changed(each, simpler))),
    ),
    ...repeated.flatMap(({ fault }, i) =>
      simplerOf(fault).map((simpler) => (of: Case) => withRepeated(of, i, (each) => changed(each, simpler))),
    ),
  ]);
};

/** Earlier and shorter faults. */
export function earlierFaults(subject: Case): ((of: Case) => Case | undefined)[] {
  const { timed, repeated = [] } = subject.faults;
  return [
    ...timed.flatMap((_, i) => [
      (of: Case) => withTimed(of, i, (each) => ({ ...each, atNanos: halved(each.atNanos) })),
      (of: Case) =>
        withTimed(of, i, (each) =>
          each.forNanos === undefined ? undefined : { ...each, forNanos: halved(each.forNanos) },
        ),
    ]),
    ...repeated.map(
      (_, i) => (of: Case) => withRepeated(of, i, (each) => ({ ...each, fromNanos: halved(each.fromNanos) })),
    ),
  ];
}

export const halved = (nanos: Nanos): Nanos => Math.floor(nanos / 2 / MICROSECOND) * MICROSECOND;

/** A plan in which nothing comes again and again does not speak of it. */
function withPlan(of: Case, timed: readonly TimedFault[], repeated: readonly RepeatedFault[]): Case {
  const { repeated: _, ...rest } = of.faults;
  const faults = { ...rest, timed };
  return { ...of, faults: repeated.length === 0 ? faults : { ...faults, repeated } };
}

function withTimed(
  of: Case,
  i: number,
  change: (fault: TimedFault) => TimedFault | undefined,
): Case | undefined {
  const before = of.faults.timed[i];
  const after = before && change(before);
  if (after === undefined) return undefined;
  return { ...of, faults: { ...of.faults, timed: of.faults.timed.with(i, after) } };
}

function withRepeated(
  of: Case,
  i: number,
  change: (fault: RepeatedFault) => RepeatedFault | undefined,
): Case | undefined {
  const { repeated = [] } = of.faults;
  const before = repeated[i];
  const after = before && change(before);
  if (after === undefined) return undefined;
  return withPlan(of, of.faults.timed, repeated.with(i, after));
}

/** A repeated fault strikes once, when it would first do so about. Its number stays, so it draws what it drew. */
function oncePerPlan(of: Case, i: number): Case {
  const { timed, repeated = [] } = of.faults;
  const { fromNanos, everyNanos, lengthNanos, untilNanos: _, ...rest } = repeated[i]!;
  const once: TimedFault = {
    ...rest,
    atNanos: fromNanos + typicalOf(everyNanos),
    ...(rest.fault.kind === "reset" ? {} : { forNanos: typicalOf(lengthNanos) }),
  };
  return withPlan(of, [...timed, once], repeated.toSpliced(i, 1));
}

function steady(each: RepeatedFault): RepeatedFault | undefined {
  const { everyNanos, lengthNanos } = each;
  if (everyNanos.kind === "constant" && lengthNanos.kind === "constant") return undefined;
  const constant = (of: Distribution): Distribution => ({ kind: "constant", value: typicalOf(of) });
  return { ...each, everyNanos: constant(everyNanos), lengthNanos: constant(lengthNanos) };
}

/** A value that a drawn time may well have. */
function typicalOf(distribution: Distribution): Nanos {
  switch (distribution.kind) {
    case "constant":
      return distribution.value;
    case "exponential":
      return distribution.mean;
    case "uniform":
      return Math.round((distribution.low + distribution.high) / 2);
    case "lognormal":
      return distribution.median;
    case "quantiles":
      return distribution.values[Math.floor(distribution.values.length / 2)]!;
    case "mixture":
      return typicalOf(distribution.parts[0]!);
    case "zipf":
      return 0;
  }
}

/** Undefined: the fault is not what it was when the change was thought of. */
type Simpler = (fault: Fault) => Fault | undefined;

function changed<T extends { readonly fault: Fault }>(each: T, simpler: Simpler): T | undefined {
  const fault = simpler(each.fault);
  return fault === undefined ? undefined : { ...each, fault };
}

/** The ends of a fault that select processes. */
const ENDS = ["of", "from", "to", "and"] as const;

function simplerOf(fault: Fault): Simpler[] {
  const ends = fault as Partial<Record<(typeof ENDS)[number], Selector>>;
  const fewerNames = ENDS.flatMap((end) =>
    (ends[end]?.names ?? []).map(
      (name): Simpler =>
        (of) =>
          without(of, end, name),
    ),
  );
  const rules = "rule" in fault ? Object.keys(fault.rule).filter((name) => name.endsWith("Share")) : [];
  const whole = rules.map(
    (name): Simpler =>
      (of) =>
        withShare(of, name),
  );
  const oneWay: Simpler = (of) =>
    of.kind === "link" && of.bothWays === true ? { ...of, bothWays: false } : undefined;
  return [...fewerNames, oneWay, ...whole];
}

function without(fault: Fault, end: (typeof ENDS)[number], name: string): Fault | undefined {
  const selector = (fault as Partial<Record<typeof end, Selector>>)[end];
  const names = selector?.names?.filter((each) => each !== name) ?? [];
  if (names.length === 0 || names.length === selector?.names?.length) return undefined;
  return { ...fault, [end]: { ...selector, names } };
}

/** A share that is neither nothing nor all draws for every message or write: all is simpler. */
function withShare(fault: Fault, name: string): Fault | undefined {
  if (!("rule" in fault) || (fault.rule as Record<string, unknown>)[name] === 1) return undefined;
  return { ...fault, rule: { ...fault.rule, [name]: 1 } } as Fault;
}

/** Without faults that strike only processes that there are not, and without naming these in others. */
export function aimedAtWhoIsThere(of: Case): Case {
  const there = new Set(namesIn(of));
  const aimed = <T extends { readonly fault: Fault }>(each: T): T[] => {
    const fault: Record<string, unknown> = { ...each.fault };
    for (const end of ENDS) {
      const selector = fault[end] as Selector | undefined;
      if (selector?.names === undefined) continue;
      const names = selector.names.filter((name) => there.has(name));
      if (names.length === 0) return [];
      fault[end] = { ...selector, names };
    }
    return [{ ...each, fault: fault as unknown as Fault }];
  };
  const { timed, repeated = [] } = of.faults;
  const staysDown = of.staysDown.filter((name) => there.has(name));
  return { ...withPlan(of, timed.flatMap(aimed), repeated.flatMap(aimed)), staysDown };
}

/** Processes that a fault may be aimed at by name. */
export function namesIn(of: Case): string[] {
  const cluster = { ...CLUSTER_DEFAULTS, ...CASE_CLUSTER, ...of.cluster, workersPerEngine: 0 };
  return Object.values(processNames(cluster, [])).flat();
}
