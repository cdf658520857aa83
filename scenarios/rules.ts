/** Rules between the fields of a scenario: each field is right by itself, but not all of them together. */

import { AUX_BYTES_MAX } from "../models/boki/config.ts";
import { largest } from "./distribution-field.ts";
import { isFaultMetric, operationsOf, parseExpectation } from "./expectation-text.ts";
import type { Finding } from "./findings.ts";
import { formatQuantity, SIZE, TIME } from "./quantity.ts";
import { faultRulesBroken } from "./rules-faults.ts";
import type { ScenarioFields } from "./schema.ts";
import { WARMUP_AUTO } from "./schema-common.ts";
import type { Path } from "./source.ts";

const BYTES_PER_TAG = 8;

type Workload = ScenarioFields["workload"][number];

export function rulesBroken(fields: ScenarioFields): Finding[] {
  return [
    ...replicasFit(fields),
    ...workersSuffice(fields),
    ...workloadNamesDiffer(fields),
    ...fields.workload.flatMap((workload, i) => workloadFits(fields, workload, ["workload", i])),
    ...faultRulesBroken(fields),
    ...timesNeedWarmup(fields),
    ...expectationsMakeSense(fields),
  ];
}

interface TimedFields {
  readonly warmup: number;
  readonly faults: readonly unknown[];
  readonly reconfigure?: readonly unknown[];
  readonly workload: readonly { readonly start?: number | undefined; readonly stop?: number | undefined }[];
}

/** Times count from the start of the warm-up: where its length is yet to be found nobody knows what they mean. */
export function timesNeedWarmup({ warmup, faults, reconfigure = [], workload }: TimedFields): Finding[] {
  if (warmup !== WARMUP_AUTO) return [];
  const timed: Path[] = [
    ...(faults.length > 0 ? [["faults"]] : []),
    ...(reconfigure.length > 0 ? [["reconfigure"]] : []),
    ...workload.flatMap(({ start = 0, stop }, i) => [
      ...(start > 0 ? [["workload", i, "start"]] : []),
      ...(stop === undefined ? [] : [["workload", i, "stop"]]),
    ]),
  ];
  return timed.map((path) => ({
    path: ["warmup"],
    related: [path],
    message: `found auto beside ${path.map((part) => (typeof part === "number" ? `#${part + 1}` : part)).join(" ")}, whose times count from the start of the warm-up: say how long it is`,
  }));
}

/** Replicas of a kind are on different nodes. */
function replicasFit({ cluster, boki }: ScenarioFields): Finding[] {
  const enough = (
    nodes: "sequencers" | "storages" | "engines",
    replicas: "metalogReplicas" | "userlogReplicas" | "indexReplicas" | "physicalLogs",
  ): Finding[] =>
    cluster[nodes] >= boki[replicas]
      ? []
      : [
          {
            path: ["cluster", nodes],
            related: [["boki", replicas]],
            message: `found ${cluster[nodes]} ${nodes} for ${boki[replicas]} ${REPLICAS[replicas]} (boki.${replicas}); there must be at least as many`,
          },
        ];
  return [
    ...enough("sequencers", "metalogReplicas"),
    ...enough("sequencers", "physicalLogs"),
    ...enough("storages", "userlogReplicas"),
    ...enough("engines", "indexReplicas"),
  ];
}

const REPLICAS = {
  metalogReplicas: "replicas of a metalog",
  physicalLogs: "physical logs, each with a primary of its own",
  userlogReplicas: "replicas of a record",
  indexReplicas: "replicas of an index",
} as const;

/** A looping client occupies a worker for the whole run: one without a worker would never begin. */
function workersSuffice({ cluster, workload }: ScenarioFields): Finding[] {
  const looping = workload.flatMap(({ arrival }, i) => {
    if (arrival.closedLoop !== undefined)
      return [{ i, kind: "closedLoop", clients: arrival.closedLoop.clients }];
    return arrival.paced === undefined ? [] : [{ i, kind: "paced", clients: arrival.paced.clients }];
  });
  const clients = looping.reduce((sum, each) => sum + each.clients, 0);
  const workers = cluster.engines * cluster.workersPerEngine;
  const paths: Path[] = looping.map(({ i, kind }) => ["workload", i, "arrival", kind, "clients"]);
  const related: Path[] = [...paths, ["cluster", "engines"], ["cluster", "workersPerEngine"]];
  const [path = []] = paths;
  const together = looping.length > 1 ? "clients in all workloads together" : "clients";
  if (clients > workers) {
    const message = `found ${clients} ${together}, each occupying a function worker, but only ${workers} workers (cluster.engines x cluster.workersPerEngine)`;
    return [{ path, related, message }];
  }
  // Calls go to the engines in turn, so the fullest engine has this many clients.
  const fullest = Math.ceil(clients / cluster.engines);
  const nesting = workload.findIndex(({ nested }) => nested > 0);
  if (nesting >= 0 && clients > 0 && fullest >= cluster.workersPerEngine) {
    const message = `nested calls need a free worker on every engine, but ${fullest} of ${cluster.workersPerEngine} (cluster.workersPerEngine) are occupied by clients`;
    return [{ path: ["workload", nesting, "nested"], related, message }];
  }
  return [];
}

