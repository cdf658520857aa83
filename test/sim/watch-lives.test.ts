import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, link, logging, simulate } from "./kit.ts";

/** What befalls a peer and its watcher, who is on a host of its own. */
const BEFALLS = ["crash", "lose power", "boot", "reset", "crash watcher", "boot watcher"] as const;
interface Befalling {
  readonly atNanos: number;
  readonly what: (typeof BEFALLS)[number];
}

const LATENCY = 1_000;
const KEEP_ALIVE = 5_000;
const PATIENCE = 2_000;
const UNTIL = 100_000;

describe("a watch", () => {
  test("fires once for the first end that it sees in the watcher's life, and never else, whatever befalls the two; in both modes and from a snapshot", () => {
    const plans = fc.record({
      // Nothing falls together: each has a remainder of its own, which all that follows it keeps.
      befallings: fc
        .array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(...BEFALLS)), { maxLength: 16 })
        .map((drawn) =>
          drawn
            .map(([at, what], i): Befalling => ({ atNanos: at * 1_000 + i + 1, what }))
            .sort((a, b) => a.atNanos - b.atNanos),
        ),
      cut: fc.nat({ max: 70_000 }),
    });
    fc.assert(
      fc.property(plans, ({ befallings, cut }) => {
        const fast = befallen("fast", befallings);
        fast.simulation.start();
        fast.simulation.run(UNTIL);
        expect(fast.heard).toEqual(heardByDefinition(befallings));

        const checked = befallen("checked", befallings);
        checked.simulation.start();
        checked.simulation.run(cut);
        const again = befallen("checked", befallings);
        restoreSimulation(again.simulation, saveSimulation(checked.simulation));
        again.simulation.run(UNTIL);
        expect([...checked.heard, ...again.heard]).toEqual(fast.heard);
        expect(again.simulation.digest.toString()).toBe(fast.simulation.digest.toString());
      }),
      { seed: 13, numRuns: 200 },
    );
  });
});

/** A watcher that watches again a while after each notice, and the moments at which it hears. */
function befallen(mode: "fast" | "checked", befallings: readonly Befalling[]) {
  const simulation = simulate({ link: link(LATENCY, { keepAliveNanos: KEEP_ALIVE }), mode });
  const heard: number[] = [];
  const peer = add(simulation, "peer", logging({}));
  const watcher = add(
    simulation,
    "watcher",
    logging({
      start: (out) => out.watch(peer),
      receive: (_, out) => {
        heard.push(out.now);
        out.setTimer("watch again", PATIENCE);
      },
      timeout: (_, out) => out.watch(peer),
    }),
  );
  simulation.registerControl("befall", (_simulation, what) => {
    const [peerUp, watcherUp] = [simulation.isUp(peer), simulation.isUp(watcher)];
    if (what === "crash" && peerUp) simulation.crash(peer);
    else if (what === "lose power" && peerUp) simulation.crash(peer, { wholeHost: true });
    else if (what === "boot" && !peerUp) simulation.boot(peer);
    else if (what === "reset") simulation.reset([peer], [watcher]);
    else if (what === "crash watcher" && watcherUp) simulation.crash(watcher);
    else if (what === "boot watcher" && !watcherUp) simulation.boot(watcher);
  });
  for (const { atNanos, what } of befallings) simulation.at(atNanos, "befall", what);
  return { simulation, heard };
}

/** When the watcher hears; of what is pending, watches and notices belong to one of its lives. */
function heardByDefinition(befallings: readonly Befalling[]): number[] {
  const heard: number[] = [];
  const agenda: { readonly atNanos: number; readonly what: string; readonly life?: number }[] = [
    { atNanos: 0, what: "watch", life: 0 },
    ...befallings,
  ];
  let [life, watcherUp, peerUp, watches] = [0, true, true, false];
  for (;;) {
    agenda.sort((a, b) => a.atNanos - b.atNanos);
    const next = agenda.shift();
    if (next === undefined || next.atNanos > UNTIL) return heard;
    const { atNanos, what, life: of } = next;
    const tell = (afterNanos: number) => agenda.push({ atNanos: atNanos + afterNanos, what: "closed", life });
    const ends = (afterNanos: number) => {
      if (watches) tell(afterNanos);
      watches = false;
    };
    if (of !== undefined && !(watcherUp && of === life)) continue;
    if (what === "watch" && peerUp) watches = true;
    else if (what === "watch") tell(LATENCY);
    else if (what === "closed") {
      heard.push(atNanos);
      agenda.push({ atNanos: atNanos + PATIENCE, what: "watch", life });
    } else if (what === "crash" && peerUp) {
      ends(LATENCY);
      peerUp = false;
    } else if (what === "lose power" && peerUp) {
      ends(LATENCY + KEEP_ALIVE);
      peerUp = false;
    } else if (what === "reset") ends(LATENCY);
    else if (what === "boot") peerUp = true;
    else if (what === "crash watcher") [watcherUp, watches] = [false, false];
    else if (what === "boot watcher" && !watcherUp) {
      [watcherUp, life] = [true, life + 1];
      agenda.push({ atNanos, what: "watch", life });
    }
  }
}
