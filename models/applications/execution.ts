/**
 * Executes compiled application code (application.ts): an explicit program counter, so that what a running body is at is plain
 * data of a few numbers, the same for function workers, web servers, queue consumers and every system that is compared.
 *
 * A body is one task; `parallel` splits off one more for each branch. `advance` carries on with a task until it waits for an
 * answer or ends. What the code asks for is the host's business: a host is a constant of the machine that executes, and gets
 * the machine's own context with every call, so nothing is kept anywhere but in the state. It answers in a later step, never while
 * it is asked.
 *
 * A task waits for one answer at a time; an asynchronous call is answered when it has been taken over. An answer that is a failure
 * ends its task, as an exception would (`fail`): other branches run to their ends, and then the task that waits for them ends too.
 * A variable is drawn for the whole body, whichever branch draws it.
 */

import type { Effects } from "../../sim/machine.ts";
import type { Bytes } from "../../sim/units.ts";
import type { Amount, Code, Instruction } from "./application.ts";
import type { CallInput } from "./messages.ts";

export interface Task {
  /** The instruction that is next; while the task waits, the one that it waits for; ENDED. */
  pc: number;
  /** The task that this is a branch of; -1: it is the body. */
  readonly parent: number;
  /** Branches of this task that have not ended. */
  open: number;
  /** Whether the last counted request to a store was the last arrival. */
  last: boolean;
  /** Something that it or a branch of it asked for has failed. */
  failed: boolean;
  /** Rounds left of the loops around, innermost last. */
  readonly loops: number[];
}

/** In the place of a branch's next instruction. */
const ENDED = -1;

export interface Execution {
  /** The client's request that it is for. */
  readonly request: number;
  variables: readonly number[];
  readonly tasks: Task[];
}

type StoreStep = Extract<Instruction, { op: "store" }>;
export type LogStep = Extract<Instruction, { op: "log" }>;

/** What code asks of the machine that executes it. The answer comes back by `resume` with the number of the task. */
export interface ExecutionHost<Context> {
  call(
    context: Context,
    execution: Execution,
    task: number,
    method: number,
    inputBytes: Bytes,
    async: boolean,
    out: Effects,
  ): void;
  store(
    context: Context,
    execution: Execution,
    task: number,
    step: StoreStep,
    sizes: { readonly units: number; readonly requestBytes: Bytes; readonly replyBytes: Bytes },
    out: Effects,
  ): void;
  publish(
    context: Context,
    execution: Execution,
    task: number,
    queue: number,
    bytes: Bytes,
    out: Effects,
  ): void;
  log(
    context: Context,
    execution: Execution,
    task: number,
    step: LogStep,
    amounts: { readonly tag: number; readonly bytes: Bytes },
    out: Effects,
  ): void;
  /** Whether a place of the code is reached for the first time here; from then on it is not. */
  isFirst(context: Context, once: number): boolean;
}

export function startExecution({ request, variables }: CallInput): Execution {
  return {
    request,
    variables,
    tasks: [{ pc: 0, parent: -1, open: 0, last: false, failed: false, loops: [] }],
  };
}

/** What an amount comes to: never negative, as no factor and no variable is. */
export function amountOf({ factor, variables: indices }: Amount, variables: readonly number[]): number {
  let value = factor;
  for (const index of indices) value *= variables[index]!;
  return value;
}

