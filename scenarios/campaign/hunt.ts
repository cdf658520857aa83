/** Looks for one bug with the generator of all campaigns, until a run shows it, and makes that run small. */

import { runBatch } from "./batch.ts";
import type { Campaign } from "./generate.ts";
import { type AnyCampaign, type NameOf, type SizeOf, targetOf } from "./target.ts";

export interface Hunt {
  readonly campaign: AnyCampaign;
  readonly runs: number;
  readonly shrinkAttempts: number;
}

export interface Quarry<Of extends AnyCampaign = Campaign> {
  /** Runs until it showed, that one included; without a find: all that were made. */
  readonly runs: number;
  readonly found:
    | {
        readonly first: NameOf<Of>;
        /** Everything that the run broke. */
        readonly names: readonly NameOf<Of>[];
        readonly message: string;
        readonly size: SizeOf<Of>;
        readonly shrunk: SizeOf<Of>;
      }
    | undefined;
  /** What the hunt took, and what making the case small took. */
  readonly huntMillis: number;
  readonly shrinkMillis: number;
}

export function hunt<Of extends AnyCampaign>({
  campaign,
  runs,
  shrinkAttempts,
}: Hunt & { readonly campaign: Of }): Quarry<Of> {
  const target = targetOf(campaign);
  const startedMillis = performance.now();
  const { failed, runs: made } = runBatch(campaign, 0, runs, true);
  const huntMillis = performance.now() - startedMillis;
  const [first] = failed;
  if (first === undefined) return { runs: made, found: undefined, huntMillis, shrinkMillis: 0 };
  const original = target.generate(campaign, first.run);
  const { name, message } = first.first;
  const shrunk = target.shrink(original, target.kindOf(first.first), { attempts: shrinkAttempts });
  return {
    runs: made,
    found: {
      first: name as NameOf<Of>,
      names: first.names,
      message: shrunk.verdict.failures.find((failure) => failure.name === name)?.message ?? message,
      size: target.sizeOf(original) as SizeOf<Of>,
      shrunk: target.sizeOf(shrunk.case) as SizeOf<Of>,
    },
    huntMillis,
    shrinkMillis: performance.now() - startedMillis - huntMillis,
  };
}
