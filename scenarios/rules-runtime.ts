/** Rules between the fields of a scenario of an application: each field is right by itself, but not all of them together. */

import type { Application } from "../models/applications/application.ts";
import { COSTS as APPLICATION_COSTS } from "../models/applications/costs.ts";
import { COSTS as BASELINE_COSTS } from "../models/baselines/costs.ts";
import { BASELINE_ROLES, baselineProcesses } from "../models/baselines/parts.ts";
import { COSTS as LOG_COSTS } from "../models/boki/costs.ts";
import { readPart as readLogPart } from "../models/boki/parts.ts";
import { COSTS } from "../models/nightcore/costs.ts";
import { Bug } from "../models/nightcore/mutations.ts";
import { readPart } from "../models/nightcore/parts.ts";
import type { Finding } from "./findings.ts";
import { suggestion } from "./problems.ts";
import { formatQuantity, TIME } from "./quantity.ts";
import { handlerOperation, MEASURED_METRICS, readMeasured, requestOperations } from "./resolve-runtime.ts";
import { expectationsBroken, timesNeedWarmup, workloadNamesDiffer } from "./rules.ts";
import { faultTimesBroken, targetsOf } from "./rules-faults.ts";
import { isNightcore, type RuntimeFields } from "./schema-runtime.ts";
import type { Path } from "./source.ts";

/** Kinds of processes, which faults can name without a number: what is around every system, and what carries out calls. */
const AROUND: readonly string[] = ["store", "queue", "consumer", "web", "client"];
const NIGHTCORE_ROLES: readonly string[] = ["engine", "launcher", "worker"];
const LOG_ROLES: readonly string[] = ["sequencer", "storage", "controller"];

export function runtimeRulesBroken(fields: RuntimeFields, application: Application): Finding[] {
  const disturbed = { faults: fields.faults.length > 0, reconfigurations: false };
  const mixes: Path[] = fields.workload.map((_, i) => ["workload", i, "mix"]);
  return [
    ...workloadNamesDiffer(fields),
    ...fields.workload.flatMap((workload, i) => workloadFits(fields, workload, ["workload", i])),
    ...workersFit(fields, application),
    ...poolsExist(fields, application),
    ...costsExist(fields),
    ...machinesExist(fields, application),
    ...bugExists(fields),
    ...checkable(fields),
    ...logFits(fields, application),
    ...targetsExist(fields, application),
    ...faultTimesBroken(fields),
    ...timesNeedWarmup(fields),
    ...measuredExist(fields, application),
    ...expectationsBroken(fields.expect, requestOperations(application), mixes, disturbed),
  ];
}

function workloadFits(
  fields: RuntimeFields,
  { arrival, stop }: RuntimeFields["workload"][number],
  path: Path,
): Finding[] {
  const end = fields.warmup + fields.duration;
  const findings: Finding[] = [];
  const { timetable } = arrival;
  if (timetable !== undefined && timetable.threads > timetable.connections) {
    const { threads, connections } = timetable;
    const message = `found ${threads} threads for ${connections} connections; each thread needs one`;
    findings.push({ path: [...path, "arrival", "timetable", "threads"], message });
  }
  if (stop === 0)
    findings.push({ path: [...path, "stop"], message: "must be after the start of the warm-up" });
  for (const [kind, settings] of Object.entries(arrival)) {
    const { rate } = (settings ?? {}) as { rate?: number | readonly { from: number }[] };
    if (typeof rate !== "object" || rate[0]!.from < end) continue;
    const message = `found nothing before ${formatQuantity(TIME, rate[0]!.from)}, but the run ends after ${formatQuantity(TIME, end)} (warmup + duration)`;
    findings.push({ path: [...path, "arrival", kind, "rate"], related: [["duration"], ["warmup"]], message });
  }
  return findings;
}

function workersFit({ workers }: RuntimeFields, { functions }: Application): Finding[] {
  return functions.flatMap(({ name, minWorkers, maxWorkers }) => {
    const min = workers.min ?? minWorkers ?? 0;
    const max = workers.max ?? maxWorkers ?? 0;
    if (max === 0 || min <= max) return [];
    const message = `found at least ${min} and at most ${max} workers of ${name}`;
    return [{ path: ["workers"], related: [["application"]], message }];
  });
}

