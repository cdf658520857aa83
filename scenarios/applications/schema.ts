/**
 * The form of application files (docs/applications.md). This is its only definition: the loader reads with it, and the reference
 * page is made from it. What a name in a file stands for is looked up later, in compile.ts.
 */

import { z } from "zod";
import {
  LANGUAGES,
  LOG_OPERATIONS,
  LOG_PLACES,
  type LogOperationName,
  type LogPlace,
  STORE_KINDS,
} from "../../models/applications/application.ts";
import type { Distribution } from "../../sim/distribution.ts";
import { choice, count, type FieldDoc, scalar, text, weight, word, wrong } from "../fields.ts";
import { parseQuantity, parseShare, SIZE } from "../quantity.ts";

const NAME = /^[A-Za-z][\w-]*$/;
const METHOD = /^[A-Za-z][\w-]*\.[A-Za-z][\w-]*$/;
const ONE_LINE = /^[^\r\n]*$/;

/** A number as a file has it: factors and names of variables, to be multiplied. */
export type WrittenAmount = readonly (number | string)[];

/** An amount: a number, a variable, or a list of both, which are multiplied. */
function amount(doc: FieldDoc, parse: (found: string) => number | undefined = () => undefined) {
  const one = (found: unknown): number | string | undefined => {
    if (typeof found === "number" && Number.isFinite(found) && found >= 0) return found;
    if (typeof found !== "string") return undefined;
    return parse(found) ?? (NAME.test(found) ? found : undefined);
  };
  return scalar(
    { ...doc, kind: "amount", type: ["number", "string", "array"] },
    2,
    (found): { ok: true; value: WrittenAmount } | { ok: false; reason: string } => {
      const factors = (Array.isArray(found) ? found : [found]).map(one);
      if (factors.length > 0 && factors.every((each) => each !== undefined)) {
        return { ok: true, value: factors as WrittenAmount };
      }
      return wrong("is neither a number, nor a variable, nor a list of both, which are multiplied");
    },
  );
}

const bytesOf = (found: string): number | undefined => {
  const parsed = parseQuantity(SIZE, found);
  return parsed.ok ? parsed.value : undefined;
};
const shareOf = (found: string): number | undefined => {
  const parsed = parseShare(found);
  return parsed.ok ? parsed.value : undefined;
};
const bytes = (description: string, value: string) =>
  amount({ description: `${description} A size, a variable, or a product.` }, bytesOf).prefault(value);

/** What a variable is drawn from: whole numbers, not negative. */
const valueFields = z
  .union([
    count({ description: "Always this." }, 0, 1e9).transform(
      (value): Distribution => ({ kind: "constant", value }),
    ),
    choice(
      {
        whole: z
          .tuple([
            count({ description: "The least." }, 0, 1e9),
            count({ description: "The greatest." }, 0, 1e9),
          ])
          .meta({
            description: "Whole numbers from the first to the second, each as likely: `whole: [1, 6]`.",
          }),
        geometric: scalar(
          {
            kind: "number",
            type: "number",
            minimum: 0,
            description: "0, 1, 2, ..., each less likely by the same factor, with this mean.",
          },
          1,
          (found) =>
            typeof found === "number" && found > 0
              ? { ok: true, value: found }
              : wrong("is not a mean above 0"),
        ),
        weighted: z
          .record(z.string().regex(/^\d+$/), weight({ description: "How often the number is drawn." }))
          .meta({ description: "Numbers with how often each is drawn: `weighted: {0: 48%, 5: 52%}`." }),
      },
      { description: "Drawn." },
    ).transform((written): Distribution => {
      if (written.whole !== undefined) {
        const [low, high] = written.whole;
        return { kind: "uniform", low, high: high + 1 };
      }
      if (written.geometric !== undefined) {
        return { kind: "exponential", mean: 1 / Math.log(1 + 1 / written.geometric) };
      }
      const parts = Object.entries(written.weighted!);
      return {
        kind: "mixture",
        weights: parts.map(([, each]) => each),
        parts: parts.map(([value]) => ({ kind: "constant", value: Number(value) })),
      };
    }),
  ])
  .meta({ id: "value", description: "A whole number, or how it is drawn." });

export interface WrittenCall {
  readonly to: string;
  readonly input: WrittenAmount;
}

