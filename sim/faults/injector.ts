/**
 * Makes the faults of a plan happen (docs/kernel.md, "Faults").
 *
 * What holds at a moment follows from the faults that are active then: a process is down while a crash holds it, its clock
 * is the sum of what is wrong with it, and so on. So faults overlap in any way, and one that ends takes away only its own.
 *
 * Every fault of a plan draws from streams of its own: when it strikes, whom, and what becomes of each message or write. A
 * plan from which a fault was removed draws for the others what it drew before, provided that they keep their numbers (`numbered`).
 */

import type { Address } from "../machine.ts";
import type { Host } from "../process.ts";
import { type RandomState, type RandomStream, streamFor } from "../random.ts";
import { compile, type Sampler } from "../sampling.ts";
import type { Simulation } from "../simulation.ts";
import { FOREVER, type Nanos, toNanos } from "../units.ts";
import { clockUnder } from "./clock.ts";
import type { Fault, FaultPeriod, FaultPlan, RepeatedFault, TimedFault } from "./fault.ts";
import { coverageOf, wayBack } from "./partition.ts";
import { checkSelector, choose, others, selectorsOf, type Targets } from "./selector.ts";

export interface FaultOptions {
  /** The processes that play a part at this moment (`Selector.part`). */
  readonly resolve?: Targets["resolve"];
  /** Which processes a fault may be aimed at; default: all. Who is only at the other end of a link is not asked about. */
  readonly mayStrike?: Targets["mayStrike"];
}

/** What faults have done so far. */
export interface FaultLog {
  /** In the order in which they began; one that found nobody to strike is not among them. */
  readonly periods: readonly FaultPeriod[];
}

/** A fault that is in force. */
interface Active {
  /** Names its rules in the network and on disks. */
  readonly name: string;
  /** Its place among the periods. */
  readonly period: number;
  readonly plan: number;
  readonly fault: Fault;
  readonly struck: readonly Address[];
  readonly sinceNanos: Nanos;
}

/** A fault of the plan with what it draws from. */
interface Planned {
  readonly entry: TimedFault | RepeatedFault;
  readonly streams: string;
  readonly times: RandomStream;
  readonly choices: RandomStream;
  readonly every: Sampler | undefined;
  readonly length: Sampler | undefined;
}

const BEGIN = "fault begins";
const END = "fault ends";
const HEAL = "faults heal";

/**
 * Schedules a plan. To be called once, when the processes have been added and before the run; also before a restore of a
 * snapshot that was taken with the same plan. Throws a RangeError for a process or a part that does not exist.
 */
export function installFaults(simulation: Simulation, plan: FaultPlan, options: FaultOptions = {}): FaultLog {
  const injector = new Injector(simulation, plan, options);
  simulation.keep("faults", injector);
  simulation.registerControl(BEGIN, (_, index) => injector.begin(index as number));
  simulation.registerControl(END, (_, name) => injector.end(name as string));
  simulation.registerControl(HEAL, () => injector.heal());
  injector.schedule();
  return injector;
}

/** The same plan with its numbers written down, so that faults may be left out without changing what the others draw. */
export function numbered(plan: FaultPlan): FaultPlan {
  const { timed, repeated = [] } = plan;
  return {
    ...plan,
    timed: timed.map((each, index) => ({ number: index, ...each })),
    repeated: repeated.map((each, index) => ({ number: timed.length + index, ...each })),
  };
}

class Injector implements FaultLog {
  readonly periods: FaultPeriod[] = [];
  private readonly simulation: Simulation;
  private readonly healAtNanos: Nanos;
  private readonly targets: Targets;
  private readonly plan: readonly Planned[];
  /** In the order in which they began. */
  private active: Active[] = [];

  constructor(simulation: Simulation, plan: FaultPlan, options: FaultOptions) {
    const { timed, repeated = [], healAtNanos = FOREVER } = plan;
    this.simulation = simulation;
    this.healAtNanos = healAtNanos;
    this.targets = { simulation, resolve: options.resolve, mayStrike: options.mayStrike ?? (() => true) };
    const numbers = new Set<number>();
    this.plan = [...timed, ...repeated].map((entry, index) => {
      const number = entry.number ?? index;
      if (numbers.has(number)) throw new RangeError(`two faults of the plan have the number ${number}`);
      numbers.add(number);
      for (const selector of selectorsOf(entry.fault)) checkSelector(selector, this.targets);
      const streams = `fault plan ${number}`;
      return {
        entry,
        streams,
        times: streamFor(simulation.seed, `${streams} times`),
        choices: streamFor(simulation.seed, `${streams} choices`),
        every: "everyNanos" in entry ? compile(entry.everyNanos) : undefined,
        length: "lengthNanos" in entry ? compile(entry.lengthNanos) : undefined,
      };
    });
  }

