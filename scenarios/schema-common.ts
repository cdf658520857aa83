/** Fields that every scenario has, whatever system it is of. */

import { z } from "zod";
import { count, onOff, quantity, text, word } from "./fields.ts";
import { TIME } from "./quantity.ts";
import { faultFields } from "./schema-faults.ts";

const MINUTE_NANOS = 60_000_000_000;
/** Longer runs would leave the integers that virtual time is exact in. */
/** `warmup: auto`. */
export const WARMUP_AUTO = -1;
const RUN_NANOS_MAX = 7 * 24 * 60 * MINUTE_NANOS;
const ONE_LINE = /^[^\r\n]*$/;
/** Names become file names and labels of charts. */
const SCENARIO_NAME = /^[A-Za-z0-9][\w.-]*$/;

const settingFields = z.record(z.string(), z.unknown()).meta({
  description:
    "Paths of fields and what they are in this variant, such as `boki.localCut: 100us` or `workload.producers.tagsPerRecord: 3`.",
});

const variantFields = z
  .strictObject({
    name: text({ description: "Name in tables and charts." }, /\S/, "100us", "is not a name"),
    set: settingFields.prefault({}),
  })
  .meta({ description: "A run of the scenario under other settings." });

const sweepFields = z
  .strictObject({
    path: text(
      { description: "The field that changes from run to run." },
      /\S/,
      "boki.localCut",
      "is not the path of a field",
    ).optional(),
    paths: z
      .array(text({ description: "A field." }, /\S/, "boki.localCut", "is not the path of a field"))
      .min(1, { error: "must name a field" })
      .meta({ description: "Several fields that take each value together." })
      .optional(),
    values: z
      .array(z.unknown())
      .min(1, { error: "must have a value" })
      .meta({ description: "What it is in each run." }),
    label: text(
      { description: "Variants are named `label=value`.", otherwise: "last word of the path" },
      /\S/,
      "clients",
      "is not a label",
    ).optional(),
  })
  .check(({ value, issues }) => {
    if ((value.path === undefined) === (value.paths === undefined)) {
      issues.push({ code: "custom", input: value, message: 'needs either "path" or "paths"' });
    }
  })
  .meta({ description: "A variant for each of several values of a field." });

/** In the order of the reference. */
export const commonFields = {
  name: text(
    { description: "Name of the scenario; results are filed under it." },
    SCENARIO_NAME,
    "quickstart",
    "is not a name of letters, digits, dots, dashes and underscores",
  ),
  summary: text(
    { description: "What it shows, in one line; `bokisim list` prints it." },
    ONE_LINE,
    "Appends at the published load",
    "is not one line of text",
  ).prefault(""),
  seed: count(
    { description: "Seed of the first replication; each further one has the next." },
    0,
    2 ** 48,
  ).prefault(1),
  duration: quantity(
    TIME,
    { description: "Length of the measured part, in virtual time." },
    { positive: true, example: "2s", most: [RUN_NANOS_MAX, "7 days"] },
  ),
  warmup: quantity(
    TIME,
    {
      description:
        "What is run before it and not measured; with `auto` as long as the run takes to settle, which a run before it finds.",
    },
    { most: [RUN_NANOS_MAX, "7 days"], word: ["auto", WARMUP_AUTO] },
  ).prefault("500ms"),
  replications: count(
    { description: "Runs with different seeds; confidence intervals need two." },
    1,
    1_000,
  ).prefault(1),
  check: onOff({ description: "Check the invariants of the model during the run; slower." }).prefault("off"),
  profile: word(
    {
      description:
        "Which protocol: as it was designed, or as it was released, with every defect that the release has.",
    },
    ["intended", "published"],
  ).prefault("intended"),
  faults: z.array(faultFields).meta({ description: "What goes wrong and when." }).prefault([]),
  heal: quantity(TIME, {
    description:
      "When everything is whole again, whatever lasts and whatever would come, counted from the start of the warm-up.",
    otherwise: "never",
  }).optional(),
  variants: z
    .array(variantFields)
    .meta({
      description:
        "Runs of the scenario under other settings, one each. Without any, the scenario itself is run.",
    })
    .prefault([]),
  sweep: z
    .union([
      sweepFields,
      z.array(sweepFields).meta({ description: "Several sweeps are combined, each value with each." }),
    ])
    .meta({
      description:
        "A variant for each of several values. With `variants` too, every value is combined with every variant.",
    })
    .optional(),
  expect: z
    .array(
      text({ description: "Such as `append.p99 < 2ms`." }, /\S/, "append.p99 < 2ms", "is not an expectation"),
    )
    .meta({
      description: "What must hold in every variant; a run in which it does not ends with exit status 1.",
    })
    .prefault([]),
};
