/**
 * The search for the way from a step back to an earlier one that it needed (sim/trace-path.ts): along what caused what, and where a
 * process works on many operations together along what a step took up.
 */

import type { Address, TimerName } from "./machine.ts";
import type { Tracer } from "./trace.ts";
import { type InputId, type InputKind, MOMENTS } from "./trace-records.ts";
import type { Nanos } from "./units.ts";

/** What a step may take up of what its process has taken in before. */
export interface TakesUp {
  /** Kinds of messages and names of timers. */
  readonly of: ReadonlySet<TimerName>;
  /**
   * Where the way goes on with a message of one of these kinds, something that had come before was taken up. Undefined: wherever it
   * goes on.
   */
  readonly sends?: ReadonlySet<TimerName>;
  /**
   * Where it goes on with one of these, it is the answer to what its receiver had asked for, which was taken up if it is one `of`; and
   * otherwise went ways of its own, that lead here.
   */
  readonly answers?: ReadonlySet<TimerName>;
}

/** What the model says of a step with this input. Undefined: it takes up nothing but its input. */
export type TakesUpOf = (process: Address, kind: InputKind, name: TimerName) => TakesUp | undefined;

/** A step on the way back, and whether it took up what the next one, an earlier step of its process, had taken in. */
export interface Hop {
  readonly id: InputId;
  readonly joined: boolean;
}

/** A stretch of the way, from a step to the one before `to`; the way goes on there. */
interface Link {
  readonly hops: readonly Hop[];
  readonly to: InputId;
}

/** The way is known not to lead to the target. */
const NOWHERE: Link = { hops: [], to: 0 };

/** A search that looks at more inputs than this gives up. */
const LOOKS_MAX = 200_000;
/** Searches within searches. */
const DEPTH_MAX = 500;
const ON_CORE = MOMENTS.indexOf("onCore");
const ADDRESSES = 2 ** 24;

/** What searches within each other share. */
interface Shared {
  looks: number;
  depth: number;
  /** By answer, as `known`: the way from it to what had been asked for. */
  readonly answers: Map<number, readonly Hop[] | undefined>;
}

/**
 * The way back from a step to `target`, which has not run before `sinceNanos`: the steps, the latest first and without the target.
 * Undefined: nothing leads there. `behind`: what the step went on with; 0: nothing.
 */
export function wayBack(
  tracer: Tracer,
  takesUpOf: TakesUpOf,
  from: InputId,
  behind: InputId,
  target: InputId,
  sinceNanos: Nanos,
): readonly Hop[] | undefined {
  for (const loose of [false, true]) {
    const shared: Shared = { looks: 0, depth: 0, answers: new Map() };
    const search = new Search(tracer, takesUpOf, target, sinceNanos, loose, shared);
    const hops = search.way(from, behind);
    if (hops !== undefined) return hops;
  }
  return undefined;
}

class Search {
  private readonly tracer: Tracer;
  private readonly takesUpOf: TakesUpOf;
  private readonly target: InputId;
  private readonly sinceNanos: Nanos;
  /** Less is asked for: see `fit`, `latest`, `answered` and `takesUpOtherwise`. */
  private readonly loose: boolean;
  private readonly shared: Shared;
  /** Of what has been looked at, by input and where the way goes on from it: how it leads to the target, or `NOWHERE`. */
  private readonly known = new Map<number, Link>();

  constructor(
    tracer: Tracer,
    takesUpOf: TakesUpOf,
    target: InputId,
    sinceNanos: Nanos,
    loose: boolean,
    shared: Shared,
  ) {
    this.tracer = tracer;
    this.takesUpOf = takesUpOf;
    this.target = target;
    this.sinceNanos = sinceNanos;
    this.loose = loose;
    this.shared = shared;
  }

  way(from: InputId, behind: InputId): Hop[] | undefined {
    if (!this.leads(from, behind, true)) return undefined;
    const way: Hop[] = [];
    let [id, last] = [from, behind];
    while (id !== this.target) {
      const link = this.known.get(this.keyOf(id, last));
      // A search that has given up for being too long may have forgotten a part of the way that it had found.
      if (link === undefined || link === NOWHERE) return undefined;
      way.push(...link.hops);
      last = this.lastOf(link.hops, last);
      id = link.to;
    }
    return way;
  }

