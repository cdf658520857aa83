/** The part of the scenario format that describes what clients do. */

import { z } from "zod";
import { OPERATIONS, type OperationName } from "../models/workloads/config.ts";
import { choice, count, decimal, quantity, share, text, weight, word } from "./fields.ts";
import { RATE, TIME } from "./quantity.ts";
import { SIZES, TIMES } from "./schema-cluster.ts";

const CLIENTS_MAX = 1_000_000;
/** Popularity tables are kept in memory. */
const THINGS_MAX = 100_000_000;

const clients = count(
  { description: "Clients. Each is one long function call and occupies a worker." },
  1,
  CLIENTS_MAX,
);
const rate = quantity(
  RATE,
  { description: "Calls that begin in a second, of all clients together." },
  { positive: true },
);

const arrivalFields = choice(
  {
    closedLoop: z
      .strictObject({
        clients,
        think: TIMES.meta({ description: "Pause between the end of an operation and the next." }).prefault(
          "0us",
        ),
      })
      .meta({
        description: "Each client begins its next operation when the last has ended and a pause has passed.",
      }),
    paced: z
      .strictObject({
        clients,
        interval: quantity(
          TIME,
          { description: "From the start of an operation to the start of the next." },
          { positive: true, example: "6ms" },
        ),
      })
      .meta({
        description:
          "Each client begins an operation at every interval, or at once when the last took longer.",
      }),
    poisson: z
      .strictObject({ rate })
      .meta({ description: "Independent calls at random moments; one operation each." }),
    constantRate: z
      .strictObject({ rate })
      .meta({ description: "Independent calls at equal distances; one operation each." }),
    timetable: z
      .strictObject({
        rate,
        connections: count(
          { description: "Connections, each with one call under way at most." },
          1,
          CLIENTS_MAX,
        ),
        threads: count({ description: "Threads the connections are divided between." }, 1, 10_000),
      })
      .meta({
        description:
          "The load generator of the published experiments: each connection has a timetable, and one that is late catches up at 1.2 times its pace.",
      }),
  },
  { description: "When operations begin." },
);

const OPERATION_TEXTS: Readonly<Record<OperationName, string>> = {
  append: "Append a record.",
  readNext: "Read the first record at or after a place in the log.",
  readPrev: "Read the last record at or before a place in the log.",
  checkTail: "Read the newest record.",
  readNextBlock: "Read the first record at or after a place, and wait for one if there is none.",
  setAuxData: "Attach auxiliary data to a record.",
  trim: "Give up all but the newest records; see `keepRecords`.",
};

const mixFields = z
  .strictObject(
    Object.fromEntries(
      OPERATIONS.map((operation) => [
        operation,
        weight({ description: OPERATION_TEXTS[operation], otherwise: "0%" }).optional(),
      ]),
    ) as Record<OperationName, z.ZodOptional<ReturnType<typeof weight>>>,
  )
  .check(({ value, issues }) => {
    if (issues.length === 0 && !Object.values(value).some((each) => each !== undefined && each > 0)) {
      issues.push({
        code: "custom",
        input: value,
        message: "one operation must have a share of more than 0",
      });
    }
  })
  .meta({ description: "Share of each operation. Shares need not add up to 100%: they are weights." });

const popularity = (things: string, least: number) =>
  z.strictObject({
    count: count({ description: `How many ${things} there are.` }, least, THINGS_MAX).prefault(1),
    zipf: decimal({
      description: "Skew of their popularity: 0 is uniform, about 1 the custom of web loads.",
    }).prefault(0),
  });

const readFields = z
  .union([
    word(
      {
        description:
          "`anywhere`: uniformly over the log; `next`: the client follows the log, record by record.",
      },
      ["anywhere", "next"],
    ),
    choice(
      {
        recent: count(
          { description: "Uniformly among so many of the newest records the client knows of." },
          1,
        ),
      },
      { description: "Near the tail." },
    ),
  ])
  .meta({ description: "Where in the log reads look: `anywhere`, `next` or `recent: 1000`." });

export const workloadFields = z
  .strictObject({
    name: text(
      { description: "Name, unlike that of any other workload." },
      /^[A-Za-z][\w-]*$/,
      "producers",
      "is not a name of letters, digits, dashes and underscores",
    ),
    arrival: arrivalFields,
    mix: mixFields.prefault({ append: "100%" }),
    logBooks: popularity("LogBooks", 1)
      .meta({ description: "The LogBooks that calls are for." })
      .prefault({}),
    tags: popularity("tags", 0).meta({ description: "The tags of each LogBook." }).prefault({}),
    tagsPerRecord: count({ description: "Tags of an appended record." }, 0, 300).prefault(1),
    recordSize: SIZES.meta({ description: "Payload of an appended record." }).prefault("1KiB"),
    auxSize: SIZES.meta({ description: "Size of auxiliary data." }).prefault("256B"),
    read: readFields.prefault({ recent: 1_000 }),
    keepRecords: count(
      {
        description:
          "A trim gives up what lies further than so many places of the log behind the newest record of the LogBook.",
      },
      1,
    ).prefault(1_000),
    nested: share({
      description: "Share of the operations that are carried out in a nested call on the same engine.",
    }).prefault("0%"),
    start: quantity(TIME, { description: "When it begins, counted from the start of the warm-up." }).prefault(
      "0s",
    ),
    stop: quantity(TIME, {
      description: "When it ends, counted from the start of the warm-up.",
      otherwise: "end of the run",
    }).optional(),
  })
  .meta({ description: "Clients that do the same." });
