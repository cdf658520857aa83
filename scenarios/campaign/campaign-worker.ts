/** A thread of a campaign: runs batches, and makes failing cases small. */

import { runBatch } from "./batch.ts";
import type { Case } from "./case.ts";
import type { Campaign } from "./generate.ts";
import type { FailureName } from "./run-case.ts";
import { shrinkCase } from "./shrink.ts";

export type Task =
  | {
      readonly kind: "batch";
      readonly campaign: Campaign;
      readonly from: number;
      readonly count: number;
      readonly untilFailure: boolean;
    }
  | {
      readonly kind: "shrink";
      readonly case: Case;
      readonly name: FailureName;
      readonly attempts: number;
    };

export default function perform(task: Task): unknown {
  return task.kind === "batch"
    ? runBatch(task.campaign, task.from, task.count, task.untilFailure)
    : shrinkCase(task.case, task.name, task);
}
