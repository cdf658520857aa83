/** Rules about faults: that they strike what exists, in time, and what can suffer them. */

import { isWorkerName, processNames, readPart } from "../models/boki/parts.ts";
import type { Distribution } from "../sim/distribution.ts";
import type { Selector } from "../sim/faults/fault.ts";
import { largest } from "./distribution-field.ts";
import type { Finding } from "./findings.ts";
import { suggestion } from "./problems.ts";
import { formatQuantity, TIME } from "./quantity.ts";
import { constantOf, type FaultFields } from "./resolve-faults.ts";
import type { ScenarioFields } from "./schema.ts";
import { WARMUP_AUTO } from "./schema-common.ts";
import { FAULT_KIND_NAMES } from "./schema-faults.ts";
import { SELECTOR_WORDS, type WrittenSelector } from "./selector-field.ts";
import type { Path } from "./source.ts";

/** Faults that come faster than this are a slip. */
const EVERY_NANOS_MIN = 10_000;

type Names = ReturnType<typeof processNames>;

export function faultRulesBroken(fields: ScenarioFields): Finding[] {
  if (fields.faults.length === 0 && fields.reconfigure.length === 0) return healMakesSense(fields);
  const names = processNames(
    fields.cluster,
    fields.workload.map(({ name }) => name),
  );
  return [
    ...fields.faults.flatMap((fault, i) => [
      ...targetsExist(fields, names, fault, ["faults", i]),
      ...targetsCanSuffer(fault, ["faults", i]),
    ]),
    ...faultTimesBroken(fields),
    ...fields.reconfigure.flatMap((_, i) => ordersMakeSense(fields, i)),
  ];
}

type TimedFields = Pick<ScenarioFields, "faults" | "heal" | "warmup" | "duration">;

/** What is wrong with the times of faults, whatever system they strike. */
export function faultTimesBroken(fields: TimedFields): Finding[] {
  // What such times have to fit into is not known, which is a mistake of its own (rules.ts).
  if (fields.warmup === WARMUP_AUTO) return [];
  return [
    ...fields.faults.flatMap((fault, i) => timesMakeSense(fields, fault, ["faults", i])),
    ...healMakesSense(fields),
  ];
}

export interface Target {
  readonly path: Path;
  readonly target: WrittenSelector;
}

const NO_DISK = /^(engine-|worker-|client-|gateway$|controller$|operator$|zookeeper$)/;

const END_TEXT = "(warmup + duration)";
const endOf = ({ warmup, duration }: Pick<ScenarioFields, "warmup" | "duration">): number =>
  warmup + duration;
const time = (nanos: number): string => formatQuantity(TIME, nanos);

export function targetsOf(fault: FaultFields, path: Path): Target[] {
  return FAULT_KIND_NAMES.flatMap((kind) => {
    const fields = fault[kind];
    if (fields === undefined) return [];
    if (isSelector(fields)) return [{ path: [...path, kind], target: fields }];
    return Object.entries(fields).flatMap(([name, value]) =>
      isSelector(value) ? [{ path: [...path, kind, name], target: value }] : [],
    );
  });
}

const isSelector = (value: unknown): value is WrittenSelector =>
  typeof value === "object" && value !== null && "selector" in value;

function targetsExist(fields: ScenarioFields, names: Names, fault: FaultFields, path: Path): Finding[] {
  return targetsOf(fault, path).flatMap(({ path: at, target }) => {
    const wrong = whyMissing(fields, names, target.selector);
    const related: Path[] = [["cluster"], ["boki", "physicalLogs"], ["boki", "metalogReplicas"]];
    return wrong === undefined ? [] : [{ path: at, related, message: `found "${target.written}"; ${wrong}` }];
  });
}

