#!/usr/bin/env node
/** The `bokisim` command. */

import { main } from "./main.ts";
import { scenarioServices } from "./scenarios.ts";

process.exitCode = await main(process.argv.slice(2), scenarioServices);
