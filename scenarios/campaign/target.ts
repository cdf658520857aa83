/** What a campaign needs to know of the system that it tries; how it draws, repeats, counts, shrinks and reports is the same for all. */

import { RUNTIME_INVARIANTS } from "../../models/nightcore/invariants/violations.ts";
import type { Nanos } from "../../sim/units.ts";
import type { SpaceTime } from "../tracing/space-time.ts";
import { type Case, sizeOf } from "./case.ts";
import { formatCase } from "./case-file.ts";
import { describeSize, promiseOf } from "./explain.ts";
import { type Campaign, generateCase } from "./generate.ts";
import { MARKS } from "./marks.ts";
import { kindOf, runCase, type Verdict } from "./run-case.ts";
import { type RuntimeCase, sizeOf as runtimeSizeOf } from "./runtime/case.ts";
import { formatRuntimeCase } from "./runtime/case-file.ts";
import { generateRuntimeCase, type RuntimeCampaign } from "./runtime/generate.ts";
import { RUNTIME_MARKS } from "./runtime/marks.ts";
import { describeSize as describeRuntimeSize } from "./runtime/mutations-section.ts";
import { type RuntimeFailureName, type RuntimeVerdict, runRuntimeCase } from "./runtime/run-case.ts";
import { shrinkRuntimeCase } from "./runtime/shrink.ts";
import { runtimeCaseDiagram } from "./runtime/space-time.ts";
import { shrinkCase } from "./shrink.ts";
import { caseDiagram } from "./space-time.ts";

export type AnyCampaign = Campaign | RuntimeCampaign;

/** What the cases and verdicts of a campaign are. */
export type SubjectOf<Of extends AnyCampaign> = Of extends RuntimeCampaign ? RuntimeCase : Case;
export type VerdictOf<Of extends AnyCampaign> = Of extends RuntimeCampaign ? RuntimeVerdict : Verdict;
export type SizeOf<Of extends AnyCampaign> = ReturnType<
  Of extends RuntimeCampaign ? typeof runtimeSizeOf : typeof sizeOf
>;
export type NameOf<Of extends AnyCampaign> = VerdictOf<Of>["failures"][number]["name"];

/** A failure of any system. */
export interface AnyFailure {
  readonly name: string;
  readonly atNanos: Nanos;
  readonly message: string;
}

/** What all verdicts have. */
export interface AnyVerdict {
  readonly digest: string;
  readonly failures: readonly AnyFailure[];
  readonly counts: Readonly<Partial<Record<string, number>>>;
  readonly marks: Readonly<Partial<Record<string, number>>>;
  readonly events: number;
  readonly simulatedNanos: Nanos;
  readonly settledNanos: Nanos | undefined;
}

export interface Target<Of extends object, Subject, Judged extends AnyVerdict> {
  /** Run `index` of the campaign. */
  readonly generate: (campaign: Of, index: number) => Subject;
  readonly run: (subject: Subject) => Judged;
  /** What tells one kind of failure from another. */
  readonly kindOf: (failure: AnyFailure) => string;
  readonly shrink: (
    subject: Subject,
    kind: string,
    options: { readonly attempts: number },
  ) => { readonly case: Subject; readonly verdict: Judged; readonly attempts: number };
  /** The failure of taking another course when it is run again. */
  readonly unsteady: string;
  readonly marks: Readonly<Record<string, string>>;
  /** What is broken by a failure of this name. */
  readonly promiseOf: (name: string) => string;
  readonly describeSize: (subject: Subject) => string;
  readonly sizeOf: (subject: Subject) => object;
  /** The text of a file that `bokisim run` replays. */
  readonly format: (subject: Subject, verdict: Judged, heading: readonly string[]) => string;
  /** The space-time diagram of the case in that file; undefined where no message was sent. */
  readonly diagram: (subject: Subject, file: string) => SpaceTime | undefined;
}

const LOG: Target<Campaign, Case, Verdict> = {
  generate: generateCase,
  run: (subject) => runCase(subject),
  kindOf: (failure) => kindOf(failure as Verdict["failures"][number]),
  shrink: shrinkCase,
  unsteady: "determinism",
  marks: MARKS,
  promiseOf: (name) => promiseOf(name as NameOf<Campaign>),
  describeSize: (subject) => describeSize(sizeOf(subject)),
  sizeOf,
  format: formatCase,
  diagram: caseDiagram,
};

/** What every run promises, besides the invariants of the model. */
const RUNTIME_PROMISES: Readonly<Record<RuntimeFailureName, string>> = {
  ...RUNTIME_INVARIANTS,
  I16: "the same case always takes the same course",
  exception: "no role reaches a state that its author held to be impossible",
  abort: "no engine stops itself",
};

const RUNTIME: Target<RuntimeCampaign, RuntimeCase, RuntimeVerdict> = {
  generate: generateRuntimeCase,
  run: (subject) => runRuntimeCase(subject),
  kindOf: ({ name }) => name,
  shrink: (subject, kind, options) => shrinkRuntimeCase(subject, kind as RuntimeFailureName, options),
  unsteady: "I16",
  marks: RUNTIME_MARKS,
  promiseOf: (name) => RUNTIME_PROMISES[name as RuntimeFailureName],
  describeSize: (subject) => describeRuntimeSize(runtimeSizeOf(subject)),
  sizeOf: runtimeSizeOf,
  format: formatRuntimeCase,
  diagram: runtimeCaseDiagram,
};

type TargetOf<Of extends AnyCampaign> = Target<Of, SubjectOf<Of>, VerdictOf<Of>>;

export const targetOf = <Of extends AnyCampaign>(campaign: Of): TargetOf<Of> =>
  ("system" in campaign ? RUNTIME : LOG) as unknown as TargetOf<Of>;