function whyMissing(
  { cluster, boki }: ScenarioFields,
  byRole: Names,
  { names, role, part, count = 1 }: Selector,
): string | undefined {
  const all = Object.values(byRole).flat();
  const unknown = names?.find((name) => !all.includes(name) && !isWorkerName(name, cluster));
  if (unknown !== undefined) {
    const near = suggestion(unknown, [...all, ...SELECTOR_WORDS]);
    const known = near.includes("did you mean") ? near : `; ${knownNames(byRole, cluster)}`;
    return `there is no process "${unknown}"${known}`;
  }
  const nodes = byRole.engine!.length + byRole.storage!.length + byRole.sequencer!.length;
  const workers = byRole.engine!.length * cluster.workersPerEngine;
  if (part !== undefined) {
    const read = readPart(part);
    if (read === undefined) return `the log has no such part; groups are ${GROUP_EXAMPLES}`;
    const { part: kind, log } = read;
    if (log > boki.physicalLogs) {
      return `there ${boki.physicalLogs === 1 ? "is 1 physical log" : `are ${boki.physicalLogs} physical logs`} (boki.physicalLogs)`;
    }
    // The gateway and the controller are processes as well.
    const processes = nodes + workers + 2;
    const players = { primary: 1, backups: boki.metalogReplicas - 1, nodes, processes }[kind];
    return count > players ? `there are only ${players}` : undefined;
  }
  if (role === undefined) return undefined;
  const population = role === "worker" ? workers : byRole[role]?.length;
  if (population === undefined) return `the log has no such processes; groups are ${GROUP_EXAMPLES}`;
  return count > population ? `there are only ${population}` : undefined;
}

/** Everything that can be named, short enough to be read. */
function knownNames(
  byRole: Names,
  { engines, spareEngines, workersPerEngine }: ScenarioFields["cluster"],
): string {
  const ranges = Object.values(byRole).map((names) =>
    names.length <= 1 ? names.join("") : `${names[0]} to ${names.at(-1)}`,
  );
  ranges.push(`worker-1.1 to worker-${engines + spareEngines}.${workersPerEngine}`);
  return `there are ${ranges.join(", ")}; groups are ${GROUP_EXAMPLES}`;
}
const GROUP_EXAMPLES = "primary, backups, nodes, storages, any storage, any 2 storages and so on";

/** What a fault of this kind would mean for its target must be defined. */
function targetsCanSuffer(fault: FaultFields, path: Path): Finding[] {
  const names = (target: Target, name: string): boolean =>
    target.target.selector.names?.includes(name) === true;
  const [first] = targetsOf(fault, path);
  if (first === undefined) return [];
  const { selector, written } = first.target;
  if (fault.crash !== undefined && names(first, "zookeeper")) {
    const message =
      "ZooKeeper stands for an ensemble that does not lose its memory; it can be paused or partitioned, but not crashed";
    return [{ path: first.path, message }];
  }
  const alone = ["zookeeper", "controller", "operator", "gateway"];
  const whole = fault.crash !== undefined && !isSelector(fault.crash) && fault.crash.host === true;
  const sharing = selector.names?.find((name) => alone.includes(name));
  if (whole && sharing !== undefined) {
    const message = `found host: on for "${sharing}", whose host has ZooKeeper too, which cannot crash`;
    return [{ path: [...path, "crash", "host"], related: [first.path], message }];
  }
  if (fault.disk !== undefined && !hasDisk(selector)) {
    const message = `found "${written}"; only storage nodes and sequencers have disks that matter`;
    return [{ path: first.path, message }];
  }
  return [];
}

/** Of names that do not exist that has been said. */
function hasDisk({ names, role, part }: Selector): boolean {
  if (names !== undefined) return !names.some((name) => NO_DISK.test(name));
  return part !== undefined || role === "storage" || role === "sequencer";
}

