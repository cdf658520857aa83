import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instruction, LANGUAGES } from "../../../models/applications/application.ts";
import type { CallId, ClientId, NightcoreMessage } from "../../../models/nightcore/messages.ts";
import type { WorkerState } from "../../../models/nightcore/worker-state.ts";
import {
  dispatch,
  type FakeProcess,
  fakeWorker,
  fixed,
  GATEWAY,
  QUEUE,
  returned,
  STORE,
  startWorker,
} from "./fake-process.ts";

type Step = "work" | "call" | "callAsync" | "store" | "publish" | readonly Step[][];

function compile(steps: readonly Step[], code: Instruction[] = []): Instruction[] {
  for (const step of steps) {
    switch (step) {
      case "work":
        code.push({ op: "work", work: "compute", amount: fixed(1) });
        break;
      case "call":
      case "callAsync":
        code.push({ op: step, method: 0, inputBytes: fixed(1_000) });
        break;
      case "store":
        code.push({
          op: "store",
          store: 0,
          command: "get",
          units: fixed(1),
          requestBytes: fixed(1),
          replyBytes: fixed(1),
        });
        break;
      case "publish":
        code.push({ op: "publish", queue: 0, bytes: fixed(1) });
        break;
      default: {
        const at = code.push({ op: "end" }) - 1;
        const branches = step.map((branch) => {
          const start = code.length;
          compile(branch, code);
          return start;
        });
        code[at] = { op: "parallel", branches, behind: code.length };
      }
    }
  }
  code.push({ op: "end" });
  return code;
}

/** How many answers a body waits for if none of them is a failure. */
function answersTo(steps: readonly Step[]): number {
  return steps.reduce<number>(
    (sum, step) =>
      typeof step === "string"
        ? sum + (step === "work" ? 0 : 1)
        : sum + step.reduce((inner, branch) => inner + answersTo(branch), 0),
    0,
  );
}

const { parallel, sequential } = fc.letrec<{ parallel: Step[]; sequential: Step[] }>((tie) => {
  const plain = fc.constantFrom<Step>("work", "call", "callAsync", "store", "publish");
  return {
    sequential: fc.array(plain, { maxLength: 5 }),
    parallel: fc.array(
      fc.oneof(
        { depthSize: "small", depthIdentifier: "steps" },
        plain,
        fc.array(tie("parallel"), { maxLength: 3 }),
      ),
      { maxLength: 4, depthIdentifier: "steps" },
    ),
  };
});

const scenario = fc.constantFrom(...LANGUAGES).chain((language) =>
  fc.record({
    language: fc.constant(language),
    steps: language === "cpp" ? sequential : parallel,
    slots: language === "cpp" ? fc.constant(1) : fc.integer({ min: 1, max: 3 }),
    connections: fc.integer({ min: 1, max: 3 }),
    internalFastPath: fc.boolean(),
    actions: fc.array(
      fc.record({
        what: fc.constantFrom("dispatch", "answer", "answer", "answer", "fail", "again", "closed"),
        pick: fc.nat(1_000),
      }),
      { maxLength: 60 },
    ),
  }),
);

type Request = Extract<NightcoreMessage, { kind: "invoke" | "storeRequest" | "publish" | "httpRequest" }>;

/** A process in both modes, given the same; they must do the same. */
class Both {
  readonly fakes: readonly FakeProcess<WorkerState>[];
  readonly open: Request[] = [];
  readonly answered: Request[] = [];
  readonly done: Extract<NightcoreMessage, { kind: "done" }>[] = [];

  constructor(fakes: readonly FakeProcess<WorkerState>[]) {
    this.fakes = fakes;
  }

  step(what: (fake: FakeProcess<WorkerState>) => void): void {
    const [fast, checked] = this.fakes.map((fake) => {
      what(fake);
      return fake.sent.splice(0);
    });
    expect(checked).toEqual(fast);
    for (const { message } of fast!) {
      if (message.kind === "done") this.done.push(message);
      else if (message.kind !== "workerHello") this.open.push(message as Request);
    }
  }

  answer(request: Request, ok: boolean): void {
    this.step((fake) => answer(fake, request, ok));
  }

  /** Of stores and queues, everything that is under way breaks: so much. */
  close(): number {
    let broken = 0;
    for (const peer of [STORE, QUEUE]) {
      if (!this.fakes[0]!.watched.includes(peer) || this.fakes[0]!.timers.has(peer - STORE + 1)) continue;
      const lost = this.open.filter(({ kind }) => kind === (peer === STORE ? "storeRequest" : "publish"));
      for (const each of lost) this.open.splice(this.open.indexOf(each), 1);
      this.answered.push(...lost);
      broken += lost.length;
      this.step((fake) => fake.receive(peer, { kind: "closed" }));
    }
    return broken;
  }

