import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Amount, Code } from "../../../models/applications/application.ts";
import {
  advance,
  amountOf,
  type Execution,
  type ExecutionHost,
  fail,
  hasFailed,
  resume,
  startExecution,
} from "../../../models/applications/execution.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import type { Effects } from "../../../sim/machine.ts";
import { fakeEffects } from "../boki/fake-effects.ts";
import { type Body, call, compile, evaluation, fixed, type Step, work } from "./structured.ts";

const VARIABLES = 3;

const anAmount: fc.Arbitrary<Amount> = fc.record({
  factor: fc.constantFrom(0, 0.5, 1, 2.5),
  variables: fc.array(fc.nat(VARIABLES - 1), { maxLength: 1 }),
});
const aValue: fc.Arbitrary<Distribution> = fc.constantFrom(
  { kind: "constant", value: 2.9 },
  { kind: "uniform", low: 0, high: 4 },
);

const { steps } = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 4, depthIdentifier: "code" }),
  step: fc.oneof(
    { depthIdentifier: "code", depthSize: "small", withCrossShrink: true },
    fc.record({ op: fc.constant("work" as const), work: fc.constantFrom("w", "v"), amount: anAmount }),
    fc.record({ op: fc.constantFrom("call", "callAsync"), method: fc.nat(3), inputBytes: anAmount }),
    fc.record({
      op: fc.constant("store" as const),
      store: fc.nat(2),
      command: fc.constantFrom("get", "set"),
      units: anAmount,
      arrivalOf: fc.constant(2),
    }),
    fc.record({ op: fc.constant("publish" as const), queue: fc.nat(1), bytes: anAmount }),
    fc.record({ op: fc.constant("draw" as const), variable: fc.nat(VARIABLES - 1), value: aValue }),
    fc.record({ op: fc.constant("repeat" as const), times: anAmount, body: tie("steps") }),
    fc.record({ op: fc.constant("branch" as const), share: anAmount, body: tie("steps") }),
    fc.record({ op: fc.constant("last" as const), body: tie("steps") }),
    fc.record({ op: fc.constant("once" as const), once: fc.nat(2), body: tie("steps") }),
    fc.record({ op: fc.constant("parallel" as const), branches: fc.array(tie("steps"), { maxLength: 3 }) }),
  ),
}));

interface Context {
  readonly waiting: { task: number; method: number }[];
  readonly seen: Set<number>;
  readonly calls: Map<string, number>;
  readonly stored: unknown[];
}

const host: ExecutionHost<Context> = {
  call(context, _execution, task, method) {
    context.waiting.push({ task, method });
    context.calls.set(`call ${method}`, (context.calls.get(`call ${method}`) ?? 0) + 1);
  },
  store: (context, _execution, task, step, sizes) => {
    context.waiting.push({ task, method: -1 });
    context.stored.push([step.command, sizes]);
  },
  publish: (context, _execution, task) => void context.waiting.push({ task, method: -2 }),
  log: (context, _execution, task, { operation, place }, amounts) => {
    context.waiting.push({ task, method: -3 });
    context.stored.push([operation, place, amounts]);
  },
  isFirst(context, once) {
    if (context.seen.has(once)) return false;
    context.seen.add(once);
    return true;
  },
};

const contextOf = (): Context => ({ waiting: [], seen: new Set(), calls: new Map(), stored: [] });

/** Runs code to its end, answering in an order that `pick` decides. */
function run(code: Code, pick: (n: number) => number, context: Context, variables: number[] = []) {
  const out = fakeEffects();
  const execution: Execution = startExecution({ request: 7, variables });
  let ended = advance(execution, 0, code, host, context, out);
  let most = 1;
  while (!ended) {
    most = Math.max(most, context.waiting.length);
    const [answered] = context.waiting.splice(pick(context.waiting.length), 1);
    ended = resume(execution, answered!.task, true, code, host, context, out);
  }
  return { out, execution, most };
}

