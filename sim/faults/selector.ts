/** Whom a fault strikes: selectors, worked out at the moment at which it strikes. */

import type { Address } from "../machine.ts";
import type { RandomStream } from "../random.ts";
import type { Simulation } from "../simulation.ts";
import type { Fault, Selector } from "./fault.ts";

export interface Targets {
  readonly simulation: Simulation;
  /** The processes that play a part at this moment. */
  readonly resolve: ((part: string, simulation: Simulation) => readonly Address[]) | undefined;
  readonly mayStrike: (address: Address) => boolean;
}

/** The selectors a fault has. */
export function selectorsOf(fault: Fault): Selector[] {
  const both = [fault.of, counterpartOf(fault)];
  return both.filter((selector) => selector !== undefined);
}

function counterpartOf(fault: Fault): Selector | undefined {
  switch (fault.kind) {
    case "partition":
      return fault.from;
    case "link":
      return fault.to;
    case "reset":
      return fault.and;
    default:
      return undefined;
  }
}

/** Throws for what will never select anything: a name that no process has, a part that nobody resolves. */
export function checkSelector({ names, part }: Selector, { simulation, resolve }: Targets): void {
  for (const name of names ?? []) simulation.addressOf(name);
  if (part !== undefined && resolve === undefined) {
    throw new RangeError(`a fault strikes the part ${part}, but nothing says who plays which part`);
  }
}

/** The processes that a selector means, in the order of addresses, of those that are eligible. */
export function choose(
  { simulation, resolve }: Targets,
  { names, role, part, count }: Selector,
  stream: RandomStream,
  eligible: (address: Address) => boolean,
): Address[] {
  const named = names && new Set(names);
  const playing = part === undefined ? undefined : new Set(resolve!(part, simulation));
  const found = simulation.processes
    .filter(
      (process) =>
        (named === undefined || named.has(process.name)) &&
        (role === undefined || process.role === role) &&
        (playing === undefined || playing.has(process.address)) &&
        eligible(process.address),
    )
    .map(({ address }) => address);
  if (count === undefined || count >= found.length) return found;
  const drawn: Address[] = [];
  while (drawn.length < count) drawn.push(...found.splice(stream.below(found.length), 1));
  return drawn.sort((a, b) => a - b);
}

/** Who is at the other end of the links of those who were struck: whom the selector says, or everyone but some. */
export function others(
  targets: Targets,
  selector: Selector | undefined,
  except: readonly Address[],
  stream: RandomStream,
): Address[] {
  if (selector !== undefined) return choose(targets, selector, stream, () => true);
  const those = new Set(except);
  return targets.simulation.processes.map(({ address }) => address).filter((address) => !those.has(address));
}
