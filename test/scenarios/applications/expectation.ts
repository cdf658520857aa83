/**
 * What a request of an application comes to on average, computed from its compiled code without running it: every outcome of a
 * draw or a branch is followed with its probability. A second reading of the code, independent of models/applications/execution.ts.
 */

import type { Amount, Application, Code } from "../../../models/applications/application.ts";
import type { Distribution } from "../../../sim/distribution.ts";

/** Means per request, by the names in the application's file; what does not happen has no entry. */
interface Expectation {
  /** Of functions, internal and external ones. */
  calls: Record<string, number>;
  /** Calls that come in by the gateway: of the client, a web server or a queue's consumer. */
  external: number;
  /** Calls that functions make. */
  internal: number;
  /** Dependent requests to a store, by its name; a message to a queue counts for the queue. */
  roundTrips: Record<string, number>;
}

interface ExpectationOptions {
  /** Every call is the first one of its worker; otherwise none is. */
  readonly first?: boolean;
}

/** Rarer outcomes of a geometric draw count as the last one that is followed. */
const TAIL = 1e-12;

export function expectationOf(
  application: Application,
  request: string,
  options: ExpectationOptions = {},
): Expectation {
  const spec = application.requests.find(({ name }) => name === request);
  if (spec === undefined) throw new Error(`${application.name} has no request ${request}`);
  const found: Expectation = { calls: {}, external: 0, internal: 0, roundTrips: {} };
  const entry: Code =
    spec.entry === "web"
      ? spec.code
      : [{ op: "call", method: spec.method, inputBytes: spec.inputBytes }, { op: "end" }];
  const walk = new Walk(application, found, options.first ?? false);
  const undrawn = application.variables.map(() => 0);
  walk.draws(spec.draws, undrawn, 1, (variables, share) => {
    walk.run(entry, 0, entry.length, variables, share, "external");
  });
  return found;
}

type Caller = "external" | "internal";

class Walk {
  private readonly application: Application;
  private readonly found: Expectation;
  private readonly first: boolean;

  constructor(application: Application, found: Expectation, first: boolean) {
    this.application = application;
    this.found = found;
    this.first = first;
  }

  draws(
    draws: readonly { readonly variable: number; readonly value: Distribution }[],
    variables: readonly number[],
    share: number,
    then: (variables: readonly number[], share: number) => void,
  ): void {
    const [next, ...rest] = draws;
    if (next === undefined) {
      then(variables, share);
      return;
    }
    for (const [value, probability] of outcomes(next.value)) {
      this.draws(rest, variables.with(next.variable, value), share * probability, then);
    }
  }

  /** Follows code from `pc` up to `until`, exclusively, or its `end`. */
  run(
    code: Code,
    pc: number,
    until: number,
    variables: readonly number[],
    share: number,
    caller: Caller,
    arrivals = 1,
  ): void {
    const { application, found } = this;
    for (let at = pc; at < until; ) {
      const step = code[at]!;
      at++;
      switch (step.op) {
        case "call":
        case "callAsync": {
          const { fn, code: body } = application.methods[step.method]!;
          add(found.calls, application.functions[fn]!.name, share);
          found[caller] += share;
          this.run(body, 0, body.length, variables, share, "internal");
          break;
        }
        case "store":
          add(found.roundTrips, application.stores[step.store]!.name, share);
          arrivals = step.arrivalOf ?? arrivals;
          break;
        case "publish": {
          const { name, consumer } = application.queues[step.queue]!;
          add(found.roundTrips, name, share);
          this.run(consumer.code, 0, consumer.code.length, variables, share, "external");
          break;
        }
        case "jump":
          at = step.to;
          break;
        case "branch": {
          const taken = resolved(step.share, variables);
          if (taken < 1)
            this.run(code, step.otherwise, until, variables, share * (1 - taken), caller, arrivals);
          share *= taken;
          break;
        }
        case "ifLast": {
          // Of so many arrivals one is the last, whichever.
          const others = share * (1 - 1 / arrivals);
          if (others > 0) this.run(code, step.otherwise, until, variables, others, caller, arrivals);
          share /= arrivals;
          break;
        }
        case "ifFirst":
          if (!this.first) at = step.otherwise;
          break;
        case "repeat": {
          const times = Math.floor(resolved(step.times, variables));
          if (times > 0) this.run(code, at, step.behind - 1, variables, share * times, caller, arrivals);
          at = step.behind;
          break;
        }
        case "draw":
          this.draws([step], variables, share, (drawn, part) => {
            this.run(code, at, until, drawn, part, caller, arrivals);
          });
          return;
        case "parallel":
          for (const branch of step.branches) this.run(code, branch, until, variables, share, caller);
          at = step.behind;
          break;
        case "work":
          break;
        case "end":
          return;
        default:
          throw new Error(`an expectation does not know what ${step.op} does`);
      }
      if (share === 0) return;
    }
  }
}

/** Whole numbers with their probabilities. */
function outcomes(distribution: Distribution): (readonly [value: number, probability: number])[] {
  switch (distribution.kind) {
    case "constant":
      return [[Math.floor(distribution.value), 1]];
    case "uniform": {
      const { low, high } = distribution;
      return Array.from({ length: high - low }, (_, i) => [low + i, 1 / (high - low)]);
    }
    case "exponential": {
      // Rounded down: geometric.
      const stay = Math.exp(-1 / distribution.mean);
      const found: [number, number][] = [];
      let left = 1;
      for (; left > TAIL; left *= stay) found.push([found.length, left * (1 - stay)]);
      found.at(-1)![1] += left;
      return found;
    }
    case "mixture": {
      const { weights, parts } = distribution;
      const total = weights.reduce((sum, each) => sum + each, 0);
      return parts.flatMap((part, i) =>
        outcomes(part).map(([value, share]) => [value, (share * weights[i]!) / total] as const),
      );
    }
    default:
      throw new Error(`application files have no ${distribution.kind} variables`);
  }
}

const resolved = ({ factor, variables: by }: Amount, variables: readonly number[]): number =>
  by.reduce((product, variable) => product * variables[variable]!, factor);

function add(sums: Record<string, number>, name: string, value: number): void {
  sums[name] = (sums[name] ?? 0) + value;
}
