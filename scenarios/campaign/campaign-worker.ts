/** A thread of a campaign: runs batches, makes failing cases small, hunts for single bugs. */

import { runBatch } from "./batch.ts";
import { type Hunt, hunt } from "./hunt.ts";
import { type AnyCampaign, targetOf } from "./target.ts";

export type Task =
  | {
      readonly kind: "batch";
      readonly campaign: AnyCampaign;
      readonly from: number;
      readonly count: number;
    }
  | {
      /** Of the case of a run. */
      readonly kind: "shrink";
      readonly campaign: AnyCampaign;
      readonly run: number;
      readonly failure: string;
      readonly attempts: number;
    }
  | ({ readonly kind: "hunt" } & Hunt);

export default function perform(task: Task): unknown {
  switch (task.kind) {
    case "batch":
      return runBatch(task.campaign, task.from, task.count);
    case "shrink": {
      const target = targetOf(task.campaign);
      return target.shrink(target.generate(task.campaign, task.run), task.failure, task);
    }
    case "hunt":
      return hunt(task);
  }
}
