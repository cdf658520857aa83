/**
 * How a view ends, whatever comes late, twice or never, and whoever of the sequencers crashes, as long as half of them do not: what a
 * quorum acknowledged is in the sealed metalog, and everybody who is left comes to the same end.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Mutation, type MutationName } from "../../../models/boki/mutations.ts";
import { type Action, type SealOptions, sealDeployment } from "./seal-deployment.ts";

interface Schedule extends Omit<SealOptions, "mutation"> {
  readonly actions: readonly Action[];
}

const KINDS: readonly { readonly weight: number; readonly kind: Action["kind"] }[] = [
  { weight: 6, kind: "append" },
  { weight: 6, kind: "cut" },
  { weight: 4, kind: "trim" },
  { weight: 20, kind: "deliver" },
  { weight: 2, kind: "lose" },
  { weight: 1, kind: "double" },
  { weight: 3, kind: "tell" },
  { weight: 1, kind: "repair" },
  { weight: 1, kind: "crash" },
  { weight: 1, kind: "freeze" },
];

const schedules: fc.Arbitrary<Schedule> = fc.record({
  replicas: fc.integer({ min: 1, max: 5 }),
  sealTailEntries: fc.integer({ min: 1, max: 4 }),
  actions: fc.array(
    fc.record({
      kind: fc.oneof(...KINDS.map(({ weight, kind }) => ({ weight, arbitrary: fc.constant(kind) }))),
      pick: fc.nat(1_000),
    }),
    { maxLength: 150, size: "max" },
  ),
});

function holds({ actions, ...options }: Schedule, mutation: number): void {
  const deployment = sealDeployment({ ...options, mutation });
  for (const action of actions) deployment.act(action);
  deployment.settle();
  const end = deployment.end();
  expect(end).toBeDefined();
  const { final } = end!;
  const copies = deployment.copies();
  for (const { ended } of copies) expect(ended).toBe(true);
  // All have the same metalog, from its beginning to its end,
  const [copy] = copies;
  for (const { entries } of copies) expect(entries).toEqual(copy!.entries);
  expect(copy!.entries.map(({ position }) => position)).toEqual(Array.from({ length: final }, (_, i) => i));
  // and nothing that was promised is missing or another.
  for (const entry of [...deployment.acknowledged(), ...deployment.committed()])
    expect(copy!.entries[entry.position]).toEqual(entry);
}

describe("a sealed log", () => {
  test("has what a quorum acknowledged, and all that are left come to the same end", () => {
    fc.assert(
      fc.property(schedules, (schedule) => holds(schedule, Mutation.none)),
      { numRuns: 1_000, seed: 1 },
    );
  });

  test("has the trims as well that only a primary held which crashed after its report", () => {
    const act = (kind: Action["kind"], pick = 0): Action => ({ kind, pick });
    // The controller reads the order to reconfigure and publishes the freeze, of which the primary hears with two trims uncommitted.
    const ordered = [act("freeze"), act("tell", 0), act("tell", 1)];
    // What comes first among the messages is ZooKeeper's answer to the controller.
    const trims = [act("trim"), act("trim"), act("deliver", 1), act("deliver", 1)];
    const actions = [...ordered, ...trims, act("tell", 1), act("crash", 0)];
    holds({ replicas: 2, sealTailEntries: 1, actions }, Mutation.none);
  });

  test("is reached with entries that were not committed, and with crashed sequencers", () => {
    const reached = { entries: 0, uncommitted: 0, dropped: 0, crashed: 0 };
    for (const { actions, ...options } of fc.sample(schedules, { numRuns: 300, seed: 2 })) {
      const deployment = sealDeployment({ ...options, mutation: Mutation.none });
      for (const action of actions) deployment.act(action);
      deployment.settle();
      const { final } = deployment.end()!;
      if (final > 3) reached.entries++;
      if (final > deployment.committed().length) reached.uncommitted++;
      if (deployment.copies().length < options.replicas) reached.crashed++;
      if (final < deployment.made().length) reached.dropped++;
    }
    for (const runs of Object.values(reached)) expect(runs).toBeGreaterThan(5);
  });
});

describe("the property is broken by", () => {
  const slips = [
    "sealQuorumTooSmall",
    "tailOfFirstReport",
    "finalFromCount",
    "reportOmitsNewest",
    "frozenBackupAcks",
    "frozenPrimaryCuts",
    "quorumOffByOne",
    "propagatesOnCreation",
    "backupAcksHighest",
  ] as const satisfies readonly MutationName[];

  test.each(slips)("%s", (name) => {
    const { failed } = fc.check(
      fc.property(schedules, (schedule) => holds(schedule, Mutation[name])),
      { numRuns: 2_000, seed: 3, endOnFailure: true },
    );
    expect(failed).toBe(true);
  });
});
