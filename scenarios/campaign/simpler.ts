/** Ways to make a case simpler, as passes from the coarsest to the finest (pass.ts). */

import { MICROSECOND } from "../../sim/units.ts";
import {
  CASE_BOKI,
  CASE_CLUSTER,
  type Case,
  type CaseCall,
  hasFaults,
  type LogOperation,
  type Operation,
  sizeOf,
} from "./case.ts";
import { oneByOne, type Pass, shorter } from "./pass.ts";
import { aimedAtWhoIsThere, earlierFaults, fewerFaults, halved, simplerFaults } from "./simpler-faults.ts";

const fewerCalls: Pass = (subject) =>
  shorter(
    subject,
    ({ calls }) => calls,
    (of, calls) => ({ ...of, calls }),
  );

/** Every operation by the call and the places that lead to it. */
type Path = readonly number[];

function pathsOf(calls: readonly CaseCall[]): Path[] {
  const below = (operations: readonly Operation[], prefix: Path): Path[] =>
    operations.flatMap((operation, i) => {
      const path = [...prefix, i];
      return "operations" in operation ? [...below(operation.operations, path), path] : [path];
    });
  return calls.flatMap(({ operations }, i) => below(operations, [i]));
}

function keepOnly(calls: readonly CaseCall[], kept: readonly Path[]): CaseCall[] {
  const names = new Set(kept.map((path) => path.join(".")));
  const filter = <T extends Operation>(operations: readonly T[], prefix: Path): T[] =>
    operations.flatMap((operation, i) => {
      const path = [...prefix, i];
      if (!names.has(path.join("."))) return [];
      if (!("operations" in operation)) return [operation];
      const operations = filter<Operation>(operation.operations, path);
      return operations.length === 0 ? [] : [{ ...operation, operations } as T];
    });
  return calls
    .map((call, i) => ({ ...call, operations: filter(call.operations, [i]) }))
    .filter(({ operations }) => operations.length > 0);
}

const fewerOperations: Pass = (subject) =>
  shorter(
    subject,
    ({ calls }) => pathsOf(calls),
    (of, kept) => ({ ...of, calls: keepOnly(of.calls, kept) }),
  );

/** Replaces every operation, one after the other, by what `simpler` makes of it. */
function* eachOperation(
  subject: Case,
  simpler: (operation: Operation) => readonly (readonly Operation[])[],
): Generator<Case, void, boolean> {
  let best = subject;
  for (let call = 0; call < best.calls.length; call++) {
    for (let i = 0; i < best.calls[call]!.operations.length; i++) {
      for (const replacement of simpler(best.calls[call]!.operations[i]!)) {
        const candidate = {
          ...best,
          calls: best.calls.map((each, n) =>
            n === call ? { ...each, operations: each.operations.toSpliced(i, 1, ...replacement) } : each,
          ),
        };
        if (yield candidate) {
          best = candidate;
          break;
        }
      }
    }
  }
}

/** What is done in a nested call, or at once, is done one after the other in the call itself. */
const flatter: Pass = (subject) =>
  eachOperation(subject, (operation) => ("operations" in operation ? [operation.operations] : []));

const simplerOperations: Pass = (subject) => eachOperation(subject, simplerOperation);

function simplerOperation(operation: Operation): (readonly Operation[])[] {
  switch (operation.op) {
    case "sleep": {
      const half = Math.floor(operation.nanos / 2 / MICROSECOND) * MICROSECOND;
      return half > 0 ? [[{ ...operation, nanos: half }]] : [];
    }
    case "append": {
      const { tags } = operation;
      return tags.length === 0 ? [] : [[{ op: "append", tags: [] }], [{ op: "append", tags: tags.slice(1) }]];
    }
    case "readNextBlock":
      return [[{ ...operation, op: "readNext" }], ...placesOf(operation)];
    case "readNext":
    case "readPrev":
    case "trim":
      return placesOf(operation);
    case "all":
      return operation.operations.flatMap((each, i) =>
        simplerOperation(each).map(([simpler]) => [
          { ...operation, operations: operation.operations.with(i, simpler as LogOperation) },
        ]),
      );
    default:
      return [];
  }
}

function placesOf(
  operation: Extract<LogOperation, { op: "readNext" | "readPrev" | "readNextBlock" | "trim" }>,
): Operation[][] {
  const { at } = operation;
  if (at === "start") return [];
  if (typeof at === "object" && at.back === 0 && at.plus === undefined) return [];
  return [[{ ...operation, at: "start" }], [{ ...operation, at: { back: 0 } }]];
}

const MINIMUM: Readonly<Record<string, number>> = { sequencers: 1, engines: 1, storages: 1 };
const REPLICAS_OF = [
  ["sequencers", "metalogReplicas"],
  ["sequencers", "physicalLogs"],
  ["storages", "userlogReplicas"],
  ["engines", "indexReplicas"],
] as const;

