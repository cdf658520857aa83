/** Histories as lists of invocations and completions, as Jepsen and Porcupine have them (docs/histories.md, "Events"). */

import type { Ending, History, Operation } from "../history.ts";
import { Complaints, type Item, isIdentity, isTime, nameProblem, shown, type Vocabulary } from "./items.ts";

const FIELDS = [
  "process",
  "type",
  "f",
  "name",
  "operation",
  "key",
  "value",
  "input",
  "output",
  "time",
  "timeNanos",
];

/** What an event says of its operation; an invocation says nothing yet. */
const ENDINGS: Readonly<Record<string, Ending | "invoke">> = {
  invoke: "invoke",
  call: "invoke",
  ok: "ok",
  return: "ok",
  fail: "failed",
  failed: "failed",
  info: "unknown",
  unknown: "unknown",
};

/** The process whose events are about the test and not about the system. */
const NEMESIS = "nemesis";

/** An event and its place in the history. */
interface Event {
  readonly item: Item;
  readonly place: number;
}

export function historyOfEvents(items: readonly Item[], vocabulary: Vocabulary): History {
  const events = items
    .map((item, place): Event => ({ item, place }))
    .filter(({ item }) => item.fields.process !== NEMESIS);
  const reader = new EventReader(events, vocabulary);
  for (const event of events) reader.read(event);
  return reader.finish();
}

class EventReader {
  private readonly complaints = new Complaints();
  private readonly vocabulary: Vocabulary;
  /** Every event has a time; else their order in the list is what there is. */
  private readonly timed: boolean;
  private readonly operations: Operation[] = [];
  /** Invocations without a completion, by the number of their operation or else by process. */
  private readonly open = new Map<string | number, Event>();

  constructor(events: readonly Event[], vocabulary: Vocabulary) {
    this.vocabulary = vocabulary;
    this.timed = events.every(({ item }) => isTime(timeOf(item)));
  }

  read(event: Event): void {
    const { item, place } = event;
    const { process, type, operation } = item.fields;
    this.complaints.checkNames(item, place, FIELDS);
    const ending = typeof type === "string" ? ENDINGS[type] : undefined;
    if (ending === undefined) {
      this.wrong(event, "type", `one of ${Object.keys(ENDINGS).join(", ")} is wanted`);
    } else if (!isIdentity(process)) {
      this.wrong(event, "process", "a number or a text is wanted");
    } else {
      const identity = typeof operation === "number" ? operation : `process ${process}`;
      if (ending === "invoke") this.invoke(event, identity);
      else this.complete(event, identity, ending);
    }
  }

  finish(): History {
    for (const begun of this.open.values()) this.add(begun, "unknown", undefined);
    this.complaints.throwIfAny();
    const operations = this.operations.sort((a, b) => a.index - b.index);
    return { operations, clock: this.timed ? "nanos" : "events" };
  }

  private invoke(event: Event, identity: string | number): void {
    const { item, place } = event;
    const begun = this.open.get(identity);
    if (begun !== undefined) {
      this.wrong(event, "process", `it invokes while its operation of event ${begun.place} is open`);
    }
    const misnamed = nameProblem(nameOf(item), this.vocabulary);
    if (misnamed !== undefined) this.complaints.add(item, place, nameFieldOf(item), misnamed);
    this.open.set(identity, event);
  }

  private complete(event: Event, identity: string | number, ending: Ending): void {
    const begun = this.open.get(identity);
    if (begun === undefined) {
      this.wrong(event, "process", `it has no open operation that could be ${event.item.fields.type}`);
      return;
    }
    this.open.delete(identity);
    if (this.timed && (timeOf(event.item) as number) < (timeOf(begun.item) as number)) {
      const field = "timeNanos" in event.item.fields ? "timeNanos" : "time";
      this.wrong(event, field, `a time not before that of the invocation, event ${begun.place}, is wanted`);
    }
    this.add(begun, ending, event);
  }

  private add(begun: Event, ending: Ending, completion: Event | undefined): void {
    if (nameProblem(nameOf(begun.item), this.vocabulary) !== undefined) return;
    const { fields } = begun.item;
    const end = completion?.item.fields;
    const input = "input" in fields ? fields.input : fields.value;
    const key = fields.key ?? end?.key;
    const operation: Operation = {
      index: begun.place,
      process: fields.process as string | number,
      name: nameOf(begun.item) as string,
      key: key === undefined || key === null ? undefined : String(key),
      input,
      output: ending !== "ok" || end === undefined ? undefined : "output" in end ? end.output : end.value,
      outcome: ending,
      invoked: this.momentOf(begun),
      returned:
        ending === "ok" && completion !== undefined ? this.momentOf(completion) : Number.POSITIVE_INFINITY,
    };
    this.operations.push(operation);
    const problem = this.vocabulary.problem?.(operation);
    if (problem === undefined) return;
    const [field, ...members] = problem.field.split(".") as [string, ...string[]];
    const { item, place } = field === "output" && completion !== undefined ? completion : begun;
    const written = field in item.fields ? field : "value";
    this.complaints.add(item, place, [written, ...members].join("."), problem.message);
  }

  private momentOf({ item, place }: Event): number {
    return this.timed ? (timeOf(item) as number) : place;
  }

  private wrong({ item, place }: Event, field: string, allowed: string): void {
    this.complaints.add(item, place, field, `is ${shown(item.fields[field])}; ${allowed}`);
  }
}

const timeOf = ({ fields }: Item): unknown => fields.timeNanos ?? fields.time;

const nameFieldOf = ({ fields }: Item): string =>
  ["f", "name", "operation"].find((field) => typeof fields[field] === "string") ?? "f";

const nameOf = (item: Item): unknown => item.fields[nameFieldOf(item)];