  reconnect(): void {
    for (const timer of [...this.fakes[0]!.timers.keys()]) this.step((fake) => fake.timeout(timer));
  }
}

function answer(fake: FakeProcess<WorkerState>, request: Request, ok: boolean): void {
  switch (request.kind) {
    case "invoke":
      returned(fake, request.client, request.call % 2 ** 32, { ok, request: request.input.request });
      return;
    case "httpRequest": {
      const { exchange, connection, input } = request;
      const status = ok ? 200 : 500;
      fake.receive(GATEWAY, {
        kind: "httpResponse",
        exchange,
        connection,
        status,
        outputBytes: 0,
        output: input.request,
      });
      return;
    }
    default: {
      const { exchange, connection } = request;
      const from = request.kind === "publish" ? QUEUE : STORE;
      fake.receive(from, { kind: "storeReply", exchange, connection, replyBytes: 0, last: false });
    }
  }
}

describe("whatever the order of answers", () => {
  test("each call ends exactly once, a slot runs one at a time, and both modes agree", () => {
    fc.assert(
      fc.property(scenario, ({ language, steps, slots, connections, internalFastPath, actions }) => {
        const methods = [{ code: compile(steps) }];
        const settings = { internalFastPath };
        const both = new Both(
          (["fast", "checked"] as const).map((mode) =>
            fakeWorker(language, methods, { settings, connections, mode }),
          ),
        );
        const clients: ClientId[] = Array.from({ length: slots }, (_, i) => i + 1);
        for (const client of clients) for (const fake of both.fakes) startWorker(fake, client);
        const given: { call: CallId; client: ClientId }[] = [];
        let failures = 0;
        for (const { what, pick } of actions) {
          const at = pick % Math.max(1, both.open.length);
          switch (what) {
            case "dispatch": {
              const client = clients[pick % slots]!;
              const call = given.length + 1;
              given.push({ call, client });
              both.step((fake) => dispatch(fake, client, call, { request: call }));
              break;
            }
            case "again":
              // A second answer to what has had one.
              if (both.answered.length > 0) both.answer(both.answered[pick % both.answered.length]!, true);
              break;
            case "closed":
              failures += both.close();
              break;
            default: {
              const [request] = both.open.splice(at, 1);
              if (request === undefined) break;
              both.answered.push(request);
              const ok = what === "answer" || request.kind === "storeRequest" || request.kind === "publish";
              if (!ok) failures++;
              both.answer(request, ok);
            }
          }
          const { state } = both.fakes[0]!;
          if (language === "cpp")
            for (const { open } of state.slots.values()) expect(open.length).toBeLessThan(2);
        }
        both.reconnect();
        for (let request = both.open.pop(); request !== undefined; request = both.open.pop()) {
          both.answered.push(request);
          both.answer(request, true);
        }
        expect(both.done.map(({ call }) => call).sort((a, b) => a - b)).toEqual(
          given.map(({ call }) => call),
        );
        for (const { call, client } of given) {
          expect(both.done.find((each) => each.call === call)).toMatchObject({
            client,
            output: { of: call, request: call },
          });
        }
        const failed = both.done.filter(({ ok }) => !ok).length;
        expect(failed).toBeLessThanOrEqual(failures);
        if (failures === 0) expect(both.answered).toHaveLength(given.length * answersTo(steps));
        expectTidy(both.fakes[0]!);
      }),
      { numRuns: 1_500, seed: 5 },
    );
  });
});

/** One call at a time in a slot, and nothing is left behind. */
function expectTidy({ observed, state }: FakeProcess<WorkerState>): void {
  const running = new Map<ClientId, CallId>();
  const files = new Set<string>();
  for (const each of observed) {
    switch (each.kind) {
      case "callBegun":
        expect(running.get(each.client)).toBeUndefined();
        running.set(each.client, each.call);
        break;
      case "callEnded":
        expect(running.get(each.client)).toBe(each.call);
        running.delete(each.client);
        break;
      case "resultTaken":
        expect(each.of).toBe(each.call);
        expect(running.get(each.client)).toBe(each.parent);
        break;
      case "fileCreated":
        files.add(`${each.call} ${each.direction}`);
        break;
      case "fileRemoved":
        expect(files.delete(`${each.call} ${each.direction}`)).toBe(true);
        break;
    }
  }
  expect(running.size).toBe(0);
  expect(state.asks.size).toBe(0);
  for (const { open, outputs, held, run } of state.slots.values()) {
    expect([open, outputs, held, run]).toEqual([[], [], [], undefined]);
  }
}
