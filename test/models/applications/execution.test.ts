import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Amount, Code, Instruction } from "../../../models/applications/application.ts";
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
import { fakeEffects } from "../boki/fake-effects.ts";

/** The structured form of a body, and its evaluation as anybody would write it. */
type Step =
  | { readonly op: "work"; readonly amount: number }
  | { readonly op: "call"; readonly method: number }
  | { readonly op: "repeat"; readonly times: number; readonly body: Step[] }
  | { readonly op: "once"; readonly once: number; readonly body: Step[] }
  | { readonly op: "never"; readonly body: Step[] }
  | { readonly op: "parallel"; readonly branches: Step[][] };

const fixed = (factor: number): Amount => ({ factor, variables: [] });

function compile(steps: readonly Step[]): Instruction[] {
  const code: Instruction[] = [];
  const emit = (instruction: Instruction) => code.push(instruction) - 1;
  const block = (body: readonly Step[]) => {
    for (const step of body) one(step);
  };
  function one(step: Step): void {
    switch (step.op) {
      case "work":
        emit({ op: "work", work: "w", amount: fixed(step.amount) });
        return;
      case "call":
        emit({ op: "call", method: step.method, inputBytes: fixed(1) });
        return;
      case "repeat": {
        const at = emit({ op: "end" });
        block(step.body);
        emit({ op: "next", back: at + 1 });
        code[at] = { op: "repeat", times: fixed(step.times + 0.5), behind: code.length };
        return;
      }
      case "once":
      case "never": {
        const at = emit({ op: "end" });
        block(step.body);
        code[at] =
          step.op === "once"
            ? { op: "ifFirst", once: step.once, otherwise: code.length }
            : { op: "branch", share: fixed(0), otherwise: code.length };
        return;
      }
      case "parallel": {
        const at = emit({ op: "end" });
        const branches = step.branches.map((branch) => {
          const start = code.length;
          block(branch);
          emit({ op: "end" });
          return start;
        });
        code[at] = { op: "parallel", branches, behind: code.length };
      }
    }
  }
  block(steps);
  emit({ op: "end" });
  return code;
}

/** How often each thing happens, whatever the order of answers. */
function count(steps: readonly Step[], into: Map<string, number>, seen: Set<number>): Map<string, number> {
  const add = (what: string, by = 1) => into.set(what, (into.get(what) ?? 0) + by);
  for (const step of steps) {
    if (step.op === "work") add("work", step.amount);
    if (step.op === "call") add(`call ${step.method}`);
    if (step.op === "repeat") for (let i = 0; i < step.times; i++) count(step.body, into, seen);
    if (step.op === "once" && !seen.has(step.once)) {
      seen.add(step.once);
      count(step.body, into, seen);
    }
    if (step.op === "parallel") for (const branch of step.branches) count(branch, into, seen);
  }
  return into;
}

const { steps } = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 4, depthIdentifier: "code" }),
  step: fc.oneof(
    { depthIdentifier: "code", depthSize: "small", withCrossShrink: true },
    fc.record({ op: fc.constant("work" as const), amount: fc.nat(9) }),
    fc.record({ op: fc.constant("call" as const), method: fc.nat(3) }),
    fc.record({ op: fc.constant("repeat" as const), times: fc.nat(3), body: tie("steps") }),
    fc.record({ op: fc.constant("never" as const), body: tie("steps") }),
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

describe("executing a body", () => {
  test("does what its steps say, in whatever order answers come, and ends when all of it has", () => {
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (body, order) => {
        const context = contextOf();
        const { out, execution } = run(compile(body), (n) => order.next().value % n, context);
        const expected = count(body, new Map(), new Set());
        expect(out.worked.get("w") ?? 0).toBe(expected.get("work") ?? 0);
        expected.delete("work");
        expect(context.calls).toEqual(expected);
        expect(context.waiting).toEqual([]);
        expect(execution.tasks).toHaveLength(1);
        expect(hasFailed(execution)).toBe(false);
        expect(execution.tasks[0]!.loops).toEqual([]);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  test("runs branches at the same time, and goes on when the last has ended", () => {
    const call = (method: number): Step => ({ op: "call", method });
    const body: Step[] = [{ op: "parallel", branches: [[call(0)], [call(1), call(2)], []] }, call(3)];
    const context = contextOf();
    expect(run(compile(body), () => 0, context).most).toBe(2);
    expect([...context.calls.keys()]).toEqual(["call 0", "call 1", "call 2", "call 3"]);
  });

  test("does not take a branch that has yet to begin for one that has ended", () => {
    const nothing: Step = { op: "parallel", branches: [] };
    const body: Step[] = [{ op: "parallel", branches: [[nothing], [{ op: "call", method: 1 }]] }];
    const context = contextOf();
    expect(run(compile(body), () => 0, context).execution.tasks).toHaveLength(1);
    expect(context.calls.get("call 1")).toBe(1);
  });

  test("ends what a failure happens in, after the branches beside it, and not what is before", () => {
    const call = (method: number): Step => ({ op: "call", method });
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
    const code = compile([{ op: "once", once: 4, body: [{ op: "work", amount: 5 }] }]);
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
