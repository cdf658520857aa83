/**
 * Sequential programs inside machines: function bodies, library calls, client loops (docs/kernel.md, "Programs").
 *
 * A program is a generator function that yields requests and is resumed with their results. Its state is what it was
 * started with and the list of results so far: everything else follows by running it again on that list. In fast mode the
 * live generator is kept between steps as a cache of that; in checked mode, after a restore, and in a replay it is
 * rebuilt. So a program must be a function of its arguments and its results, like a step.
 *
 * A loop that never ends would collect results for ever. It ends with `again(args)` instead, which starts the program
 * anew with other arguments and an empty list.
 */

import type { ProgramCache } from "./machine.ts";

export type Program<Args, Request, Result, Answer> = (args: Args) => Generator<Request, Answer, Result>;

/** The state of a running program: plain data, part of a machine's state. */
export interface ProgramRun<Args, Result> {
  /** Numbers runs within their machine; never used twice, or a cached generator would be taken for another's. */
  readonly id: number;
  readonly args: Args;
  results: Result[];
}

/** What a program does next: ask for something, or end. */
export type Progress<Request, Answer> =
  | { readonly done: false; readonly request: Request }
  | { readonly done: true; readonly answer: Answer };

/** Starts a program and runs it to its first request. */
export function startProgram<Args, Request, Result, Answer>(
  program: Program<Args, Request, Result, Answer>,
  run: ProgramRun<Args, Result>,
  cache: ProgramCache,
): Progress<Request, Answer> {
  const generator = program(run.args);
  return advance(run, generator, generator.next(), cache);
}

/** Hands a running program the result of its request and runs it to the next. */
export function resumeProgram<Args, Request, Result, Answer>(
  program: Program<Args, Request, Result, Answer>,
  run: ProgramRun<Args, Result>,
  result: Result,
  cache: ProgramCache,
): Progress<Request, Answer> {
  let generator = cache.get(run.id) as Generator<Request, Answer, Result> | undefined;
  if (generator === undefined) {
    generator = program(run.args);
    generator.next();
    for (const earlier of run.results) generator.next(earlier);
  }
  run.results.push(result);
  return advance(run, generator, generator.next(result), cache);
}

function advance<Args, Request, Result, Answer>(
  run: ProgramRun<Args, Result>,
  generator: Generator<Request, Answer, Result>,
  step: IteratorResult<Request, Answer>,
  cache: ProgramCache,
): Progress<Request, Answer> {
  if (step.done === true) {
    cache.delete(run.id);
    return { done: true, answer: step.value };
  }
  cache.set(run.id, generator);
  return { done: false, request: step.value };
}
