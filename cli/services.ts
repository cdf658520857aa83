/** What the commands need from the other rooms, as one interface: tests of the command line bring their own. */

import { RESULT_SCHEMAS } from "../reports/result-schemas.ts";
import type { CatalogueEntry } from "../scenarios/catalogue.ts";
import type { Overrides } from "../scenarios/load.ts";
import type { Problem } from "../scenarios/problems.ts";
import type { ScenarioResult } from "../scenarios/result.ts";
import type { RunOptions as ScenarioRunOptions } from "../scenarios/run.ts";

/** What the command line always gives a run. */
export type RunOptions = Required<ScenarioRunOptions>;

/** A scenario that was read and found right, ready to run. */
export interface LoadedScenario {
  readonly name: string;
  /** Whether its functions use the log, so that there is a history of what they saw of it. */
  readonly hasHistory: boolean;
  readonly run: (options: RunOptions) => Promise<ScenarioResult>;
}

/** Kinds of files: those that people write, and those that commands write. */
export const SCHEMAS = ["scenario", "application", ...RESULT_SCHEMAS] as const;
export type SchemaKind = (typeof SCHEMAS)[number];

export interface Services {
  /** Reads and checks a scenario; an `InputError` says what is wrong with it. */
  load(text: string, file: string, options: Overrides): Promise<LoadedScenario>;
  catalogue(): Promise<readonly CatalogueEntry[]>;
  /** The JSON Schema of a kind of files. */
  schema(kind: SchemaKind): Promise<unknown>;
}

/** Something the user can put right; its message says how and is all that is shown. */
export class InputError extends Error {
  override readonly name = "InputError";
  /** Of a file, the mistakes one by one; the message has them all. */
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
  }
}