function poolsExist({ pools }: RuntimeFields, { functions }: Application): Finding[] {
  const names = functions.map(({ name }) => name);
  return Object.keys(pools).flatMap((name) =>
    names.includes(name)
      ? []
      : [
          {
            path: ["pools", name],
            at: "key" as const,
            message: `the application has no function "${name}"${suggestion(name, names, "it has")}`,
          },
        ],
  );
}

/** Every cost has a calibrated one that it takes the place of, and is a factor or a time as that is. */
function costsExist({ costs }: RuntimeFields): Finding[] {
  const names = [COSTS, LOG_COSTS, BASELINE_COSTS, APPLICATION_COSTS].flatMap((each) => Object.keys(each));
  return Object.entries(costs).flatMap(([name, { isFactor }]): Finding[] => {
    const path = ["costs", name];
    if (!names.includes(name)) {
      return [{ path, at: "key", message: `unknown cost${suggestion(name, names)}` }];
    }
    if (isFactor === name.startsWith("factor")) return [];
    const message = isFactor ? "is a time, such as 1.5us" : "is a factor, a plain number such as 1.5";
    return [{ path, message }];
  });
}

function machinesExist({ cluster }: RuntimeFields, { stores, queues }: Application): Finding[] {
  const names = [...new Set([...stores, ...queues].map(({ machine }) => machine))];
  return Object.keys(cluster.machineCores).flatMap((name) =>
    names.includes(name)
      ? []
      : [
          {
            path: ["cluster", "machineCores", name],
            at: "key" as const,
            message: `the application has no machine "${name}"${suggestion(name, names, "it has")}`,
          },
        ],
  );
}

/** What runs on Nightcore has invariants. */
function checkable({ system, check }: RuntimeFields): Finding[] {
  if (!check || isNightcore(system)) return [];
  const message = `found on; ${system} has no invariants that could be checked, only nightcore and nightcore-boki have`;
  return [{ path: ["check"], related: [["system"]], message }];
}

function bugExists({ mutation, system }: RuntimeFields): Finding[] {
  if (mutation !== 0 && !isNightcore(system)) {
    return [
      { path: ["mutation"], related: [["system"]], message: `found ${mutation}; ${system} has no bugs` },
    ];
  }
  const numbers: readonly number[] = Object.values(Bug);
  if (numbers.includes(mutation)) return [];
  return [
    { path: ["mutation"], message: `found ${mutation}; bugs are numbered 1 to ${Math.max(...numbers)}` },
  ];
}

function targetsExist(fields: RuntimeFields, application: Application): Finding[] {
  const { system, cluster, workload } = fields;
  const usesWeb = application.requests.some(({ entry }) => entry === "web");
  const functions = application.functions.map(({ name }) => name);
  const hasLog = system === "nightcore-boki";
  const roles = [
    ...(isNightcore(system) ? NIGHTCORE_ROLES : BASELINE_ROLES[system]),
    ...(hasLog ? LOG_ROLES : []),
    ...AROUND,
  ];
  const names = [
    ...(hasLog ? logProcesses(fields) : []),
    ...(isNightcore(system)
      ? nightcoreProcesses(functions, cluster.nodes)
      : baselineProcesses(system, functions, cluster.nodes)),
    ...application.stores.map(({ name }) => `store-${name}`),
    ...application.queues.map(({ name }) => `queue-${name}`),
    ...application.queues.map(({ consumer }) => `consumer-${consumer.name}`),
    ...Array.from({ length: usesWeb ? cluster.webServers : 0 }, (_, i) => `web-${i + 1}`),
    ...workload.map(({ name }) => `client-${name}`),
  ];
  const isWorker = (name: string) => isNightcore(system) && /^worker-\d+\..+\.\d+$/.test(name);
  const isPart = (part: string) =>
    isNightcore(system)
      ? readPart(part) !== undefined || (hasLog && readLogPart(part) !== undefined)
      : part === "processes";
  return fields.faults.flatMap((fault, i) =>
    targetsOf(fault, ["faults", i]).flatMap(({ path, target }): Finding[] => {
      const { names: named, role, part } = target.selector;
      const complain = (message: string): Finding[] => [
        { path, related: [["cluster"], ["application"]], message: `found "${target.written}"; ${message}` },
      ];
      const unknown = named?.find((name) => !names.includes(name) && !isWorker(name));
      if (unknown !== undefined) {
        return complain(`there is no process "${unknown}"${suggestion(unknown, names, "there are")}`);
      }
      if (part !== undefined && !isPart(part)) {
        return complain(`${system} has no such part; ${roles.join(", ")} are its roles`);
      }
      const { fn, node = 1 } = readPart(part ?? "") ?? {};
      if (fn !== undefined && !functions.includes(fn)) {
        return complain(`there is no function "${fn}"${suggestion(fn, functions, "there are")}`);
      }
      if (node > cluster.nodes) return complain(`cluster.nodes is ${cluster.nodes}`);
      if (role !== undefined && !roles.includes(role)) {
        return complain(`there are no such processes; ${roles.join(", ")} are the roles here`);
      }
      if (fault.disk !== undefined && !hasLog) return complain("nothing here has a disk that matters");
      return [];
    }),
  );
}

