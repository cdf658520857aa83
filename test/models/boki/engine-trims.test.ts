import { describe, expect, test } from "vitest";
import { join } from "../../../models/boki/identifiers.ts";
import { CALL, installed, LOG, WORKERS } from "./engine-node.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { sequencerAt } from "./nodes.ts";

const TRIM = { kind: "trim", call: CALL, client: 4, tag: 2, seqnum: join(LOG, 30) } as const;

/** An engine whose worker has asked for a trim. */
function trimming() {
  const node = installed(1);
  node.receive(WORKERS[0]!, TRIM);
  return node;
}

describe("a trim", () => {
  test("goes to the primary, and its worker hears when it is in the metalog", () => {
    const node = trimming();
    expect(takeSent(node.out)).toEqual([
      {
        to: sequencerAt(1),
        message: {
          kind: "trimRequest",
          logspace: LOG,
          trim: { engine: 1, op: 0, logBook: 1, tag: 2, seqnum: join(LOG, 30) },
        },
      },
    ]);
    const result = { kind: "trimResult", op: 0, done: true, progress: join(LOG, 8) } as const;
    node.receive(sequencerAt(1), result);
    expect(node.results()).toMatchObject([{ client: 4, outcome: "ok" }]);
    expect(node.progress()).toBe(join(LOG, 8));
    node.receive(sequencerAt(1), result);
    expect(node.results()).toEqual([]);
    expect(node.out.counters.get("engine.unknownTrim")).toBe(1);
  });

  test("that the primary refuses fails, and shows its call nothing", () => {
    const node = trimming();
    node.receive(sequencerAt(1), { kind: "trimResult", op: 0, done: false, progress: join(LOG, 8) });
    expect(node.results()).toMatchObject([{ client: 4, outcome: "trimFailed" }]);
    expect(node.progress()).toBe(0);
  });

  test("fails at once in a view that is frozen", () => {
    const node = installed(1);
    node.freeze();
    node.receive(WORKERS[0]!, TRIM);
    expect(node.results()).toMatchObject([{ client: 4, outcome: "trimFailed" }]);
  });

  test("fails at the end of its view", () => {
    const node = trimming();
    node.finalize([]);
    expect(node.results()).toMatchObject([{ client: 4, outcome: "trimFailed" }]);
    expect(node.state.trims.size).toBe(0);
  });

  test("is sent again when there is no answer from one look to the next", () => {
    const node = trimming();
    const [first] = takeKind(node.out, "trimRequest");
    node.repair();
    expect(takeSent(node.out)).toEqual([]);
    node.repair();
    expect(takeSent(node.out)).toEqual([first]);
  });
});
