/** Holds an application file against what the published port of the application does for a request, on average. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { loadApplication } from "../../../scenarios/applications/load.ts";
import { expectationOf } from "./expectation.ts";

/** Means per request. */
interface PublishedRequest {
  readonly calls: Readonly<Record<string, number>>;
  readonly external: number;
  readonly internal: number;
  readonly roundTrips: Readonly<Record<string, number>>;
}

/** Published means come from counts over finite data, such as 2.001 for a uniform draw of 1, 2 or 3. */
const TOLERANCE = 0.005;

export const loadShipped = (name: string, mix: string, variables: Readonly<Record<string, number>> = {}) =>
  loadApplication(readFileSync(`scenarios/apps/${name}.yaml`, "utf8"), name, { mix, variables });

export function expectPublished(
  application: ReturnType<typeof loadShipped>,
  request: string,
  published: PublishedRequest,
): void {
  const { calls, external, internal, roundTrips } = expectationOf(application, request);
  expectClose(calls, published.calls);
  expectClose({ external, internal }, { external: published.external, internal: published.internal });
  expectClose(roundTrips, published.roundTrips);
}

/** The same names, and values that differ by less than the tolerance. */
export function expectClose(
  found: Readonly<Record<string, number>>,
  wanted: Readonly<Record<string, number>>,
) {
  expect(Object.keys(found).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, value] of Object.entries(wanted)) {
    const difference = Math.abs(found[name]! - value);
    expect(difference, `${name}: ${found[name]}, published ${value}`).toBeLessThanOrEqual(TOLERANCE * value);
  }
}

/** Mean over the requests of the application's mix. */
export function meanOfMix(application: ReturnType<typeof loadShipped>) {
  const total = application.mix.reduce((sum, each) => sum + each, 0);
  const mean = { external: 0, internal: 0, roundTrips: 0 };
  application.requests.forEach(({ name }, i) => {
    const share = application.mix[i]! / total;
    const { external, internal, roundTrips } = expectationOf(application, name);
    mean.external += share * external;
    mean.internal += share * internal;
    for (const each of Object.values(roundTrips)) mean.roundTrips += share * each;
  });
  return mean;
}