function samplePlain(drawn: number, distribution: Distribution | undefined): number {
  if (distribution === undefined) return drawn;
  if (distribution.kind === "constant") return distribution.value;
  if (distribution.kind !== "uniform") throw new Error(`no draw of ${distribution.kind} here`);
  return distribution.low + drawn * (distribution.high - distribution.low);
}

/** The compiled form of steps, with a trace as the direct evaluation keeps it. */
function compiled(body: readonly Step[], sample: Effects["sample"]) {
  const code = compile(body);
  const trace: string[] = [];
  const seen = new Set<number>();
  const waiting: number[] = [];
  const note = (task: number, what: string) => {
    trace.push(what);
    waiting.push(task);
  };
  const tracing: ExecutionHost<undefined> = {
    call: (_, _execution, task, method, bytes, async) =>
      note(task, `${async ? "callAsync" : "call"} ${method} ${bytes}`),
    store: (_, _execution, task, step, { units, requestBytes, replyBytes }) => {
      expect([requestBytes, replyBytes]).toEqual([Math.round(10 * units), Math.round(20 * units)]);
      note(task, `store ${step.store} ${step.command} ${units}`);
    },
    publish: (_, _execution, task, queue, bytes) => note(task, `publish ${queue} ${bytes}`),
    log: () => {
      throw new Error("generated code has no log");
    },
    isFirst: (_, once) => !seen.has(once) && seen.add(once) === seen,
  };
  const out: Effects = {
    ...fakeEffects(),
    sample,
    work: (kind, amount) => void trace.push(`work ${kind} ${amount}`),
  };
  const execution = startExecution({ request: 1, variables: [1, 2, 0] });
  let ended = false;
  return {
    trace,
    waiting,
    execution,
    start: () => void (ended = advance(execution, 0, code, tracing, undefined, out)),
    answer(index: number, ok: boolean, last: boolean): void {
      const [task] = waiting.splice(index, 1);
      ended = ok
        ? resume(execution, task!, last, code, tracing, undefined, out)
        : fail(execution, task!, code, tracing, undefined, out);
    },
    hasEnded: () => ended,
  };
}