  /** One step may go on as several: of an input and where the way goes on from it. */
  private keyOf(id: InputId, behind: InputId): number {
    return id * ADDRESSES + (behind === 0 ? 0 : 1 + this.tracer.processOf(behind));
  }

  /** Whether an input leads back to the target. `main`: no timer has gathered what is behind it. */
  private leads(first: InputId, firstBehind: InputId, main: boolean): boolean {
    const { tracer, target, shared } = this;
    const passed: InputId[] = [];
    let behind = firstBehind;
    let id = first;
    let found = false;
    for (;;) {
      if (id === target) {
        found = true;
        break;
      }
      if (!tracer.has(id) || tracer.momentAt(id, ON_CORE) < this.sinceNanos || shared.looks++ > LOOKS_MAX)
        break;
      const key = this.keyOf(id, behind);
      const link = this.known.get(key) ?? this.takenUp(id, behind, main);
      if (link !== undefined) {
        this.known.set(key, link);
        found = link !== NOWHERE;
        break;
      }
      passed.push(id);
      behind = this.goesOnWith(id, behind);
      id = tracer.causeOf(id);
    }
    let end = passed.length;
    if (!found && this.loose && main) {
      end = passed.findIndex((each) => this.takesUpOtherwise(each));
      found = end >= 0;
    }
    behind = firstBehind;
    for (const [i, each] of passed.entries()) {
      let link: Link = { hops: [{ id: each, joined: false }], to: tracer.causeOf(each) };
      if (!found || i > end) link = NOWHERE;
      else if (i === end)
        link = { hops: [{ id: each, joined: true }], to: this.latest(each, 0, this.rulesOf(each)!.of, true) };
      this.known.set(this.keyOf(each, behind), link);
      behind = this.goesOnWith(each, behind);
    }
    return found;
  }

  /** What the way goes on with behind a stretch of it. */
  private lastOf(hops: readonly Hop[], behind: InputId): InputId {
    return hops.reduce((last, { id, joined }) => (joined ? id : this.goesOnWith(id, last)), behind);
  }

  /** What the way goes on with from the cause of an input: with what it hands over, if it does that. */
  private goesOnWith(id: InputId, behind: InputId): InputId {
    return this.tracer.kindOf(id) === "handOff" ? behind : id;
  }

  /** Whether a step that somebody else caused took up something of this operation all the same, where the rules do not see it. */
  private takesUpOtherwise(id: InputId): boolean {
    const takesUp = this.rulesOf(id);
    return takesUp !== undefined && this.latest(id, 0, takesUp.of, true) !== 0;
  }

  /** How the way goes on where a step takes up something that has come before; undefined: with its cause. */
  private takenUp(id: InputId, behind: InputId, main: boolean): Link | undefined {
    const takesUp = this.rulesOf(id);
    if (takesUp === undefined || this.shared.depth >= DEPTH_MAX) return undefined;
    const { of, sends, answers } = takesUp;
    const next = behind === 0 ? undefined : this.tracer.nameOf(behind);
    this.shared.depth++;
    try {
      if (next !== undefined && answers?.has(next) === true) return this.answered(id, behind, of, main);
      const goesOn = sends === undefined ? answers === undefined : next !== undefined && sends.has(next);
      const to = goesOn ? this.latest(id, behind, of, main) : 0;
      return to === 0 ? undefined : { hops: [{ id, joined: true }], to };
    } finally {
      this.shared.depth--;
    }
  }

  private rulesOf(id: InputId): TakesUp | undefined {
    const { tracer } = this;
    return this.takesUpOf(tracer.processOf(id), tracer.kindOf(id), tracer.nameOf(id));
  }

