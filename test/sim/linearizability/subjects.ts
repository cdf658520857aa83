/** The models, each with an execution to take histories from and a naive object to hold the verdicts against. */

import type { Model } from "../../../sim/linearizability/model.ts";
import { kv } from "../../../sim/linearizability/models/kv.ts";
import { log } from "../../../sim/linearizability/models/log.ts";
import { queue } from "../../../sim/linearizability/models/queue.ts";
import { register } from "../../../sim/linearizability/models/register.ts";
import {
  appendingExecution,
  type Executable,
  kvExecution,
  logExecution,
  queueExecution,
  registerExecution,
  tellingExecution,
  trimmedLogExecution,
  uniqueQueueExecution,
} from "./arbitraries.ts";
import { type NaiveObject, naiveCell, naiveLog, naiveQueue } from "./oracle.ts";

interface Subject {
  readonly name: string;
  readonly model: Model<unknown>;
  readonly execution: Executable<unknown>;
  readonly naive: NaiveObject<unknown>;
}

/** The types of states differ from row to row and matter to none of the tests. */
const subject = <A, B, C>(
  name: string,
  model: Model<A>,
  execution: Executable<B>,
  naive: NaiveObject<C>,
): Subject => ({ name, model, execution, naive }) as unknown as Subject;

export const SUBJECTS = [
  subject("register", register, registerExecution, naiveCell),
  subject("kv", kv, kvExecution, naiveCell),
  subject("kv with append", kv, appendingExecution, naiveCell),
  subject("kv with append of telling texts", kv, tellingExecution, naiveCell),
  subject("queue", queue, queueExecution, naiveQueue),
  subject("queue of unique values", queue, uniqueQueueExecution, naiveQueue),
  subject("log", log, logExecution, naiveLog),
  subject("log with trims", log, trimmedLogExecution, naiveLog),
];
