/** A thread of a campaign: runs batches, makes failing cases small, hunts for single bugs. */

import { runBatch } from "./batch.ts";
import type { Case } from "./case.ts";
import type { Campaign } from "./generate.ts";
import { type Hunt, hunt } from "./hunt.ts";
import { huntRuntime, type RuntimeHunt } from "./runtime/hunt.ts";
import { shrinkCase } from "./shrink.ts";

export type Task =
  | {
      readonly kind: "batch";
      readonly campaign: Campaign;
      readonly from: number;
      readonly count: number;
    }
  | {
      readonly kind: "shrink";
      readonly case: Case;
      readonly failure: string;
      readonly attempts: number;
    }
  | ({ readonly kind: "hunt" } & Hunt)
  | ({ readonly kind: "huntRuntime" } & RuntimeHunt);

export default function perform(task: Task): unknown {
  switch (task.kind) {
    case "batch":
      return runBatch(task.campaign, task.from, task.count);
    case "shrink":
      return shrinkCase(task.case, task.failure, task);
    case "hunt":
      return hunt(task);
    case "huntRuntime":
      return huntRuntime(task);
  }
}
