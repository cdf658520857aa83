/** From the faults of a file, which are right, to the plan that the injector takes, and what each is called. */

import type { Distribution } from "../sim/distribution.ts";
import type { DiskRule, Fault, LinkRule, RepeatedFault, Selector, TimedFault } from "../sim/faults/fault.ts";
import { formatShare } from "./quantity.ts";
import type { ScenarioFaults } from "./scenario.ts";
import type { ScenarioFields } from "./schema.ts";
import type { WrittenSelector } from "./selector-field.ts";

export type FaultFields = ScenarioFields["faults"][number];

/** Roles that have a host of their own, which crashes with them. */
const HOSTED = /^(engine|storage|sequencer)(-\d+)?$/;
const HOSTED_PART = /^(primary|backups|nodes|engine)\b/;

export function resolveFaults({
  faults,
  heal,
  warmup,
}: Pick<ScenarioFields, "faults" | "heal" | "warmup">): ScenarioFaults {
  const timed: TimedFault[] = [];
  const repeated: RepeatedFault[] = [];
  const timedLabels: string[] = [];
  const repeatedLabels: string[] = [];
  for (const fields of faults) {
    const { fault, label } = resolveFault(fields);
    if (fields.every === undefined) {
      timed.push({
        atNanos: fields.at!,
        ...(fields.for === undefined ? {} : { forNanos: constantOf(fields.for)! }),
        fault,
      });
      timedLabels.push(label);
    } else {
      repeated.push({
        fromNanos: fields.from ?? warmup,
        ...(fields.until === undefined ? {} : { untilNanos: fields.until }),
        everyNanos: fields.every,
        lengthNanos: fields.for ?? { kind: "constant", value: 0 },
        fault,
      });
      repeatedLabels.push(label);
    }
  }
  return {
    plan: { timed, repeated, ...(heal === undefined ? {} : { healAtNanos: heal }) },
    labels: [...timedLabels, ...repeatedLabels],
  };
}

/** The value of a distribution that is always the same; undefined for any other. */
export function constantOf(distribution: Distribution): number | undefined {
  return distribution.kind === "constant" ? distribution.value : undefined;
}

interface Resolved {
  readonly fault: Fault;
  readonly label: string;
}

function resolveFault(fields: FaultFields): Resolved {
  const { crash, pause, slowCpu, reset, partition, disk, clock } = fields;
  if (crash !== undefined) {
    const {
      of,
      host,
      disk: kept,
    } = "selector" in crash ? { of: crash, host: undefined, disk: "kept" as const } : crash;
    const wholeHost = host ?? isHosted(of.selector);
    const lost = kept === "lost" ? ", disk lost" : "";
    return {
      fault: { kind: "crash", of: of.selector, wholeHost, disk: kept },
      label: `crash ${of.written}${lost}`,
    };
  }
  if (pause !== undefined)
    return { fault: { kind: "pause", of: pause.selector }, label: `pause ${pause.written}` };
  if (slowCpu !== undefined) {
    const { of, factor } = slowCpu;
    return { fault: { kind: "slowCpu", of: of.selector, factor }, label: `slow CPU ${of.written}` };
  }
  if (reset !== undefined) {
    const { of, and } = "selector" in reset ? { of: reset, and: undefined } : reset;
    return {
      fault: { kind: "reset", of: of.selector, ...(and && { and: and.selector }) },
      label: `reset ${between(of, and)}`,
    };
  }
  if (partition !== undefined) {
    const { of, from, shape } =
      "selector" in partition ? { of: partition, from: undefined, shape: "symmetric" as const } : partition;
    const kind = shape === "symmetric" ? "partition" : `${PARTITIONS[shape]} partition`;
    return {
      fault: { kind: "partition", shape, of: of.selector, ...(from && { from: from.selector }) },
      label: `${kind} ${between(of, from)}`,
    };
  }
  if (disk !== undefined) return resolveDisk(disk);
  if (clock !== undefined) {
    const { of, offset, drift } = clock;
    return {
      fault: {
        kind: "clock",
        of: of.selector,
        ...(offset === undefined ? {} : { offsetNanos: offset }),
        ...(drift === undefined ? {} : { driftPpm: drift }),
      },
      label: `clock ${of.written}`,
    };
  }
  return resolveLink(fields);
}

const PARTITIONS = { oneWay: "one-way", ring: "ring", partial: "partial" } as const;

function resolveDisk(disk: NonNullable<FaultFields["disk"]>): Resolved {
  const rule: DiskRule = withoutUndefined({
    slowdown: disk.slow,
    stalled: disk.stalled,
    full: disk.full,
    writeErrorShare: disk.writeErrors,
    unsyncedLossShare: disk.unsyncedLoss,
    tornShare: disk.torn,
    misdirectedShare: disk.misdirected,
    corruptShare: disk.corrupt,
    readErrorShare: disk.readErrors,
  });
  const { slow, stalled, full } = disk;
  const word =
    stalled === true ? "stalled " : full === true ? "full " : slow === undefined ? "faulty " : "slow ";
  return { fault: { kind: "disk", of: disk.of.selector, rule }, label: `${word}disk ${disk.of.written}` };
}

interface LinkFields {
  readonly of: WrittenSelector;
  readonly to?: WrittenSelector | undefined;
  readonly bothWays: boolean;
}

function resolveLink({ loss, duplicate, corrupt, delay, reorder, bandwidth }: FaultFields): Resolved {
  const link = ({ of, to, bothWays }: LinkFields, rule: LinkRule, label: string): Resolved => ({
    fault: { kind: "link", of: of.selector, ...(to && { to: to.selector }), bothWays, rule },
    label: `${label} ${between(of, to)}`,
  });
  if (loss !== undefined) return link(loss, { lossShare: loss.share }, `loss ${formatShare(loss.share)}`);
  if (duplicate !== undefined) {
    return link(duplicate, { duplicateShare: duplicate.share }, `duplicates ${formatShare(duplicate.share)}`);
  }
  if (corrupt !== undefined) {
    return link(corrupt, { corruptShare: corrupt.share }, `corruption ${formatShare(corrupt.share)}`);
  }
  if (delay !== undefined) return link(delay, { extraLatency: delay.by }, "delay");
  if (bandwidth !== undefined) return link(bandwidth, { slowdown: bandwidth.slow }, "slow line");
  if (reorder !== undefined) {
    const fields = "selector" in reorder ? { of: reorder, bothWays: false } : reorder;
    return link(fields, { reorder: true }, "reordering");
  }
  throw new Error("a fault that the format accepted has no kind");
}

const between = (of: WrittenSelector, other: WrittenSelector | undefined): string =>
  other === undefined ? of.written : `${of.written} / ${other.written}`;

/** Whether a crash of these takes their hosts along, if nothing else is said. */
function isHosted({ names, role, part }: Selector): boolean {
  if (names !== undefined) return names.every((name) => HOSTED.test(name));
  return role === undefined ? HOSTED_PART.test(part!) : HOSTED.test(role);
}

function withoutUndefined<T extends object>(fields: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