export interface WrittenStore {
  readonly to: string;
  readonly command: string;
  readonly units: WrittenAmount;
  readonly request: WrittenAmount;
  readonly reply: WrittenAmount;
  readonly arrivalOf?: number | undefined;
}

export interface WrittenLogStep {
  readonly operation: LogOperationName;
  readonly tag: WrittenAmount;
  readonly size: WrittenAmount;
  readonly at?: LogPlace | undefined;
}

/** A step as a file has it: exactly one of these. */
export interface WrittenStep {
  readonly work?: Readonly<Record<string, WrittenAmount>> | undefined;
  readonly call?: WrittenCall | undefined;
  readonly callAsync?: WrittenCall | undefined;
  readonly store?: WrittenStore | undefined;
  readonly publish?: { readonly to: string; readonly size: WrittenAmount } | undefined;
  readonly log?: WrittenLogStep | undefined;
  readonly parallel?: readonly (readonly WrittenStep[])[] | undefined;
  readonly branch?:
    | {
        readonly share: WrittenAmount;
        readonly steps: readonly WrittenStep[];
        readonly otherwise: readonly WrittenStep[];
      }
    | undefined;
  readonly ifLast?: readonly WrittenStep[] | undefined;
  readonly once?: readonly WrittenStep[] | undefined;
  readonly repeat?: { readonly times: WrittenAmount; readonly steps: readonly WrittenStep[] } | undefined;
  readonly draw?: Readonly<Record<string, Distribution>> | undefined;
}

const methodName = text(
  { description: "A method, such as `Text.Upload`." },
  METHOD,
  "Text.Upload",
  "is not a method, such as Text.Upload",
);

const call = (description: string) =>
  z
    .union([
      methodName.transform((to): WrittenCall => ({ to, input: [64] })),
      z.strictObject({ to: methodName, input: bytes("Input.", "64B") }),
    ])
    .meta({ description });

const steps: z.ZodType<readonly WrittenStep[]> = z
  .array(z.lazy(() => step))
  .meta({ id: "steps", description: "Steps, one after the other." });

const step: z.ZodType<WrittenStep> = choice(
  {
    work: z.record(z.string(), amount({ description: "How much." })).meta({
      description: "Computation: kinds of work with their amounts, such as `work: {regexScan: [2, text]}`.",
    }),
    call: call("Calls a method and waits for its result."),
    callAsync: call("Calls a method and goes on when it has been taken over."),
    store: z
      .strictObject({
        to: text({ description: "The store." }, NAME, "users-redis", "is not the name of a store"),
        command: text(
          { description: "What it is asked to do." },
          NAME,
          "get",
          "is not the name of a command",
        ),
        units: amount({
          description: "What the command counts: commands of a pipeline, documents, items.",
        }).prefault(1),
        request: bytes("Request.", "64B"),
        reply: bytes("Reply.", "64B"),
        arrivalOf: count(
          {
            description:
              "The store counts the requests that are made on behalf of one client's request: so many in all; see `ifLast`.",
            otherwise: "not counted",
          },
          1,
          1_000,
        ).optional(),
      })
      .meta({ description: "One request to a stateful service, and its reply." }),
    publish: z
      .strictObject({
        to: text({ description: "The queue." }, NAME, "timeline-queue", "is not the name of a queue"),
        size: bytes("Message.", "256B"),
      })
      .meta({ description: "Gives a message to a queue and waits until it has been taken over." }),
    log: z
      .strictObject({
        operation: word({ description: "What is asked of the log." }, LOG_OPERATIONS),
        tag: amount({
          description: "Tag of a record, or of the records that are meant; 0: none, and all.",
        }).prefault(0),
        size: bytes("Payload of an append, or aux data.", "1KiB"),
        at: word(
          {
            description:
              "Where: before or behind all records (`start`, `tail`), at the record that this body appended last (`appended`) or was shown last (`found`), or right behind that (`behindFound`).",
            otherwise:
              "`tail` of `readPrev` and `checkTail`, `found` of `setAuxData` and `trim`, else `start`",
          },
          LOG_PLACES,
        ).optional(),
      })
      .meta({
        description: "One operation of the shared log, and its result; only with system `nightcore-boki`.",
      }),
    parallel: z.array(steps).min(1, { error: "must have a branch" }).meta({
      description: "Lists of steps that run at the same time; goes on when all have ended.",
    }),
    branch: z
      .strictObject({
        share: amount(
          { description: "How often; a share, a variable in percent is written `[0.01, name]`." },
          shareOf,
        ),
        steps: steps.meta({ description: "What is run then." }),
        otherwise: steps.meta({ description: "What is run otherwise." }).prefault([]),
      })
      .meta({ description: "Runs the steps with this probability, and otherwise the others." }),
    ifLast: steps.meta({ description: "Runs if the last `store` with `arrivalOf` was the last of them." }),
    once: steps.meta({ description: "Runs the first time that a worker comes here." }),
    repeat: z
      .strictObject({
        times: amount({ description: "How often; rounded down." }),
        steps: steps.meta({ description: "What is run each time." }),
      })
      .meta({ description: "Runs the steps several times, one after the other." }),
    draw: z.record(z.string(), valueFields).meta({
      description: "Draws variables for what follows here and in what is called from here.",
    }),
  },
  { description: "One step.", id: "step" },
) as z.ZodType<WrittenStep>;

