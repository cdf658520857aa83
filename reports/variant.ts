/** What is said about a variant in more than one place. */

import type { VariantResult } from "../scenarios/result.ts";
import { formatSetting } from "./format.ts";

/** No expectation and no invariant failed. */
export const variantHeld = (variant: VariantResult): boolean =>
  variant.violations.length === 0 && variant.expectations.every((expectation) => expectation.held);

/** `boki.globalCut = 300us, cluster.storages = 5`; empty for a variant that changes nothing. */
export const settingsText = (variant: VariantResult): string =>
  Object.entries(variant.settings)
    .map(([path, value]) => `${path} = ${formatSetting(value)}`)
    .join(", ");