  /** The latest earlier step of the process that took in one of these and leads to the target; 0: there is none. */
  private latest(id: InputId, behind: InputId, of: ReadonlySet<TimerName>, main: boolean): InputId {
    const { tracer } = this;
    const name = tracer.nameOf(id);
    const gathers = isTimer(tracer.kindOf(id));
    // Away from the way itself, what a timer gathers came since it expired before: the rest was gathered then.
    const sinceLast = gathers && !main && !this.loose;
    for (const step of this.stepsBefore(id)) {
      const its = tracer.nameOf(step);
      if (of.has(its) && this.fit(step, behind, main) && this.leads(step, id, main && !gathers)) {
        return this.firstAlike(step, id, main && !gathers);
      }
      if (sinceLast && its === name) return 0;
    }
    return 0;
  }

  /** What was sent again changes nothing where it has come before: the first message of its kind and key that leads to the target. */
  private firstAlike(latest: InputId, id: InputId, main: boolean): InputId {
    const { tracer } = this;
    const key = tracer.keyOf(latest);
    if (Number.isNaN(key)) return latest;
    let first = latest;
    for (const step of this.stepsBefore(latest)) {
      const alike = tracer.keyOf(step) === key && tracer.nameOf(step) === tracer.nameOf(latest);
      if (alike && this.leads(step, id, main)) first = step;
    }
    return first;
  }

  /** The way to what a process had asked for when it was answered, and on from there. */
  private answered(
    id: InputId,
    answer: InputId,
    of: ReadonlySet<TimerName>,
    main: boolean,
  ): Link | undefined {
    const { tracer } = this;
    const asked = this.asked(id, answer, main);
    // It had asked before this operation began.
    if (asked === 0) return this.loose ? undefined : NOWHERE;
    if (of.has(tracer.nameOf(asked))) {
      return this.leads(asked, id, main) ? { hops: [{ id, joined: true }], to: asked } : NOWHERE;
    }
    const hops = this.wayToAsked(id, answer, asked);
    if (hops === undefined) return this.loose ? undefined : NOWHERE;
    return this.leads(asked, this.lastOf(hops, answer), main) ? { hops, to: asked } : NOWHERE;
  }

  /** From an answer to what had been asked for: it does not depend on what this search is for. */
  private wayToAsked(id: InputId, answer: InputId, asked: InputId): readonly Hop[] | undefined {
    const { tracer, takesUpOf, loose, shared } = this;
    const key = this.keyOf(id, answer);
    const known = shared.answers.get(key);
    if (known !== undefined || shared.answers.has(key)) return known;
    const sinceNanos = tracer.momentAt(asked, ON_CORE);
    const within = new Search(tracer, takesUpOf, asked, sinceNanos, loose, shared);
    const hops = within.way(tracer.causeOf(id), this.goesOnWith(id, answer));
    const found = hops && [{ id, joined: false }, ...hops];
    shared.answers.set(key, found);
    return found;
  }

  private asked(id: InputId, answer: InputId, main: boolean): InputId {
    const by = this.tracer.processOf(answer);
    for (const step of this.stepsBefore(id)) {
      if (this.tracer.fromOf(step) === by && this.fit(step, answer, main)) return step;
    }
    return 0;
  }

  /**
   * Whether what was taken in can be what goes on as another message. Keys of one sign must be the same; those of different kinds, which
   * have different signs, tell nothing, which is good enough on the way itself and in a loose search.
   */
  private fit(step: InputId, goesOnAs: InputId, main: boolean): boolean {
    if (goesOnAs === 0) return true;
    const [one, other] = [this.tracer.keyOf(step), this.tracer.keyOf(goesOnAs)];
    if (Number.isNaN(one) || Number.isNaN(other)) return true;
    return one < 0 === other < 0 ? one === other : main || this.loose;
  }

  /** Earlier steps of a step's process, the latest first, back to the target. */
  private *stepsBefore(id: InputId): Generator<InputId> {
    const { tracer, target, sinceNanos } = this;
    for (let step = tracer.stepBefore(id); tracer.has(step); step = tracer.stepBefore(step)) {
      if (step !== target && tracer.momentAt(step, ON_CORE) < sinceNanos) return;
      yield step;
    }
  }
}

/** Timers wait for nobody: what they find is what has come. */
function isTimer(kind: InputKind): boolean {
  return kind === "timer" || kind === "sync";
}