const functionFields = z.strictObject({
  language: word({ description: "What it is written in." }, LANGUAGES),
  minWorkers: count(
    { description: "Workers of a node at least.", otherwise: "4 at the start, none at least" },
    0,
    16_383,
  ).optional(),
  maxWorkers: count(
    { description: "Workers of a node at most; 0: no bound.", otherwise: "no bound" },
    0,
    16_383,
  ).optional(),
  methods: z
    .record(
      z.string(),
      z.strictObject({
        output: bytes("Output.", "64B"),
        steps: steps.meta({ description: "What it does." }).prefault([]),
      }),
    )
    .meta({ description: "What can be called." }),
});

export const applicationFields = z
  .strictObject({
    name: text({ description: "Name of the application." }, NAME, "guestbook", "is not a name"),
    summary: text(
      { description: "What it is, in one line." },
      ONE_LINE,
      "Notes and their readers",
      "is not one line of text",
    ).prefault(""),
    variables: z
      .record(z.string(), valueFields)
      .meta({ description: "Drawn with each request, in this order." })
      .prefault({}),
    stores: z
      .record(
        z.string(),
        z.strictObject({
          kind: word({ description: "How it works, and what its commands cost." }, STORE_KINDS),
          machine: text(
            { description: "The machine that it shares with others of the same name." },
            NAME,
            "cache",
            "is not a name",
          ).prefault("stores"),
        }),
      )
      .meta({ description: "Stateful services." })
      .prefault({}),
    queues: z
      .record(
        z.string(),
        z.strictObject({
          machine: text(
            { description: "The machine of the queue and its consumer." },
            NAME,
            "queues",
            "is not a name",
          ).prefault("queues"),
          consumer: z.strictObject({
            name: text({ description: "Name of the consumer." }, NAME, "TimelineWriter", "is not a name"),
            threads: count({ description: "Messages that it works on at a time." }, 1, 10_000).prefault(1),
            steps: steps.meta({ description: "What it does with each; its calls enter from outside." }),
          }),
        }),
      )
      .meta({ description: "Message queues." })
      .prefault({}),
    functions: z.record(z.string(), functionFields).meta({ description: "Functions by their names." }),
    requests: z
      .record(
        z.string(),
        z
          .strictObject({
            call: call("The client calls a method itself.").optional(),
            web: steps
              .optional()
              .meta({ description: "A web server runs these steps; its calls enter by the gateway." }),
            input: bytes("What the client sends.", "256B"),
          })
          .check(({ value, issues }) => {
            if ((value.call === undefined) === (value.web === undefined)) {
              issues.push({ code: "custom", input: value, message: 'needs either "call" or "web"' });
            }
          }),
      )
      .meta({ description: "What clients can ask for." }),
    logBook: amount({
      description: "LogBook that the calls of a request use, by its number; rounded down.",
    }).prefault(1),
    mixes: z
      .record(z.string(), z.record(z.string(), weight({ description: "How often." })))
      .meta({ description: "How often clients ask for what, by the name of the mix." })
      .prefault({}),
  })
  .meta({
    title: "bokisim application",
    description: "Functions, the services they use, and what clients ask of them.",
  });

export type ApplicationFields = z.output<typeof applicationFields>;