  schedule(): void {
    for (const [index, { entry }] of this.plan.entries()) {
      if ("atNanos" in entry) this.at(entry.atNanos, BEGIN, index);
      else this.scheduleNext(index, entry.fromNanos);
    }
    this.at(this.healAtNanos, HEAL, undefined);
  }

  /** A repeated fault strikes again so much after `fromNanos`. */
  private scheduleNext(index: number, fromNanos: Nanos): void {
    const { entry, every, times } = this.plan[index]!;
    const gapNanos = Math.max(1, toNanos(every!(times)));
    const atNanos = Math.min(FOREVER, fromNanos + gapNanos);
    if (atNanos < ((entry as RepeatedFault).untilNanos ?? FOREVER)) this.at(atNanos, BEGIN, index);
  }

  private at(timeNanos: Nanos, control: string, argument: unknown): void {
    if (timeNanos < FOREVER) this.simulation.at(timeNanos, control, argument);
  }

  begin(index: number): void {
    const now = this.simulation.nowNanos;
    if (now >= this.healAtNanos) return;
    const { entry, length, times, choices } = this.plan[index]!;
    let lengthNanos = "atNanos" in entry ? (entry.forNanos ?? FOREVER) : 0;
    if (length !== undefined) {
      lengthNanos = Math.max(0, toNanos(length(times)));
      this.scheduleNext(index, now);
    }
    const { fault } = entry;
    const untilNanos = Math.min(this.healAtNanos, now + lengthNanos);
    const struck = this.strike(fault, choices);
    if (struck.length === 0) return;
    const period = this.periods.length;
    const names = struck.map((address) => this.simulation.processes[address]!.name);
    this.periods.push({ index, fault, struck: names, fromNanos: now, untilNanos: undefined });
    const active: Active = {
      name: `fault ${period}`,
      period,
      plan: index,
      fault,
      struck,
      sinceNanos: now,
    };
    this.active.push(active);
    this.apply(active, untilNanos);
    if (fault.kind === "reset") this.end(active.name);
    else this.at(untilNanos, END, active.name);
  }

  /** Whom a fault strikes now, in the order of addresses. */
  private strike(fault: Fault, choices: RandomStream): readonly Address[] {
    const { processes } = this.simulation;
    const { mayStrike } = this.targets;
    const chosen = (eligible: (address: Address) => boolean) =>
      choose(this.targets, fault.of, choices, (address) => mayStrike(address) && eligible(address));
    if (fault.kind === "disk") return chosen((address) => processes[address]!.host.disk !== undefined);
    if (fault.kind !== "crash" || !takesHost(fault)) return chosen(() => true);
    // A host on which something runs that must not be struck is spared.
    const spared = new Set(
      processes.filter(({ address }) => !mayStrike(address)).map(({ host }) => host.index),
    );
    const hosts = this.hostsOf(chosen((address) => !spared.has(processes[address]!.host.index)));
    return processes.filter(({ host }) => hosts.has(host)).map(({ address }) => address);
  }

  private hostsOf(addresses: readonly Address[]): Set<Host> {
    return new Set(addresses.map((address) => this.simulation.processes[address]!.host));
  }

  private apply(active: Active, untilNanos: Nanos): void {
    const { simulation } = this;
    const { processes, network, nowNanos } = simulation;
    const { fault, struck, name } = active;
    const { streams, choices } = this.plan[active.plan]!;
    switch (fault.kind) {
      case "crash":
        if (takesHost(fault)) {
          for (const { index } of this.hostsOf(struck)) {
            const first = struck.find((address) => processes[address]!.host.index === index)!;
            simulation.crash(first, { wholeHost: true, disk: fault.disk ?? "kept" });
          }
        } else for (const address of struck) simulation.crash(address);
        return;
      case "pause":
        for (const address of struck) simulation.pause(address);
        return;
      case "slowCpu":
        this.setSpeeds(struck);
        return;
      case "clock":
        this.setClocks(struck);
        return;
      case "reset": {
        const peers = others(this.targets, fault.and, [], choices);
        simulation.reset(struck, peers);
        return;
      }
      case "partition": {
        const within = fault.shape === "partial" ? [] : struck;
        const peers = others(this.targets, fault.from, within, choices);
        for (const [part, coverage] of coverageOf(fault.shape, struck, peers, choices).entries()) {
          network.addRule(`${name} ${part}`, streams, coverage, { blocked: true });
        }
        return;
      }
      case "link": {
        const peers = others(this.targets, fault.to, [], choices);
        network.addRule(`${name} 0`, streams, { from: struck, to: peers }, fault.rule);
        if (fault.bothWays === true) {
          network.addRule(`${name} 1`, streams, wayBack(struck, peers), fault.rule);
        }
        return;
      }
      case "disk":
        for (const host of this.hostsOf(struck)) {
          host.disk!.addRule(name, streams, fault.rule, nowNanos);
          if (fault.rule.stalled === true) simulation.stallDisk(host, untilNanos);
        }
        return;
      default:
        unreachable(fault);
    }
  }

