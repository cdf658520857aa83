/**
 * Linearizable histories by length and concurrency: clients that each do one operation after the other, which takes effect at a
 * random moment between its invocation and its return. Half of the operations read, half write.
 */

import type { Operation } from "../sim/linearizability/history.ts";
import { type RandomStream, streamFor } from "../sim/random.ts";

export interface HistoryShape {
  readonly object: keyof typeof OBJECTS;
  /** Operations. */
  readonly length: number;
  /** Clients, which all have an operation open nearly always. */
  readonly concurrency: number;
  readonly seed: number;
}

interface Call {
  readonly name: string;
  readonly key?: string;
  readonly input: unknown;
}

/** An object that answers calls one after the other. */
interface Live {
  call(random: RandomStream): Call;
  answer(call: Call): unknown;
}

const THINK_NANOS = 10_000;
const SHORTEST_NANOS = 50_000;
const SPREAD_NANOS = 100_000;

export function generateHistory({ object, length, concurrency, seed }: HistoryShape): Operation[] {
  const live = OBJECTS[object]();
  const random = streamFor(seed, `history ${object} ${length} ${concurrency}`);
  const freeAt = new Float64Array(concurrency);
  const calls = Array.from({ length }, () => {
    let process = 0;
    for (let other = 1; other < concurrency; other++) if (freeAt[other]! < freeAt[process]!) process = other;
    const invoked = freeAt[process]! + Math.floor(random.uniform() * THINK_NANOS);
    const takes = SHORTEST_NANOS + Math.floor(random.uniform() * SPREAD_NANOS);
    const effective = invoked + random.uniform() * takes;
    freeAt[process] = invoked + takes;
    return {
      call: live.call(random),
      process,
      invoked,
      effective,
      returned: invoked + takes,
      output: undefined as unknown,
    };
  });
  for (const each of calls.toSorted((a, b) => a.effective - b.effective))
    each.output = live.answer(each.call);
  return calls
    .sort((a, b) => a.invoked - b.invoked)
    .map(({ call: { name, key, input }, process, invoked, returned, output }, index) => ({
      index,
      process,
      name,
      key,
      input,
      output,
      outcome: "ok" as const,
      invoked,
      returned,
    }));
}

const OBJECTS = {
  /** Every write writes another value. */
  register: (): Live => {
    let value: unknown = null;
    let written = 0;
    return {
      call: (random) =>
        random.uniform() < 0.5 ? { name: "read", input: undefined } : { name: "write", input: written++ },
      answer({ name, input }) {
        if (name === "read") return value;
        value = input;
        return undefined;
      },
    };
  },

  /** Compare-and-sets among five values: the hardest, because a value says little about where it comes from. */
  cas: (): Live => {
    let value: unknown = null;
    const draw = (random: RandomStream): number => Math.floor(random.uniform() * 5);
    return {
      call(random) {
        const kind = random.uniform();
        if (kind < 1 / 3) return { name: "read", input: undefined };
        if (kind < 2 / 3) return { name: "write", input: draw(random) };
        return { name: "cas", input: { from: draw(random), to: draw(random) } };
      },
      answer({ name, input }) {
        if (name === "read") return value;
        if (name === "write") value = input;
        else {
          const { from, to } = input as { from: number; to: number };
          if (value !== from) return false;
          value = to;
          return true;
        }
        return undefined;
      },
    };
  },

  /** Ten keys; half of the writes append to what is there. */
  kv: (): Live => {
    const values = new Map<string, string>();
    let written = 0;
    return {
      call(random) {
        const key = `k${Math.floor(random.uniform() * 10)}`;
        const kind = random.uniform();
        if (kind < 0.5) return { name: "get", key, input: undefined };
        return { name: kind < 0.75 ? "put" : "append", key, input: `${written++},` };
      },
      answer({ name, key, input }) {
        const value = values.get(key!);
        if (name === "get") return value ?? null;
        values.set(key!, name === "put" ? (input as string) : (value ?? "") + (input as string));
        return undefined;
      },
    };
  },

  /** Five tags; reads at the tail and up to a hundred seqnums before it. */
  log: (): Live => {
    const byTag = Array.from({ length: 5 }, () => [] as { seqnum: number; data: number }[]);
    let tail = 0;
    let appended = 0;
    return {
      call(random) {
        const tag = Math.floor(random.uniform() * 5);
        const kind = random.uniform();
        if (kind < 0.5) return { name: "append", input: { data: appended++, tags: [tag] } };
        if (kind < 0.75) return { name: "checkTail", input: { tag } };
        // Where the tail will be when the call takes effect is not known yet; about one record comes with every other call.
        const seqnum = Math.max(0, 2 * appended - Math.floor(random.uniform() * 100));
        return { name: kind < 0.875 ? "readNext" : "readPrev", input: { seqnum, tag } };
      },
      answer({ name, input }) {
        const { seqnum, tag, data, tags } = input as {
          seqnum: number;
          tag: number;
          data: number;
          tags: number[];
        };
        if (name === "append") {
          tail += 2;
          byTag[tags[0]!]!.push({ seqnum: tail, data });
          return { seqnum: tail };
        }
        const records = byTag[tag]!;
        let place = records.length;
        while (name !== "checkTail" && place > 0 && records[place - 1]!.seqnum >= seqnum) place--;
        if (name === "readPrev" && records[place]?.seqnum === seqnum) place++;
        return records[name === "readNext" ? place : place - 1] ?? null;
      },
    };
  },

  /** Every value goes in once. */
  queue: (): Live => {
    const values: number[] = [];
    let first = 0;
    let entered = 0;
    return {
      call: (random) =>
        random.uniform() < 0.5
          ? { name: "enqueue", input: entered++ }
          : { name: "dequeue", input: undefined },
      answer({ name, input }) {
        if (name === "enqueue") values.push(input as number);
        else return first < values.length ? values[first++] : null;
        return undefined;
      },
    };
  },
};
