/** The part of the scenario format that says what goes wrong and when: faults and operator's orders. */

import { z } from "zod";
import { count, onOff, quantity, share, signedQuantity, word } from "./fields.ts";
import { type QuantityKind, TIME } from "./quantity.ts";
import { TIMES } from "./schema-cluster.ts";
import { selector } from "./selector-field.ts";

/** How many times slower. */
const SLOWDOWN: QuantityKind = {
  noun: "a slowdown",
  units: { x: 1 },
  aliases: { "×": "x" },
  hints: ["x"],
  example: "10x",
  whole: false,
  decimals: 3,
};
/** In millionths. */
const DRIFT: QuantityKind = {
  noun: "a drift",
  units: { ppm: 1 },
  aliases: {},
  hints: ["ppm"],
  example: "200ppm",
  whole: false,
  decimals: 3,
};

const slowdown = (description: string) => quantity(SLOWDOWN, { description }, { least: [1, "1x"] });
const of = selector({ description: "Whom." });
const to = selector({ description: "Only what goes to these.", otherwise: "everyone else" }).optional();
const bothWays = onOff({ description: "Messages in the other direction suffer too." }).prefault("off");

/** What happens to messages on some links, with one field more that says how much. */
const linkFault = <Shape extends z.ZodRawShape>(description: string, shape: Shape) =>
  z.strictObject({ of, to, bothWays, ...shape }).meta({ description });

const crashFields = z
  .union([
    selector({ description: "Whom." }),
    z.strictObject({
      of,
      host: onOff({
        description:
          "With every process of the host, so that what its disk had not yet made durable is gone; an engine's workers are such processes.",
        otherwise: "on for engines, storage nodes and sequencers",
      }).optional(),
      disk: word({ description: "Whether the host comes back with its disk or with an empty one." }, [
        "kept",
        "lost",
      ]).prefault("kept"),
    }),
  ])
  .meta({
    description:
      "Processes stop with all their volatile state and boot again when the fault is over. An engine, a storage node or a sequencer goes with its host, an engine with all its workers.",
  });

const partitionFields = z
  .union([
    selector({ description: "Whom." }),
    z.strictObject({
      of,
      from: selector({ description: "Whom they are cut off from.", otherwise: "everyone else" }).optional(),
      shape: word(
        {
          description:
            "`symmetric`: nothing passes; `oneWay`: only what they send is lost; `ring`: each reaches its two neighbours; `partial`: a random half of the pairs is cut.",
        },
        ["symmetric", "oneWay", "ring", "partial"],
      ).prefault("symmetric"),
    }),
  ])
  .meta({ description: "Links are cut." });

const resetFields = z
  .union([
    selector({ description: "Whom." }),
    z.strictObject({
      of,
      and: selector({ description: "The other end.", otherwise: "everyone else" }).optional(),
    }),
  ])
  .meta({
    description: "Connections break once: what is under way on them, both ways, is lost. Takes no time.",
  });

const diskFields = z
  .strictObject({
    of,
    slow: slowdown("Latencies are so many times longer, the bandwidth so many times less.").optional(),
    stalled: onOff({ description: "Reads and syncs do not finish before the fault is over." }).optional(),
    full: onOff({ description: "Writes fail, as they do on a full disk." }).optional(),
    writeErrors: share({ description: "Share of writes that fail." }).optional(),
    unsyncedLoss: share({
      description: "Share of writes that are reported as synced and lost at the next crash all the same.",
    }).optional(),
    torn: share({
      description: "Share of the writes found unsynced by a crash of which a part reaches the disk.",
    }).optional(),
    misdirected: share({ description: "Share of writes that land on another key." }).optional(),
    corrupt: share({ description: "Share of writes that are altered silently." }).optional(),
    readErrors: share({ description: "Share of reads of data not in the cache that fail." }).optional(),
  })
  .check((context) => {
    if (context.issues.length > 0) return;
    const { of: _, ...rules } = context.value;
    if (Object.values(rules).some((each) => each !== undefined)) return;
    const message = `found nothing that is wrong with the disk; one of ${Object.keys(diskFields.shape).slice(1).join(", ")} is needed`;
    context.issues.push({ code: "custom", input: context.value, message });
  })
  .meta({ description: "Disks suffer. What was destroyed stays destroyed when the fault is over." });