  end(name: string): void {
    const ending = this.active.filter((each) => each.name === name);
    this.finish(ending);
  }

  /** Ends what lasts. What is yet to come finds that it is too late. */
  heal(): void {
    this.finish(this.active);
  }

  /** Ends several faults at once: those who boot find each other. */
  private finish(ending: readonly Active[]): void {
    this.active = this.active.filter((each) => !ending.includes(each));
    const { simulation } = this;
    const booting = new Set<Address>();
    for (const { fault, struck, name, period } of ending) {
      this.periods[period] = { ...this.periods[period]!, untilNanos: simulation.nowNanos };
      switch (fault.kind) {
        case "crash":
          for (const address of this.released("crash", struck)) {
            if (!simulation.isUp(address)) booting.add(address);
          }
          break;
        case "pause":
          for (const address of this.released("pause", struck)) simulation.resume(address);
          break;
        case "slowCpu":
          this.setSpeeds(struck);
          break;
        case "clock":
          this.setClocks(struck);
          break;
        case "partition":
        case "link":
          for (const part of [0, 1]) simulation.network.removeRule(`${name} ${part}`);
          break;
        case "disk":
          for (const { disk } of simulation.hosts) disk?.removeRule(name, simulation.nowNanos);
          break;
        case "reset":
          break;
        default:
          unreachable(fault);
      }
    }
    simulation.boot(...[...booting].sort((a, b) => a - b));
  }

  /** Those whom no other fault of the kind holds any more. */
  private released(kind: "crash" | "pause", struck: readonly Address[]): Address[] {
    return struck.filter((address) => this.activeOn(address, kind).length === 0);
  }

  private activeOn<K extends Fault["kind"]>(
    address: Address,
    kind: K,
  ): { readonly fault: Extract<Fault, { kind: K }>; readonly sinceNanos: Nanos }[] {
    return this.active.filter(
      ({ fault, struck }) => fault.kind === kind && struck.includes(address),
    ) as never;
  }

  private setSpeeds(struck: readonly Address[]): void {
    for (const address of struck) {
      let slower = 1;
      for (const { fault } of this.activeOn(address, "slowCpu")) slower *= fault.factor;
      this.simulation.processes[address]!.speed = 1 / slower;
    }
  }

  private setClocks(struck: readonly Address[]): void {
    for (const address of struck) {
      this.simulation.processes[address]!.clock = clockUnder(
        this.activeOn(address, "clock").map(({ fault: { offsetNanos = 0, driftPpm = 0 }, sinceNanos }) => ({
          offsetNanos,
          driftPpm,
          sinceNanos,
        })),
      );
    }
  }

  save(): object {
    return {
      periods: [...this.periods],
      active: this.active,
      streams: this.plan.map(({ times, choices }) => [times.save(), choices.save()]),
    };
  }

  restore(saved: object): void {
    const { periods, active, streams } = saved as {
      periods: FaultPeriod[];
      active: Active[];
      streams: [RandomState, RandomState][];
    };
    this.periods.splice(0, this.periods.length, ...periods);
    this.active = active;
    for (const [index, [times, choices]] of streams.entries()) {
      this.plan[index]!.times.restore(times);
      this.plan[index]!.choices.restore(choices);
    }
  }
}

function takesHost({ wholeHost, disk }: Extract<Fault, { kind: "crash" }>): boolean {
  return wholeHost === true || disk === "lost";
}

function unreachable(fault: never): never {
  throw new Error(`no such fault: ${JSON.stringify(fault)}`);
}