export function workloadNamesDiffer({
  workload,
}: {
  readonly workload: readonly { readonly name: string }[];
}): Finding[] {
  const seen = new Set<string>();
  return workload.flatMap(({ name }, i) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      { path: ["workload", i, "name"], message: `found "${name}", which another workload is named too` },
    ];
  });
}

function workloadFits(fields: ScenarioFields, workload: Workload, path: Path): Finding[] {
  const { tags, tagsPerRecord, recordSize, auxSize, mix, arrival, start, stop } = workload;
  const limit = fields.boki.appendSizeLimit;
  const findings: Finding[] = [];
  const add = (field: string, message: string, ...related: Path[]) =>
    findings.push({ path: [...path, ...field.split(".")], related, message });

  if (tagsPerRecord > tags.count) {
    const message = `found ${tagsPerRecord} tags for each record, but tags.count is ${tags.count}`;
    add("tagsPerRecord", message, [...path, "tags", "count"]);
  }
  const recordBytes = largest(recordSize);
  const appendBytes = recordBytes + BYTES_PER_TAG * tagsPerRecord;
  // A size with a tail has no largest value: what is drawn beyond the limit fails in the run, as the library has it.
  if ((mix.append ?? 0) > 0 && Number.isFinite(recordBytes) && appendBytes > limit) {
    const size = `${formatQuantity(SIZE, recordBytes)} and ${tagsPerRecord} tags of ${BYTES_PER_TAG}B are ${formatQuantity(SIZE, appendBytes)}`;
    const message = `${size}, more than an append may have: ${formatQuantity(SIZE, limit)} (boki.appendSizeLimit)`;
    add("recordSize", message, [...path, "tagsPerRecord"], ["boki", "appendSizeLimit"]);
  }
  if (recordBytes < 1) add("recordSize", "a record has at least 1B");
  const auxBytes = largest(auxSize);
  if (auxBytes < 1) add("auxSize", "auxiliary data has at least 1B");
  if (Number.isFinite(auxBytes) && auxBytes > AUX_BYTES_MAX) {
    const most = formatQuantity(SIZE, AUX_BYTES_MAX);
    add("auxSize", `found ${formatQuantity(SIZE, auxBytes)}; auxiliary data has at most ${most}`);
  }
  if (arrival.timetable !== undefined && arrival.timetable.threads > arrival.timetable.connections) {
    const { threads, connections } = arrival.timetable;
    const message = `found ${threads} threads for ${connections} connections; each thread needs one`;
    add("arrival.timetable.threads", message, [...path, "arrival", "timetable", "connections"]);
  }
  const end = fields.warmup + fields.duration;
  if (start >= end) {
    const message = `found ${formatQuantity(TIME, start)}, but the run ends after ${formatQuantity(TIME, end)} (warmup + duration)`;
    add("start", message, ["duration"], ["warmup"]);
  }
  if (stop !== undefined && stop <= start) {
    const message = `found ${formatQuantity(TIME, stop)}, which is not after the start at ${formatQuantity(TIME, start)}`;
    add("stop", message, [...path, "start"]);
  }
  return findings;
}

function expectationsMakeSense({ expect, workload, faults, reconfigure }: ScenarioFields): Finding[] {
  const operations = operationsOf(workload);
  const mixes: Path[] = workload.map((_, i) => ["workload", i, "mix"]);
  const disturbed = { faults: faults.length > 0, reconfigurations: reconfigure.length > 0 };
  return expectationsBroken(expect, operations, mixes, disturbed);
}

/** `mixes`: the fields that decide which operations there are. */
export function expectationsBroken(
  expect: readonly string[],
  operations: readonly string[],
  mixes: readonly Path[],
  disturbed: { readonly faults: boolean; readonly reconfigurations: boolean },
): Finding[] {
  return expect.flatMap((expression, i) => {
    const parsed = parseExpectation(expression, operations);
    if (parsed.ok) {
      const { metric } = parsed.value;
      const nothing = !disturbed.faults && (!disturbed.reconfigurations || metric === "recovery");
      if (!nothing || !isFaultMetric(metric)) return [];
      const message = `found "${expression}"; the scenario has no faults that this could be measured of`;
      return [{ path: ["expect", i], related: [["faults"]], message }];
    }
    // An operation that does not exist may be missing from a mix as well.
    const related = parseExpectation(expression).ok ? mixes : [];
    return [{ path: ["expect", i], related, message: `found "${expression}"; ${parsed.reason}` }];
  });
}
