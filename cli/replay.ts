/** `bokisim run` of a case that a campaign found: runs it again and says whether it does what it did. */

import type { CaseFile } from "../scenarios/campaign/case-file.ts";
import { describeFailure, promiseOf } from "../scenarios/campaign/explain.ts";
import type { Verdict } from "../scenarios/campaign/run-case.ts";
import type { Happening } from "../scenarios/campaign/timeline.ts";
import { ScenarioError } from "../scenarios/problems.ts";
import { EXIT_FAILED, EXIT_HELD } from "./exit-codes.ts";
import { print } from "./output.ts";
import { InputError } from "./services.ts";

/** Failures of one name that are shown. */
const SHOWN_MAX = 3;

/** Replays the case in `text`; returns the exit status. */
export async function replay(text: string, file: string, json: boolean): Promise<number> {
  const [{ runCase }, { timelineOf }, { renderTimeline }] = await Promise.all([
    import("../scenarios/campaign/run-case.ts"),
    import("../scenarios/campaign/timeline.ts"),
    import("../reports/timeline.ts"),
  ]);
  const { case: subject, expected } = await readCase(text, file);
  let timeline: Happening[] = [];
  const verdict = runCase(subject, {
    onEnd: (seen) => {
      timeline = timelineOf(subject, seen);
    },
  });
  const names = Object.keys(verdict.counts).sort();
  const reproduced =
    expected && verdict.digest === expected.digest && names.join() === [...expected.failures].sort().join();
  if (json) {
    await print(
      `${JSON.stringify({ file, reproduced: reproduced ?? null, ...verdict, timeline }, undefined, 2)}\n`,
    );
  } else {
    const lines = [...failuresText(verdict), "", renderTimeline(timeline), "", `digest ${verdict.digest}`];
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

function failuresText({ failures, counts }: Verdict): string[] {
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

/** An `InputError` says what is wrong with a case. */
export async function readCase(text: string, file: string): Promise<CaseFile> {
  const { parseCase } = await import("../scenarios/campaign/case-file.ts");
  try {
    return parseCase(text, file);
  } catch (error) {
    if (error instanceof ScenarioError) throw new InputError(error.message, error.problems);
    throw error;
  }
}