function timesMakeSense(fields: TimedFields, fault: FaultFields, path: Path): Finding[] {
  const { at, every, for: length, from, until } = fault;
  const findings: Finding[] = [];
  const add = (name: string, message: string, ...related: Path[]) =>
    findings.push({ path: [...path, name], related, message });
  const end = endOf(fields);
  const isReset = fault.reset !== undefined;
  if (isReset && length !== undefined) add("for", "a reset takes no time", [...path, "reset"]);
  if (!isReset && length !== undefined && largest(length) === 0) add("for", "must be more than 0");
  if (at !== undefined) {
    if (length !== undefined && constantOf(length) === undefined) {
      add("for", "found a distribution, but a fault that strikes once lasts a set time");
    }
    for (const name of ["from", "until"] as const) {
      if (fault[name] !== undefined) add(name, `found ${name} beside at; it belongs to every`);
    }
    const stop = fields.heal ?? end;
    if (at >= end) {
      add(
        "at",
        `found ${time(at)}, but the run ends after ${time(end)} ${END_TEXT}`,
        ["duration"],
        ["warmup"],
      );
    } else if (at >= stop) {
      add("at", `found ${time(at)}, but everything is whole again from ${time(stop)} on (heal)`, ["heal"]);
    }
    return findings;
  }
  if (every === undefined) return findings;
  if (meanOf(every) < EVERY_NANOS_MIN) {
    add("every", `must be at least ${time(EVERY_NANOS_MIN)} on average`);
  }
  if (!isReset && length === undefined) {
    const message = "needs for beside every: how long each lasts";
    add("every", message);
  }
  const begin = from ?? fields.warmup;
  if (begin >= end) {
    add(
      "from",
      `found ${time(begin)}, but the run ends after ${time(end)} ${END_TEXT}`,
      ["duration"],
      ["warmup"],
    );
  }
  if (until !== undefined && until <= begin) {
    add(
      "until",
      `found ${time(until)}, which is not after the beginning at ${time(begin)}`,
      [...path, "from"],
      ["warmup"],
    );
  }
  return findings;
}

function healMakesSense(fields: TimedFields): Finding[] {
  const { heal, faults } = fields;
  if (heal === undefined) return [];
  if (faults.length === 0)
    return [{ path: ["heal"], related: [["faults"]], message: "found without faults" }];
  const end = endOf(fields);
  if (heal <= end) return [];
  const message = `found ${time(heal)}, but the run ends after ${time(end)} ${END_TEXT}`;
  return [{ path: ["heal"], related: [["duration"], ["warmup"]], message }];
}

function ordersMakeSense(fields: ScenarioFields, i: number): Finding[] {
  const { at, sequencers } = fields.reconfigure[i]!;
  const path: Path = ["reconfigure", i];
  const findings: Finding[] = [];
  const end = endOf(fields);
  if (at >= end) {
    const message = `found ${time(at)}, but the run ends after ${time(end)} ${END_TEXT}`;
    findings.push({ path: [...path, "at"], related: [["duration"], ["warmup"]], message });
  }
  if (sequencers === undefined) return findings;
  const { cluster, boki } = fields;
  const known = cluster.sequencers + cluster.spareSequencers;
  sequencers.forEach((id, k) => {
    const at: Path = [...path, "sequencers", k];
    if (id > known) {
      const message = `found ${id}, but there are ${known} sequencers, spares included`;
      findings.push({
        path: at,
        related: [
          ["cluster", "sequencers"],
          ["cluster", "spareSequencers"],
        ],
        message,
      });
    } else if (sequencers.indexOf(id) < k) {
      findings.push({ path: at, message: `found ${id} twice` });
    }
  });
  const needed = Math.max(boki.metalogReplicas, boki.physicalLogs);
  if (sequencers.length < needed) {
    const message = `found ${sequencers.length} sequencers; a view needs at least ${needed} (boki.metalogReplicas, boki.physicalLogs)`;
    findings.push({
      path: [...path, "sequencers"],
      related: [
        ["boki", "metalogReplicas"],
        ["boki", "physicalLogs"],
      ],
      message,
    });
  }
  return findings;
}

/** The mean of a distribution of times; of a tail only as far as its median. */
function meanOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case "constant":
      return distribution.value;
    case "uniform":
      return (distribution.low + distribution.high) / 2;
    case "exponential":
      return distribution.mean + (distribution.floor ?? 0);
    case "lognormal":
      return distribution.median + (distribution.floor ?? 0);
    case "quantiles":
      return distribution.values.reduce((sum, value, i, values) => {
        if (i === 0) return 0;
        const share = distribution.probabilities[i]! - distribution.probabilities[i - 1]!;
        return sum + (share * (value + values[i - 1]!)) / 2;
      }, 0);
    case "mixture": {
      const total = distribution.weights.reduce((sum, weight) => sum + weight, 0);
      return distribution.parts.reduce(
        (sum, part, i) => sum + (meanOf(part) * distribution.weights[i]!) / total,
        0,
      );
    }
    case "zipf":
      return distribution.count / 2;
  }
}