const clockFields = z
  .strictObject({
    of,
    offset: signedQuantity(TIME, {
      description: "How far the clocks are ahead, or behind with a minus.",
    }).optional(),
    drift: signedQuantity(DRIFT, {
      description: "How much too fast they run, or too slow with a minus; timers run with them.",
    }).optional(),
  })
  .check((context) => {
    const { offset, drift } = context.value;
    if (context.issues.length > 0 || offset !== undefined || drift !== undefined) return;
    const message = "found nothing that is wrong with the clock; offset or drift is needed";
    context.issues.push({ code: "custom", input: context.value, message });
  })
  .meta({ description: "Clocks are wrong. The end of the fault sets them right at once." });

const shareOf = (description: string) => share({ description });

/** What can go wrong, by the name of its field. */
export const faultKinds = {
  crash: crashFields.optional(),
  pause: selector({
    description:
      "Processes do nothing until the fault is over; what comes for them waits. `pause: zookeeper` makes ZooKeeper unavailable.",
  }).optional(),
  slowCpu: z
    .strictObject({ of, factor: slowdown("How many times slower.") })
    .meta({ description: "Processor cores are slower." })
    .optional(),
  reset: resetFields.optional(),
  partition: partitionFields.optional(),
  loss: linkFault("Messages are lost.", { share: shareOf("Of the messages.") }).optional(),
  duplicate: linkFault("Messages arrive twice.", { share: shareOf("Of the messages.") }).optional(),
  corrupt: linkFault("Messages are altered on the way, which the receiver notices: it drops them.", {
    share: shareOf("Of the messages."),
  }).optional(),
  delay: linkFault("Messages take longer. On links of `zookeeper` it is late.", {
    by: TIMES.meta({ description: "Added to the delay of each message." }),
  }).optional(),
  reorder: z
    .union([selector({ description: "Whose messages." }), z.strictObject({ of, to, bothWays })])
    .meta({ description: "Messages keep no order, not even on one connection." })
    .optional(),
  bandwidth: linkFault("Network interfaces send more slowly.", {
    slow: slowdown("How many times slower."),
  }).optional(),
  disk: diskFields.optional(),
  clock: clockFields.optional(),
};
export type FaultKindName = keyof typeof faultKinds;
export const FAULT_KIND_NAMES = Object.keys(faultKinds) as readonly FaultKindName[];

const timing = {
  at: quantity(TIME, {
    description: "When it strikes, counted from the start of the warm-up.",
  }).optional(),
  every: TIMES.meta({
    description: "It strikes again and again: the time from the beginning of one to that of the next.",
  }).optional(),
  for: TIMES.meta({
    description:
      "How long it lasts. With `every` it may be drawn anew each time. A fault with `at` and without `for` lasts until `heal`.",
  }).optional(),
  from: quantity(TIME, {
    description: "With `every`: not before.",
    otherwise: "end of the warm-up",
  }).optional(),
  until: quantity(TIME, {
    description: "With `every`: not after.",
    otherwise: "`heal`, or the end of the run",
  }).optional(),
};

export const faultFields = z
  .strictObject({ ...timing, ...faultKinds })
  .check(({ value, issues }) => {
    const complain = (message: string): void => {
      issues.push({ code: "custom", input: value, message });
    };
    // Where a name is unknown that has been said, and it may be the one that is missing.
    const wasSaid = issues.length > 0;
    const kinds = FAULT_KIND_NAMES.filter((name) => value[name] !== undefined);
    if (kinds.length > 1 || (kinds.length === 0 && !wasSaid)) {
      const found = kinds.length === 0 ? "no fault" : kinds.join(" and ");
      complain(`found ${found}; exactly one of ${FAULT_KIND_NAMES.join(", ")} is needed beside its times`);
    }
    const { at, every } = value;
    if (at !== undefined && every !== undefined) complain("found at and every; a fault has one of them");
    if (at === undefined && every === undefined && !wasSaid)
      complain('needs a time: "at", or "every" for one that comes again and again');
  })
  .meta({ description: "A fault and when it strikes." });

export const reconfigureFields = z
  .strictObject({
    at: quantity(TIME, { description: "When, counted from the start of the warm-up." }),
    sequencers: z
      .array(count({ description: "Number of a sequencer." }, 1, 1_023))
      .min(1, { error: "must name a sequencer" })
      .meta({
        description: "The sequencers of the next view, in order; one that is not online is left out.",
        otherwise: "the current ones, shuffled",
      })
      .optional(),
  })
  .meta({ description: "An order of the operator to move on to a new view." });
