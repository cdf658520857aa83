/** `bokisim run` of a case that a campaign found: runs it again and says whether it does what it did. */

import type { Expected } from "../scenarios/campaign/case-document.ts";
import { isRuntimeCaseText } from "../scenarios/campaign/case-text.ts";
import { describeFailure } from "../scenarios/campaign/explain.ts";
import type { FailureName } from "../scenarios/campaign/run-case.ts";
import type { AnyVerdict } from "../scenarios/campaign/target.ts";
import type { Happening } from "../scenarios/campaign/timeline.ts";
import { ScenarioError } from "../scenarios/problems.ts";
import { EXIT_FAILED, EXIT_HELD } from "./exit-codes.ts";
import { print } from "./output.ts";
import { InputError } from "./services.ts";

/** Failures of one name that are shown. */
const SHOWN_MAX = 3;

/** What a replay shows, of any system. */
interface Replayed {
  readonly verdict: AnyVerdict;
  readonly expected: Expected | undefined;
  readonly promiseOf: (name: string) => string;
  /** What happened, in words. */
  readonly story: string;
  readonly timeline?: readonly Happening[];
}

/** Replays the case in `text`; returns the exit status. */
export async function replay(text: string, file: string, json: boolean): Promise<number> {
  const { verdict, expected, promiseOf, story, timeline } = isRuntimeCaseText(text)
    ? await replayOfRuntime(text, file)
    : await replayOfLog(text, file);
  const names = Object.keys(verdict.counts).sort();
  const reproduced =
    expected && verdict.digest === expected.digest && names.join() === [...expected.failures].sort().join();
  if (json) {
    await print(
      `${JSON.stringify({ file, reproduced: reproduced ?? null, ...verdict, timeline }, undefined, 2)}\n`,
    );
  } else {
    const lines = [...failuresText(verdict, promiseOf), "", story, "", `digest ${verdict.digest}`];
    if (reproduced === true) lines.push("This is what the file says: same digest, same verdict.");
    if (reproduced === false) {
      const was = expected!.failures.join(", ") || "nothing broken";
      lines.push(
        `This is not what the file says: digest ${expected!.digest}, ${was}, with version ${expected!.version}.`,
      );
    }
    await print(`${lines.join("\n")}\n`);
  }
  return verdict.failures.length === 0 ? EXIT_HELD : EXIT_FAILED;
}

async function replayOfLog(text: string, file: string): Promise<Replayed> {
  const [{ runCase }, { parseCase }, { timelineOf }, { renderTimeline }, { promiseOf }] = await Promise.all([
    import("../scenarios/campaign/run-case.ts"),
    import("../scenarios/campaign/case-file.ts"),
    import("../scenarios/campaign/timeline.ts"),
    import("../reports/timeline.ts"),
    import("../scenarios/campaign/explain.ts"),
  ]);
  const { case: subject, expected } = orInputError(() => parseCase(text, file));
  let timeline: Happening[] = [];
  const verdict = runCase(subject, {
    onEnd: (seen) => {
      timeline = timelineOf(subject, seen);
    },
  });
  return {
    ...{ verdict, expected, timeline, story: renderTimeline(timeline) },
    promiseOf: (name) => promiseOf(name as FailureName),
  };
}

async function replayOfRuntime(text: string, file: string): Promise<Replayed> {
  const [{ runRuntimeCase }, { parseRuntimeCase }, { targetOf }] = await Promise.all([
    import("../scenarios/campaign/runtime/run-case.ts"),
    import("../scenarios/campaign/runtime/case-file.ts"),
    import("../scenarios/campaign/target.ts"),
  ]);
  const { case: subject, expected } = orInputError(() => parseRuntimeCase(text, file));
  const verdict = runRuntimeCase(subject);
  const { ok, failed, unknown } = verdict.requests;
  const { promiseOf } = targetOf({ system: "nightcore", seed: 0, mutation: 0 });
  const story = `Requests: ${ok} answered, ${failed} answered with an error, ${unknown} whose client knows no outcome. Faults: ${verdict.faults}.`;
  return { verdict, expected, promiseOf, story };
}

function failuresText({ failures, counts }: AnyVerdict, promiseOf: (name: string) => string): string[] {
  if (failures.length === 0) return ["Nothing is broken."];
  return Object.keys(counts).flatMap((name) => {
    const of = failures.filter((failure) => failure.name === name);
    const more = counts[of[0]!.name]! - Math.min(of.length, SHOWN_MAX);
    return [
      `${name}: ${promiseOf(of[0]!.name)}`,
      ...of.slice(0, SHOWN_MAX).map((failure) => `  ${describeFailure(failure)}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ];
  });
}

/** Reads a case of either system; an `InputError` says what is wrong with it. */
export async function checkCase(text: string, file: string): Promise<void> {
  const [{ parseCase }, { parseRuntimeCase }] = await Promise.all([
    import("../scenarios/campaign/case-file.ts"),
    import("../scenarios/campaign/runtime/case-file.ts"),
  ]);
  orInputError(() => (isRuntimeCaseText(text) ? parseRuntimeCase : parseCase)(text, file));
}

function orInputError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ScenarioError) throw new InputError(error.message, error.problems);
    throw error;
  }
}