/** Fewer nodes of a role, and no more replicas than there are nodes. */
const fewerNodes: Pass = (subject) => {
  const names = Object.keys(CASE_CLUSTER) as (keyof typeof CASE_CLUSTER)[];
  const changes = names.flatMap((name) => {
    const count = { ...CASE_CLUSTER, ...subject.cluster }[name];
    const least = MINIMUM[name] ?? 0;
    return Array.from({ length: Math.max(0, count - least) }, (_, i) => (of: Case) => {
      const now = { ...CASE_CLUSTER, ...of.cluster }[name];
      return least + i < now ? withNodes(of, name, least + i) : undefined;
    });
  });
  return oneByOne(subject, changes);
};

function withNodes(of: Case, name: keyof typeof CASE_CLUSTER, count: number): Case {
  const boki: Record<string, unknown> = { ...of.boki };
  for (const [nodes, replicas] of REPLICAS_OF) {
    const now = of.boki[replicas] ?? CASE_BOKI[replicas];
    if (nodes === name && now > count) boki[replicas] = count;
  }
  if ((of.boki.indexReplicas ?? CASE_BOKI.indexReplicas) > 1 && boki.indexReplicas === 1) {
    boki.remoteIndexShare = 0;
  }
  return aimedAtWhoIsThere({ ...of, cluster: { ...of.cluster, [name]: count }, boki });
}

/** What is not said has its default. */
const fewerSettings: Pass = (subject) => {
  const without = (part: "cluster" | "boki" | "network", name: string) => (of: Case) => {
    const { [name]: _, ...rest } = of[part] as Record<string, unknown>;
    const candidate = aimedAtWhoIsThere({ ...of, [part]: rest });
    return Object.hasOwn(of[part], name) && isSimpler(candidate, of) ? candidate : undefined;
  };
  const all = (["network", "boki", "cluster"] as const).map((part) => (of: Case) => {
    const candidate = aimedAtWhoIsThere({ ...of, [part]: {} });
    return Object.keys(of[part]).length > 0 && isSimpler(candidate, of) ? candidate : undefined;
  });
  const each = (["network", "boki", "cluster"] as const).flatMap((part) =>
    Object.keys(subject[part]).map((name) => without(part, name)),
  );
  return oneByOne(subject, [...all, ...each]);
};

/** A default may stand for more nodes than there were. */
function isSimpler(candidate: Case, than: Case): boolean {
  return isPossible(candidate) && sizeOf(candidate).nodes <= sizeOf(than).nodes;
}

/** Replicas of a kind are on different nodes, and a read that is sent away has another index to go to. */
export function isPossible(of: Case): boolean {
  const cluster = { ...CASE_CLUSTER, ...of.cluster };
  const boki = { ...CASE_BOKI, ...of.boki };
  return (
    REPLICAS_OF.every(([nodes, replicas]) => boki[replicas] <= cluster[nodes]) &&
    (boki.remoteIndexShare === 0 || boki.indexReplicas > 1)
  );
}

/** Earlier calls, reconfigurations and faults, shorter faults, rounder numbers. */
const earlier: Pass = (subject) =>
  oneByOne(subject, [
    (of) => ({ ...of, calls: of.calls.map((call) => ({ ...call, atNanos: 0 })) }),
    (of) => (of.shuffleTies ? { ...of, shuffleTies: false } : undefined),
    (of) => (of.costs ? { ...of, costs: false } : undefined),
    (of) => ({ ...of, calls: of.calls.map((call) => ({ ...call, logBook: 1 })) }),
    ...subject.calls.flatMap((_, i) => [
      (of: Case) => withCall(of, i, { atNanos: 0 }),
      (of: Case) => withCall(of, i, { atNanos: halved(of.calls[i]!.atNanos) }),
      (of: Case) => withCall(of, i, { logBook: 1 }),
    ]),
    ...subject.reconfigurations.flatMap((_, i) => [
      (of: Case) => withReconfiguration(of, i, 0),
      (of: Case) => withReconfiguration(of, i, halved(of.reconfigurations[i]!.atNanos)),
    ]),
    ...earlierFaults(subject),
    (of) => ({ ...of, healNanos: hasFaults(of.faults) ? halved(of.healNanos) : 0 }),
  ]);

function withCall(of: Case, i: number, change: Partial<CaseCall>): Case | undefined {
  const call = of.calls[i]!;
  if (Object.entries(change).every(([name, value]) => call[name as keyof CaseCall] === value))
    return undefined;
  return { ...of, calls: of.calls.with(i, { ...call, ...change }) };
}

function withReconfiguration(of: Case, i: number, atNanos: number): Case | undefined {
  const each = of.reconfigurations[i]!;
  if (each.atNanos === atNanos) return undefined;
  return { ...of, reconfigurations: of.reconfigurations.with(i, { ...each, atNanos }) };
}

export const simplerCases: readonly Pass[] = [
  fewerFaults,
  fewerCalls,
  fewerOperations,
  flatter,
  fewerNodes,
  fewerSettings,
  simplerFaults,
  earlier,
  simplerOperations,
];
