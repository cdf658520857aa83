#!/usr/bin/env node
/** The `bokisim` command. Its modules come from Node's compile cache, so that only the first start strips their types. */

import { enableCompileCache } from "node:module";

enableCompileCache();
const [{ main }, { scenarioServices }] = await Promise.all([import("./main.ts"), import("./scenarios.ts")]);

process.exitCode = await main(process.argv.slice(2), scenarioServices);
