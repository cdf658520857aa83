/** Sections of the systems that Nightcore is compared with, in scenarios of applications (docs/models/baselines.md). */

import { z } from "zod";
import { LAMBDA_DEFAULTS, OPENFAAS_DEFAULTS, RPC_DEFAULTS } from "../models/baselines/config.ts";
import { writtenDistribution } from "./distribution-field.ts";
import { count } from "./fields.ts";
import { TIME } from "./quantity.ts";
import { TIMES } from "./schema-cluster.ts";

const SETTINGS_FILE = "settings file of the ported Thrift services";
const FITTED = "fitted to the published no-op; docs/models/baselines.md";

export const rpcFields = z
  .strictObject({
    handlers: count(
      {
        description: "Handler threads of a server of C++ functions: so many calls at a time.",
        source: SETTINGS_FILE,
      },
      1,
      10_000,
    ).prefault(RPC_DEFAULTS.handlers),
    connections: count(
      { description: "Connections from each process to each server.", source: SETTINGS_FILE },
      1,
      65_536,
    ).prefault(RPC_DEFAULTS.connections),
  })
  .meta({
    description:
      "`system: rpc`: servers of remote procedure calls in containers, one for each function and node; see docs/models/baselines.md.",
  });

export const openFaasFields = z
  .strictObject({
    gatewayDelay: TIMES.meta({
      description: "What a call waits for at the gateway, besides the work on its way.",
      source: FITTED,
    }).prefault(writtenDistribution(TIME, OPENFAAS_DEFAULTS.gatewayDelay) as never),
  })
  .meta({
    description:
      "`system: openfaas`: a gateway, and a watchdog before each function; see docs/models/baselines.md.",
  });

export const lambdaFields = z
  .strictObject({
    delay: TIMES.meta({
      description: "From a call's arrival at the service until an environment of the function has it.",
      source: FITTED,
    }).prefault(writtenDistribution(TIME, LAMBDA_DEFAULTS.delay) as never),
  })
  .meta({
    description:
      "`system: lambda`: a front of which only the time is known, and an environment for each call; see docs/models/baselines.md.",
  });
