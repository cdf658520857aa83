/**
 * `npm run bench`: measures the kernel beside its peers and prints one table.
 *
 *     npm run bench -- [--quick] [--only NAME]... [--json FILE]
 *
 * A suite is a module that exports `run` (bench/suite.ts), listed below under its name.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { run as boki } from "./boki.ts";
import { run as floor } from "./floor.ts";
import { run as fuzz } from "./fuzz.ts";
import { run as hold } from "./hold.ts";
import { run as linearizability } from "./linearizability.ts";
import { run as memory } from "./memory.ts";
import { run as mm1 } from "./mm1.ts";
import { run as nightcore } from "./nightcore.ts";
import { run as nodes } from "./nodes.ts";
import { run as phold } from "./phold.ts";
import { run as pholdRaw } from "./phold-raw.ts";
import type { Row, Suite } from "./suite.ts";

const suites: Record<string, Suite> = {
  hold,
  "phold-raw": pholdRaw,
  mm1,
  floor,
  phold,
  boki,
  nodes,
  nightcore,
  memory,
  linearizability,
  fuzz,
};

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: Object.keys(suites) },
    json: { type: "string" },
  },
});

const unknown = values.only.find((name) => !Object.hasOwn(suites, name));
if (unknown !== undefined) {
  console.error(`no suite ${unknown}; there are ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}

const rows: Row[] = [];
for (const name of values.only) {
  console.error(`${name} ...`);
  rows.push(...(await suites[name]!({ quick: values.quick })));
}

const table = new Table({
  head: ["measure", "program", "million / CPU s", "compared", "check"],
  colAligns: ["left", "left", "right", "left", "left"],
  // No colours: the table is as often read in a file.
  style: { head: [], border: [], compact: true },
});
for (const { measure, program, perSecond, unit, compared, check } of rows) {
  const rate = perSecond === undefined ? "" : shownRate(perSecond, unit);
  table.push([measure, program, rate, compared, check]);
}
console.log(table.toString());

/** In millions, as the head of the column says; what is rare says by itself that it is not. */
function shownRate(perSecond: number, unit: string): string {
  return perSecond < 10_000
    ? `${perSecond.toFixed(0)} ${unit} / CPU s`
    : `${(perSecond / 1e6).toFixed(2)} ${unit}`;
}

// A wrong result or a law below the floor fails the run; a ratio never does, it depends on the machine.
if (rows.some(({ check }) => /^(WRONG|BELOW|ABOVE)/.test(check))) process.exitCode = 1;

if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
