/** Code of applications as nested steps: compiled, and evaluated directly as anybody would write it, to compare the two. */

import type { Amount, Instruction } from "../../../models/applications/application.ts";
import type { Distribution } from "../../../sim/distribution.ts";

export type Step =
  | { readonly op: "work"; readonly work: string; readonly amount: Amount }
  | { readonly op: "call" | "callAsync"; readonly method: number; readonly inputBytes: Amount }
  | {
      readonly op: "store";
      readonly store: number;
      readonly command: string;
      readonly units: Amount;
      readonly arrivalOf?: number;
    }
  | { readonly op: "publish"; readonly queue: number; readonly bytes: Amount }
  | { readonly op: "branch"; readonly share: Amount; readonly body: readonly Step[] }
  | { readonly op: "last"; readonly body: readonly Step[] }
  | { readonly op: "once"; readonly once: number; readonly body: readonly Step[] }
  | { readonly op: "repeat"; readonly times: Amount; readonly body: readonly Step[] }
  | { readonly op: "draw"; readonly variable: number; readonly value: Distribution }
  | { readonly op: "parallel"; readonly branches: readonly (readonly Step[])[] };

export const fixed = (factor: number): Amount => ({ factor, variables: [] });
export const times = (factor: number, ...variables: number[]): Amount => ({ factor, variables });

export const call = (method: number): Step => ({ op: "call", method, inputBytes: fixed(100) });
export const work = (kind: string, amount: number): Step => ({
  op: "work",
  work: kind,
  amount: fixed(amount),
});
export const store = (
  number: number,
  command: string,
  more: { units?: number; arrivalOf?: number } = {},
): Step => {
  const { units = 1, ...rest } = more;
  return { op: "store", store: number, command, units: fixed(units), ...rest };
};

/** Stores ask with 10 bytes a unit and are answered with 20. */
export function compile(steps: readonly Step[]): Instruction[] {
  const code: Instruction[] = [];
  const emit = (instruction: Instruction) => code.push(instruction) - 1;
  block(steps);
  emit({ op: "end" });
  return code;

  function block(body: readonly Step[]): void {
    for (const step of body) one(step);
  }

  function one(step: Step): void {
    switch (step.op) {
      case "store": {
        const { factor, variables } = step.units;
        const requestBytes = { factor: 10 * factor, variables };
        emit({ ...step, requestBytes, replyBytes: { factor: 20 * factor, variables } });
        return;
      }
      case "branch":
      case "last":
      case "once": {
        const at = emit({ op: "end" });
        block(step.body);
        const otherwise = code.length;
        if (step.op === "branch") code[at] = { op: "branch", share: step.share, otherwise };
        else if (step.op === "last") code[at] = { op: "ifLast", otherwise };
        else code[at] = { op: "ifFirst", once: step.once, otherwise };
        return;
      }
      case "repeat": {
        const at = emit({ op: "end" });
        block(step.body);
        emit({ op: "next", back: at + 1 });
        code[at] = { op: "repeat", times: step.times, behind: code.length };
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
        return;
      }
      default:
        emit(step);
    }
  }
}

/** What the direct evaluation has to do with the world. */
export interface Body {
  variables: number[];
  readonly seen: Set<number>;
  readonly trace: string[];
  sample(distribution?: Distribution): number;
}

/** A task waits for its answer, or for the branches it has begun. */
type Wait = { readonly fork: readonly Running[] } | "answer";
type Answer = { readonly last: boolean };
type Running = Generator<Wait, void, Answer>;

class Failed extends Error {}

function amount({ factor, variables }: Amount, body: Body): number {
  return variables.reduce((product, variable) => product * body.variables[variable]!, factor);
}

/** Nested steps by nested calls; a failure is an exception. */
function* evaluate(steps: readonly Step[], body: Body, task: { last: boolean }): Running {
  for (const step of steps) {
    switch (step.op) {
      case "work":
        body.trace.push(`work ${step.work} ${amount(step.amount, body)}`);
        break;
      case "call":
      case "callAsync":
        body.trace.push(`${step.op} ${step.method} ${Math.round(amount(step.inputBytes, body))}`);
        yield "answer";
        break;
      case "store": {
        const units = amount(step.units, body);
        body.trace.push(`store ${step.store} ${step.command} ${units}`);
        const { last } = yield "answer";
        if (step.arrivalOf !== undefined) task.last = last;
        break;
      }
      case "publish":
        body.trace.push(`publish ${step.queue} ${Math.round(amount(step.bytes, body))}`);
        yield "answer";
        break;
      case "branch": {
        const share = amount(step.share, body);
        if (share >= 1 || (share > 0 && body.sample() < share)) yield* evaluate(step.body, body, task);
        break;
      }
      case "last":
        if (task.last) yield* evaluate(step.body, body, task);
        break;
      case "once":
        if (body.seen.has(step.once)) break;
        body.seen.add(step.once);
        yield* evaluate(step.body, body, task);
        break;
      case "repeat": {
        const rounds = Math.floor(amount(step.times, body));
        for (let i = 0; i < rounds; i++) yield* evaluate(step.body, body, task);
        break;
      }
      case "draw":
        body.variables = body.variables.with(step.variable, Math.max(0, Math.floor(body.sample(step.value))));
        break;
      case "parallel":
        yield { fork: step.branches.map((branch) => evaluate(branch, body, { last: false })) };
        break;
    }
  }
}

interface Task {
  readonly running: Running;
  readonly parent: Task | undefined;
  open: number;
  failed: boolean;
}

/** Evaluates steps directly. `waiting`: tasks without their answers, in the order in which they asked. */
export function evaluation(steps: readonly Step[], body: Body) {
  const root = newTask(evaluate(steps, body, { last: false }), undefined);
  const waiting: Task[] = [];
  let ended = false;
  function newTask(running: Running, parent: Task | undefined): Task {
    return { running, parent, open: 0, failed: false };
  }
  function advance(task: Task, next: () => IteratorResult<Wait, void>): void {
    let step: IteratorResult<Wait, void>;
    try {
      step = next();
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      task.failed = true;
      step = { done: true, value: undefined };
    }
    if (step.done === true) {
      if (task.parent === undefined) ended = true;
      else join(task.parent, task.failed);
    } else if (step.value === "answer") waiting.push(task);
    else {
      const branches = step.value.fork.map((running) => newTask(running, task));
      task.open = branches.length + 1;
      for (const branch of branches) advance(branch, () => branch.running.next());
      join(task, false);
    }
  }
  function join(task: Task, failed: boolean): void {
    if (failed) task.failed = true;
    if (--task.open > 0) return;
    advance(task, () =>
      task.failed ? task.running.throw(new Failed()) : task.running.next({ last: false }),
    );
  }
  return {
    start: () => advance(root, () => root.running.next()),
    waiting,
    answer(index: number, ok: boolean, last: boolean): void {
      const [task] = waiting.splice(index, 1);
      advance(task!, () => (ok ? task!.running.next({ last }) : task!.running.throw(new Failed())));
    },
    hasEnded: () => ended,
    hasFailed: () => root.failed,
  };
}
