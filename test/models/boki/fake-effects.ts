/**
 * The world of a role under test, as a record: what a step sends, which timers it sets, what it counts. Choices are read from
 * a script, and time stands where the test puts it. So a test calls `receive` and `timeout` like any function, and looks.
 */

import type { BokiMessage } from "../../../models/boki/messages.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import type { Address, Effects, Observed, OperationId, Outcome, TimerName } from "../../../sim/machine.ts";
import type { Nanos } from "../../../sim/units.ts";

interface Sent {
  readonly to: Address;
  readonly message: BokiMessage;
}

/** A timer as it was last set: relative to the step, or at the ticks of a clock. */
export type SetTimer =
  | { readonly afterNanos: Nanos }
  | { readonly periodNanos: Nanos; readonly phaseNanos: Nanos };

interface Operation {
  readonly name: string;
  readonly input: unknown;
  ended?: { readonly outcome: Outcome; readonly output: unknown };
}

export interface FakeEffects extends Effects<BokiMessage> {
  now: Nanos;
  /** Everything sent since it was last taken, in order. */
  readonly sent: Sent[];
  readonly timers: Map<TimerName, SetTimer>;
  readonly counters: Map<string, number>;
  /** Work reported, by kind. */
  readonly worked: Map<string, number>;
  readonly disk: Map<string, Map<number, unknown>>;
  /** Every write is refused. */
  diskFull: boolean;
  readonly operations: Operation[];
  readonly observed: Observed[];
  /** What `choose` returns next; 0 when the script has ended. */
  readonly choices: number[];
}

export function fakeEffects({
  now = 0,
  self = 0,
  choices = [],
}: {
  now?: Nanos;
  self?: Address;
  choices?: number[];
} = {}): FakeEffects {
  const sent: Sent[] = [];
  const timers = new Map<TimerName, SetTimer>();
  const counters = new Map<string, number>();
  const worked = new Map<string, number>();
  const disk = new Map<string, Map<number, unknown>>();
  const operations: Operation[] = [];
  const observed: Observed[] = [];
  const effects: FakeEffects = {
    now,
    spentNanos: 0,
    self,
    thread: 0,
    sent,
    timers,
    counters,
    worked,
    disk,
    diskFull: false,
    operations,
    observed,
    choices,
    send: (to, message) => void sent.push({ to, message }),
    watch() {},
    crash() {},
    setParallelism() {},
    setTimer: (timer, afterNanos) => void timers.set(timer, { afterNanos }),
    setTimerAtTick: (timer, periodNanos, phaseNanos) => void timers.set(timer, { periodNanos, phaseNanos }),
    cancelTimer: (timer) => void timers.delete(timer),
    put(table, key, value) {
      if (effects.diskFull) return false;
      const rows = disk.get(table) ?? new Map<number, unknown>();
      disk.set(table, rows.set(key, value));
      return true;
    },
    get: (table, key) => disk.get(table)?.get(key),
    sync: (timer) => void timers.set(timer, { afterNanos: 0 }),
    work: (kind, amount) => void worked.set(kind, (worked.get(kind) ?? 0) + amount),
    choose(options) {
      const choice = choices.shift() ?? 0;
      if (choice >= options) throw new RangeError(`the script chooses ${choice} of ${options}`);
      return choice;
    },
    sample: (distribution?: Distribution) => (distribution?.kind === "constant" ? distribution.value : 0),
    begin(name, input): OperationId {
      operations.push({ name, input });
      return operations.length - 1;
    },
    complete(operation, outcome, output) {
      const begun = operations[operation]!;
      if (begun.ended !== undefined) throw new Error(`operation ${operation} is completed twice`);
      begun.ended = { outcome, output };
    },
    count: (counter, amount = 1) => void counters.set(counter, (counters.get(counter) ?? 0) + amount),
    observe: (observation) => void observed.push(observation),
    // Programs are rebuilt from their results at every step, as in checked mode.
    programs: { get: () => undefined, set: () => {}, delete: () => {} },
  };
  return effects;
}

/** What was sent since the last time, and forgets it. */
export function takeSent(out: FakeEffects): Sent[] {
  return out.sent.splice(0);
}

/** The messages of one kind among those sent since the last time; forgets all. */
export function takeKind<Kind extends BokiMessage["kind"]>(
  out: FakeEffects,
  kind: Kind,
): { to: Address; message: Extract<BokiMessage, { kind: Kind }> }[] {
  return takeSent(out).filter(
    (each): each is { to: Address; message: Extract<BokiMessage, { kind: Kind }> } =>
      each.message.kind === kind,
  );
}