describe("executing a body", () => {
  test("does what its steps say in the order of a direct evaluation, however it is answered", () => {
    const answers = fc.infiniteStream(
      fc.record({ pick: fc.nat(), ok: fc.integer({ min: 0, max: 15 }), last: fc.boolean() }),
    );
    const draws = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    fc.assert(
      fc.property(steps, answers, draws, (body, answer, draw) => {
        const drawn: number[] = [];
        const sampleFrom = () => {
          let next = 0;
          return (distribution?: Distribution) => {
            while (drawn.length <= next) drawn.push(draw.next().value);
            return samplePlain(drawn[next++]!, distribution);
          };
        };
        const direct: Body = {
          variables: [1, 2, 0],
          seen: new Set(),
          trace: [],
          sample: sampleFrom(),
        };
        const expected = evaluation(body, direct);
        const actual = compiled(body, sampleFrom());
        expected.start();
        actual.start();
        while (!expected.hasEnded() && direct.trace.length < 300) {
          const { pick, ok, last } = answer.next().value;
          const index = pick % expected.waiting.length;
          expected.answer(index, ok > 0, last);
          actual.answer(index, ok > 0, last);
        }
        expect(actual.trace).toEqual(direct.trace);
        expect(actual.hasEnded()).toBe(expected.hasEnded());
        if (!expected.hasEnded()) return;
        expect(hasFailed(actual.execution)).toBe(expected.hasFailed());
        expect(actual.execution.variables).toEqual(direct.variables);
        expect(actual.execution.tasks).toHaveLength(1);
        expect(actual.waiting).toEqual([]);
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  test("runs branches at the same time, and goes on when the last has ended", () => {
    const body: Step[] = [{ op: "parallel", branches: [[call(0)], [call(1), call(2)], []] }, call(3)];
    const context = contextOf();
    expect(run(compile(body), () => 0, context).most).toBe(2);
    expect([...context.calls.keys()]).toEqual(["call 0", "call 1", "call 2", "call 3"]);
  });

  test("does not take a branch that has yet to begin for one that has ended", () => {
    const nothing: Step = { op: "parallel", branches: [] };
    const body: Step[] = [{ op: "parallel", branches: [[nothing], [call(1)]] }];
    const context = contextOf();
    expect(run(compile(body), () => 0, context).execution.tasks).toHaveLength(1);
    expect(context.calls.get("call 1")).toBe(1);
  });

  test("ends what a failure happens in, after the branches beside it, and not what is before", () => {
    const inner: Step = {
      op: "parallel",
      branches: [
        [call(0), call(1)],
        [call(2), call(3)],
      ],
    };
    const body: Step[] = [
      {
        op: "parallel",
        branches: [
          [inner, call(4)],
          [call(5), call(6)],
        ],
      },
      call(7),
    ];
    const code = compile(body);
    const context = contextOf();
    const out = fakeEffects();
    const execution = startExecution({ request: 1, variables: [] });
    let ended = advance(execution, 0, code, host, context, out);
    while (!ended) {
      const { task, method } = context.waiting.shift()!;
      ended =
        method === 0
          ? fail(execution, task, code, host, context, out)
          : resume(execution, task, false, code, host, context, out);
    }
    expect([...context.calls.keys()]).toEqual(["call 0", "call 2", "call 5", "call 3", "call 6"]);
    expect(hasFailed(execution)).toBe(true);
  });

  test("comes to a place that is for the first time only once in a life", () => {
    const code = compile([{ op: "once", once: 4, body: [work("w", 5)] }]);
    const context = contextOf();
    expect(run(code, () => 0, context).out.worked.get("w")).toBe(5);
    expect(run(code, () => 0, context).out.worked.get("w")).toBeUndefined();
  });

  test("draws variables for what follows, and leaves those of the caller alone", () => {
    const code: Code = [
      { op: "draw", variable: 1, value: { kind: "constant", value: 3.9 } },
      {
        op: "store",
        store: 0,
        command: "get",
        units: { factor: 2, variables: [0, 1] },
        requestBytes: fixed(10.4),
        replyBytes: { factor: 1, variables: [1] },
      },
      { op: "end" },
    ];
    const variables = [5, 0];
    const context = contextOf();
    const { execution } = run(code, () => 0, context, variables);
    expect(context.stored).toEqual([["get", { units: 30, requestBytes: 10, replyBytes: 3 }]]);
    expect(execution.variables).toEqual([5, 3]);
    expect(variables).toEqual([5, 0]);
  });

  test("takes a branch by its share, and the last arrival's way", () => {
    const code: Code = [
      {
        op: "store",
        store: 0,
        command: "count",
        units: fixed(1),
        requestBytes: fixed(1),
        replyBytes: fixed(1),
        arrivalOf: 6,
      },
      { op: "ifLast", otherwise: 3 },
      { op: "work", work: "last", amount: fixed(1) },
      { op: "branch", share: fixed(1), otherwise: 5 },
      { op: "work", work: "surely", amount: { factor: 1, variables: [] } },
      { op: "end" },
    ];
    for (const last of [false, true]) {
      const context = contextOf();
      const out = fakeEffects();
      const execution = startExecution({ request: 1, variables: [] });
      expect(advance(execution, 0, code, host, context, out)).toBe(false);
      expect(resume(execution, 0, last, code, host, context, out)).toBe(true);
      expect(out.worked.get("last") ?? 0).toBe(last ? 1 : 0);
      expect(out.worked.get("surely")).toBe(1);
    }
  });

  test("an amount is its factor times its variables", () => {
    expect(amountOf({ factor: 2, variables: [0, 2, 2] }, [3, 100, 5])).toBe(150);
  });
});
