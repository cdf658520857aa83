/** `bokisim check`: whether a history is linearizable, and if not, why. */

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { type CheckResult, check, objectsOf } from "../sim/linearizability/check.ts";
import { type Explanation, explain } from "../sim/linearizability/explain.ts";
import { parseHistory } from "../sim/linearizability/format/read.ts";
import type { History } from "../sim/linearizability/history.ts";
import type { Model } from "../sim/linearizability/model.ts";
import { MODELS, type ModelName } from "../sim/linearizability/models/models.ts";
import { formatProblems, HistoryError } from "../sim/linearizability/problems.ts";
import { checkJson } from "./check-json.ts";
import { checkText } from "./check-text.ts";
import { EXIT_FAILED, EXIT_HELD, EXIT_UNDECIDED } from "./exit-codes.ts";
import { print } from "./output.ts";
import { InputError } from "./services.ts";

interface Options {
  readonly model: ModelName;
  readonly initial?: unknown;
  readonly limit?: number | undefined;
  readonly json?: true | undefined;
}

const HELP = `
The history is a list of operations or of events, as JSON, JSON Lines or EDN; "-" reads standard input. docs/histories.md
describes the format, the models and what to do with histories of Jepsen and Porcupine.

A history that is not linearizable is explained: the operation that breaks it, what it would have had to return, and a
small part of the history that shows it.

Examples:
  bokisim check docs/histories/register-stale-read.json --model register
  bokisim check store/latest/history.edn --model register --initial 0
  bokisim check history.jsonl --model log --limit 100000
  jq -c '.[]' history.json | bokisim check - --model kv --json

Exit status:
  0    linearizable
  1    not linearizable
  2    the command line or the history was wrong
  3    undecided: the limit was reached first
  70   a defect of bokisim`;

const LIMIT_HELP =
  "give up an object after so many configurations (default: a million and ten per operation)";
/** Far above what a history takes that can be decided at all, and within memory. */
const defaultLimit = ({ operations }: History): number => 1_000_000 + 10 * operations.length;

/** What a check found, for the two ways of showing it. */
export interface Checked {
  readonly file: string;
  readonly model: ModelName;
  readonly history: History;
  readonly result: CheckResult;
  /** The first object that is not linearizable, and why. */
  readonly violation: { readonly key: string | undefined; readonly explanation: Explanation } | undefined;
}

export function addCheck(program: Command, finish: (status: number) => void): void {
  program
    .command("check")
    .summary("check whether a history is linearizable")
    .description("Check whether a history is linearizable, and explain it if it is not.")
    .argument("<file>", "history, or - for standard input")
    .addOption(
      new Option("--model <name>", "what the operations are done to")
        .choices(Object.keys(MODELS) as ModelName[])
        .makeOptionMandatory(),
    )
    .option("--initial <json>", "what every object holds at the beginning, as JSON", parseJson)
    .option("--limit <number>", LIMIT_HELP, parseLimit)
    .option("--json", "print the result as JSON")
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await checkFile(file, options)));
}

const STATUS = { linearizable: EXIT_HELD, violated: EXIT_FAILED, unknown: EXIT_UNDECIDED } as const;

async function checkFile(file: string, options: Options): Promise<number> {
  const model = MODELS[options.model];
  if (options.initial !== undefined) {
    const problem = model.initialProblem?.(options.initial);
    if (problem !== undefined) throw new InputError(`--initial: ${problem}`);
  }
  const content = await contentOf(file);
  const checked = explainingInput(file, () => checkContent(file, content, model, options));
  await print(options.json ? checkJson(checked) : checkText(checked));
  return STATUS[checked.result.verdict];
}

function checkContent(file: string, content: string, model: Model<unknown>, options: Options): Checked {
  const history = parseHistory(content, model);
  const settings = { initial: options.initial, visitedMax: options.limit ?? defaultLimit(history) };
  const result = check(history, model, settings);
  const violated = result.objects.find(({ verdict }) => verdict === "violated");
  return {
    file,
    model: options.model,
    history,
    result,
    violation: violated && {
      key: violated.key,
      explanation: explain(objectsOf(history.operations).get(violated.key)!, model, settings),
    },
  };
}

/** Problems of the history become something the user can put right. */
function explainingInput<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof HistoryError) throw new InputError(formatProblems(file, error.problems));
    throw error;
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(`${file}: ${code === "ENOENT" ? "no such file" : message}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError("JSON is wanted, such as 0, null or '\"text\"'.");
  }
}

function parseLimit(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError("A whole number from 1 on is wanted.");
  }
  return value;
}
