/**
 * The scenario format. This is its only definition: the loader reads with it, the JSON Schema for editors and the field
 * tables of docs/scenarios.md are made from it. A default that the models own is taken from there.
 */

import { z } from "zod";
import { DEFECT_IDS } from "../models/boki/defects.ts";
import { Mutation, type MutationName } from "../models/boki/mutations.ts";

import { word } from "./fields.ts";
import { bokiFields, clusterFields, diskFields, networkFields } from "./schema-cluster.ts";
import { commonFields } from "./schema-common.ts";
import { costFields } from "./schema-costs.ts";
import { reconfigureFields } from "./schema-faults.ts";
import { workloadFields } from "./schema-workload.ts";

/** A whole file. Fields in the order of the reference. */
export const scenarioFields = z
  .strictObject({
    system: word({ description: "What is simulated: the log." }, ["boki"]).prefault("boki"),
    name: commonFields.name,
    summary: commonFields.summary,
    seed: commonFields.seed,
    duration: commonFields.duration,
    warmup: commonFields.warmup,
    replications: commonFields.replications,
    check: commonFields.check,
    profile: commonFields.profile,
    defects: z
      .array(word({ description: "A defect of the release." }, DEFECT_IDS))
      .meta({
        description:
          "Defects of the release that are switched on besides those of the profile, `P1` to `P20`; docs/models/reconfiguration.md says what each is.",
      })
      .prefault([]),
    mutation: word({ description: "A bug to switch on." }, Object.keys(Mutation) as MutationName[])
      .prefault("none")
      .meta({ hidden: true }),
    cluster: clusterFields.prefault({}),
    boki: bokiFields.prefault({}),
    network: networkFields.prefault({}),
    disk: diskFields.prefault({}),
    costs: costFields.prefault({}),
    workload: z
      .array(workloadFields)
      .min(1, { error: "must have an entry: without clients nothing happens" })
      .meta({ description: "Who calls what, when; any number of workloads at the same time." }),
    faults: commonFields.faults,
    heal: commonFields.heal,
    reconfigure: z
      .array(reconfigureFields)
      .meta({ description: "Orders of the operator to move on to a new view." })
      .prefault([]),
    variants: commonFields.variants,
    sweep: commonFields.sweep,
    expect: commonFields.expect,
  })
  .meta({
    title: "bokisim scenario",
    description: "A scenario of bokisim: a cluster, its load and what is expected of it.",
  });

/** A file that was read. */
export type ScenarioFields = z.output<typeof scenarioFields>;
