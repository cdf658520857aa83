/**
 * The definition of linearizability, written down as directly as possible, to hold the checker against: try every order that
 * respects real time on objects that are written without any regard to speed, and share no code with the models.
 */

import { hasReturned, type Operation } from "../../../sim/linearizability/history.ts";

/** All states an operation can lead to with the output it had; several where the system is free to choose. */
export interface NaiveObject<State> {
  readonly initial: State;
  next(state: State, operation: Operation, all: readonly Operation[]): State[];
}

const text = JSON.stringify;

/** Whether there is a linearization, by trying all orders. */
export function isLinearizable<State>(history: readonly Operation[], object: NaiveObject<State>): boolean {
  const all = history.filter(({ outcome }) => outcome !== "failed");
  const extend = (left: readonly Operation[], state: State): boolean => {
    if (!left.some(hasReturned)) return true;
    return left.some((operation) => {
      const others = left.filter((each) => each !== operation);
      if (others.some((each) => each.returned < operation.invoked)) return false;
      return object.next(state, operation, all).some((next) => extend(others, next));
    });
  };
  return extend(all, object.initial);
}

/** Whether this very order is a linearization. */
export function isLinearization<State>(
  order: readonly Operation[],
  all: readonly Operation[],
  object: NaiveObject<State>,
): boolean {
  const left = all.filter((operation) => hasReturned(operation) && !order.includes(operation));
  if (left.length > 0) return false;
  if (order.some((later, i) => order.slice(0, i).some((first) => later.returned < first.invoked))) {
    return false;
  }
  let states: State[] = [object.initial];
  for (const operation of order) states = states.flatMap((state) => object.next(state, operation, all));
  return states.length > 0;
}

export const naiveCell: NaiveObject<unknown> = {
  initial: null,
  next(value, { name, input, output, outcome }) {
    switch (name) {
      case "read":
      case "get":
        return outcome === "unknown" || text(output) === text(value) ? [value] : [];
      case "write":
      case "put":
        return [input];
      case "delete":
        return [null];
      case "append":
        return [`${value ?? ""}${input}`];
      default: {
        const [from, to] = input as [unknown, unknown];
        const matches = text(from) === text(value);
        return outcome === "unknown" || output === matches ? [matches ? to : value] : [];
      }
    }
  },
};

export const naiveQueue: NaiveObject<readonly unknown[]> = {
  initial: [],
  next(items, { name, input, output, outcome }) {
    if (name === "enqueue") return [[...items, input]];
    const first = items.length === 0 ? null : items[0];
    return outcome === "unknown" || output === first ? [items.slice(1)] : [];
  },
};

interface NaiveRecord {
  seqnum: number;
  data: unknown;
  tags: number[];
}
export interface NaiveLog {
  readonly records: readonly NaiveRecord[];
  readonly trims: readonly { seqnum: number; tag?: number | undefined }[];
}

export const naiveLog: NaiveObject<NaiveLog> = {
  initial: { records: [], trims: [] },
  next(log, operation, all) {
    const { name, output, outcome } = operation;
    const input = operation.input as { data: unknown; tags: number[]; seqnum: number; tag?: number };
    if (name === "trim") return [{ ...log, trims: [...log.trims, input] }];
    if (name === "append") {
      const last = Math.max(-1, ...log.records.map(({ seqnum }) => seqnum));
      // The log may choose any seqnum; only those that somebody read make a difference.
      const choices = outcome === "ok" ? [(output as NaiveRecord).seqnum] : seqnumsIn(all);
      return choices
        .filter((seqnum) => seqnum > last)
        .map((seqnum) => ({
          ...log,
          records: [...log.records, { seqnum, data: input.data, tags: input.tags }],
        }));
    }
    if (outcome === "unknown") return [log];
    const answer = naiveRead(log, operation);
    const same =
      answer === undefined
        ? output === null
        : output !== null &&
          (output as NaiveRecord).seqnum === answer.seqnum &&
          (output as NaiveRecord).data === answer.data;
    return same ? [log] : [];
  },
};

export function naiveRead({ records, trims }: NaiveLog, { name, input }: Operation): NaiveRecord | undefined {
  const { seqnum, tag } = input as { seqnum: number; tag?: number };
  const there = records
    .filter((record) => tag === undefined || record.tags.includes(tag))
    .filter((record) =>
      trims.every((trim) => (trim.tag !== undefined && trim.tag !== tag) || record.seqnum >= trim.seqnum),
    );
  switch (name) {
    case "read":
      return there.find((record) => record.seqnum === seqnum);
    case "readNext":
      return there.find((record) => record.seqnum >= seqnum);
    case "readPrev":
      return there.findLast((record) => record.seqnum <= seqnum);
    default:
      return there.at(-1);
  }
}

function seqnumsIn(all: readonly Operation[]): number[] {
  const seqnums = all.flatMap(({ name, output }) =>
    name !== "append" && typeof output === "object" && output !== null
      ? [(output as NaiveRecord).seqnum]
      : [],
  );
  return [...new Set(seqnums)];
}