function logProcesses({ log }: RuntimeFields): string[] {
  const numbered = (role: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${role}-${i + 1}`);
  return [
    ...["zookeeper", "controller", "operator"],
    ...numbered("sequencer", log.sequencers + log.spareSequencers),
    ...numbered("storage", log.storages + log.spareStorages),
  ];
}

/** Operations of the log need a log, and a log what its replicas need. */
function logFits(
  { system, log, boki, cluster, nightcore }: RuntimeFields,
  application: Application,
): Finding[] {
  if (system !== "nightcore-boki") {
    if (nightcore.membership === "zookeeper") {
      const message = `found zookeeper, which ${system} does not have; nightcore-boki has`;
      return [{ path: ["nightcore", "membership"], related: [["system"]], message }];
    }
    const user = application.methods.find(({ code }) => code.some(({ op }) => op === "log"));
    if (user === undefined) return [];
    const message = `${user.name} uses the shared log, which ${system} does not have; nightcore-boki has`;
    return [{ path: ["system"], related: [["application"]], message }];
  }
  const { indexReplicas = 1 } = boki;
  const wanted = [
    ["metalogReplicas", boki.metalogReplicas, "log.sequencers", log.sequencers],
    ["userlogReplicas", boki.userlogReplicas, "log.storages", log.storages],
    ["indexReplicas", indexReplicas, "cluster.nodes", cluster.nodes],
  ] as const;
  return wanted.flatMap(([name, replicas, nodes, there]): Finding[] =>
    replicas <= there
      ? []
      : [
          {
            path: ["boki", name],
            related: [nodes.split(".")],
            message: `found ${replicas} replicas, but ${nodes} is ${there}`,
          },
        ],
  );
}

/** The first worker stands for all of a function: how many there are is known when it runs. */
function nightcoreProcesses(functions: readonly string[], nodeCount: number): string[] {
  const nodes = Array.from({ length: nodeCount }, (_, i) => i + 1);
  const ofFunctions = (name: (node: number, fn: string) => string) =>
    nodes.flatMap((node) => functions.map((fn) => name(node, fn)));
  return [
    "gateway",
    ...nodes.map((node) => `engine-${node}`),
    ...ofFunctions((node, fn) => `launcher-${node}.${fn}`),
    ...ofFunctions((node, fn) => `worker-${node}.${fn}.1`),
  ];
}

/** Handlers are measured where it is known when they begin and end, in Nightcore. */
function measuredExist({ measured, system }: RuntimeFields, application: Application): Finding[] {
  const handlers = application.functions.map(({ name }) => handlerOperation(name));
  const operations = [...requestOperations(application), ...(isNightcore(system) ? handlers : [])];
  return Object.keys(measured).flatMap((path): Finding[] => {
    const read = readMeasured(path);
    if (read === undefined) {
      const message = `a measurement is of an operation and one of ${MEASURED_METRICS.join(", ")}, such as request.p50`;
      return [{ path: ["measured", path], at: "key", message }];
    }
    if (operations.includes(read.operation)) return [];
    const message = `there is no operation "${read.operation}"${suggestion(read.operation, operations, "there are")}`;
    return [{ path: ["measured", path], at: "key", message }];
  });
}