/** Begins, or goes on with, a task until it waits. True: the whole body has ended. */
export function advance<Context>(
  execution: Execution,
  task: number,
  code: Code,
  host: ExecutionHost<Context>,
  context: Context,
  out: Effects,
): boolean {
  const at = execution.tasks[task]!;
  for (;;) {
    const step = code[at.pc]!;
    switch (step.op) {
      case "work":
        out.work(step.work, amountOf(step.amount, execution.variables));
        at.pc++;
        break;
      case "call":
      case "callAsync": {
        const bytes = Math.round(amountOf(step.inputBytes, execution.variables));
        host.call(context, execution, task, step.method, bytes, step.op === "callAsync", out);
        return false;
      }
      case "store": {
        const { variables } = execution;
        const sizes = {
          units: amountOf(step.units, variables),
          requestBytes: Math.round(amountOf(step.requestBytes, variables)),
          replyBytes: Math.round(amountOf(step.replyBytes, variables)),
        };
        host.store(context, execution, task, step, sizes, out);
        return false;
      }
      case "publish": {
        const bytes = Math.round(amountOf(step.bytes, execution.variables));
        host.publish(context, execution, task, step.queue, bytes, out);
        return false;
      }
      case "log": {
        const { variables } = execution;
        const amounts = {
          tag: Math.floor(amountOf(step.tag, variables)),
          bytes: Math.round(amountOf(step.bytes, variables)),
        };
        host.log(context, execution, task, step, amounts, out);
        return false;
      }
      case "jump":
        at.pc = step.to;
        break;
      case "branch":
        at.pc = isTaken(amountOf(step.share, execution.variables), out) ? at.pc + 1 : step.otherwise;
        break;
      case "ifLast":
        at.pc = at.last ? at.pc + 1 : step.otherwise;
        break;
      case "ifFirst":
        at.pc = host.isFirst(context, step.once) ? at.pc + 1 : step.otherwise;
        break;
      case "repeat": {
        const times = Math.floor(amountOf(step.times, execution.variables));
        if (times < 1) at.pc = step.behind;
        else {
          at.loops.push(times);
          at.pc++;
        }
        break;
      }
      case "next": {
        const innermost = at.loops.length - 1;
        at.loops[innermost]!--;
        if (at.loops[innermost]! > 0) at.pc = step.back;
        else {
          at.loops.pop();
          at.pc++;
        }
        break;
      }
      case "draw": {
        const variables = [...execution.variables];
        variables[step.variable] = Math.max(0, Math.floor(out.sample(step.value)));
        execution.variables = variables;
        at.pc++;
        break;
      }
      case "parallel":
        return split(execution, task, step.branches, step.behind, code, host, context, out);
      case "end":
        return end(execution, task, code, host, context, out);
    }
  }
}

/** The answer that a task has waited for is here; `last`: see `ifLast`. True: the whole body has ended. */
export function resume<Context>(
  execution: Execution,
  task: number,
  last: boolean,
  code: Code,
  host: ExecutionHost<Context>,
  context: Context,
  out: Effects,
): boolean {
  const at = execution.tasks[task]!;
  const step = code[at.pc]!;
  if (step.op === "store" && step.arrivalOf !== undefined) at.last = last;
  at.pc++;
  return advance(execution, task, code, host, context, out);
}

/** What a task has waited for has failed: it ends here. True: the whole body has ended. */
export function fail<Context>(
  execution: Execution,
  task: number,
  code: Code,
  host: ExecutionHost<Context>,
  context: Context,
  out: Effects,
): boolean {
  execution.tasks[task]!.failed = true;
  return end(execution, task, code, host, context, out);
}

/** Whether something that the body asked for has failed. */
export function hasFailed({ tasks }: Execution): boolean {
  return tasks[0]!.failed;
}

/** A share of 0 or 1 draws nothing, so that code without chance has none. */
function isTaken(share: number, out: Effects): boolean {
  if (share >= 1) return true;
  return share > 0 && out.sample() < share;
}

function split<Context>(
  execution: Execution,
  task: number,
  branches: readonly number[],
  behind: number,
  code: Code,
  host: ExecutionHost<Context>,
  context: Context,
  out: Effects,
): boolean {
  const at = execution.tasks[task]!;
  at.pc = behind;
  // One more than there are: the join waits until all of them have been begun.
  at.open = branches.length + 1;
  const first = execution.tasks.length;
  for (const pc of branches) {
    execution.tasks.push({ pc, parent: task, open: 0, last: false, failed: false, loops: [] });
  }
  for (let i = 0; i < branches.length; i++) advance(execution, first + i, code, host, context, out);
  at.open--;
  return at.open > 0 ? false : join(execution, task, code, host, context, out);
}

/** A task is over, and the one that waits for its branches may go on. True: the whole body has ended. */
function end<Context>(
  execution: Execution,
  task: number,
  code: Code,
  host: ExecutionHost<Context>,
  context: Context,
  out: Effects,
): boolean {
  const at = execution.tasks[task]!;
  if (at.parent < 0) return true;
  at.pc = ENDED;
  const parent = execution.tasks[at.parent]!;
  if (at.failed) parent.failed = true;
  parent.open--;
  if (parent.open > 0) return false;
  return join(execution, at.parent, code, host, context, out);
}

/** All branches have ended: the last tasks that have ended are given back. */
function join<Context>(
  execution: Execution,
  task: number,
  code: Code,
  host: ExecutionHost<Context>,
  context: Context,
  out: Effects,
): boolean {
  const { tasks } = execution;
  while (tasks.length - 1 > task && tasks.at(-1)!.pc === ENDED) tasks.pop();
  if (tasks[task]!.failed) return end(execution, task, code, host, context, out);
  return advance(execution, task, code, host, context, out);
}
