/** Rules about faults: that they strike what exists, in time, and what can suffer them. */

import { processNames, readPart } from "../models/boki/parts.ts";
import type { Distribution } from "../sim/distribution.ts";
import type { Selector } from "../sim/faults/fault.ts";
import type { Finding } from "./check.ts";
import { largest } from "./distribution-field.ts";
import { suggestion } from "./problems.ts";
import { formatQuantity, TIME } from "./quantity.ts";
import { constantOf, type FaultFields } from "./resolve-faults.ts";
import type { ScenarioFields } from "./schema.ts";
import { FAULT_KIND_NAMES } from "./schema-faults.ts";
import { SELECTOR_WORDS, type WrittenSelector } from "./selector-field.ts";
import type { Path } from "./source.ts";

/** Faults that come faster than this are a slip. */
const EVERY_NANOS_MIN = 10_000;
/** Names shown to a person; a cluster may have thousands of workers. */
const NAMES_SHOWN_MAX = 40;

export function faultRulesBroken(fields: ScenarioFields): Finding[] {
  return [
    ...fields.faults.flatMap((fault, i) => [
      ...targetsExist(fields, fault, ["faults", i]),
      ...targetsCanSuffer(fields, fault, ["faults", i]),
      ...timesMakeSense(fields, fault, ["faults", i]),
    ]),
    ...healMakesSense(fields),
    ...fields.reconfigure.flatMap((_, i) => ordersMakeSense(fields, i)),
  ];
}

interface Target {
  readonly path: Path;
  readonly target: WrittenSelector;
}

const END_TEXT = "(warmup + duration)";
const endOf = ({ warmup, duration }: ScenarioFields): number => warmup + duration;
const time = (nanos: number): string => formatQuantity(TIME, nanos);

function targetsOf(fault: FaultFields, path: Path): Target[] {
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

function targetsExist(fields: ScenarioFields, fault: FaultFields, path: Path): Finding[] {
  return targetsOf(fault, path).flatMap(({ path: at, target }) => {
    const wrong = whyMissing(fields, target.selector);
    const related: Path[] = [["cluster"], ["boki", "physicalLogs"], ["boki", "metalogReplicas"]];
    return wrong === undefined ? [] : [{ path: at, related, message: `found "${target.written}"; ${wrong}` }];
  });
}

function whyMissing(fields: ScenarioFields, { names, role, part, count = 1 }: Selector): string | undefined {
  const { cluster, boki, workload } = fields;
  const byRole = processNames(
    cluster,
    workload.map(({ name }) => name),
  );
  const all = Object.values(byRole).flat();
  const unknown = names?.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    const single = Object.entries(byRole).flatMap(([each, list]) => (each === "worker" ? [] : list));
    const known = [...single, ...SELECTOR_WORDS];
    const found = suggestion(unknown, [...known, ...byRole.worker!]);
    return `there is no process "${unknown}"${found.includes("did you mean") ? found : suggestion(unknown, known.slice(0, NAMES_SHOWN_MAX))}`;
  }
  if (part !== undefined) {
    const { part: kind, log } = readPart(part)!;
    if (log > boki.physicalLogs) {
      return `there ${boki.physicalLogs === 1 ? "is 1 physical log" : `are ${boki.physicalLogs} physical logs`} (boki.physicalLogs)`;
    }
    const nodes = byRole.engine!.length + byRole.storage!.length + byRole.sequencer!.length;
    // The gateway and the controller.
    const processes = nodes + byRole.worker!.length + 2;
    const players = { primary: 1, backups: boki.metalogReplicas - 1, nodes, processes }[kind];
    return count > players ? `there are only ${players}` : undefined;
  }
  if (role === undefined) return undefined;
  const population = byRole[role]!.length;
  return count > population ? `there are only ${population}` : undefined;
}

/** What a fault of this kind would mean for its target must be defined. */
function targetsCanSuffer(fields: ScenarioFields, fault: FaultFields, path: Path): Finding[] {
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
  if (fault.disk !== undefined && !hasDisk(selector, fields)) {
    const message = `found "${written}"; only storage nodes and sequencers have disks that matter`;
    return [{ path: first.path, message }];
  }
  return [];
}

function hasDisk({ names, role, part }: Selector, { cluster }: ScenarioFields): boolean {
  if (names !== undefined) {
    const known = new Set(Object.values(processNames(cluster, [])).flat());
    return names.every((name) => !known.has(name) || /^(storage|sequencer)-/.test(name));
  }
  return part !== undefined || role === "storage" || role === "sequencer";
}

function timesMakeSense(fields: ScenarioFields, fault: FaultFields, path: Path): Finding[] {
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

function healMakesSense(fields: ScenarioFields): Finding[] {
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
