/** What the systems that Nightcore is compared with are like (docs/models/baselines.md). */

import type { Distribution } from "../../sim/distribution.ts";
import { MILLISECOND, type Nanos } from "../../sim/units.ts";
import type { Amount, Application, Code } from "../applications/application.ts";
import type { DeploymentConfig } from "../applications/deployment.ts";

export interface RpcConfig {
  /** Calls that a server of C++ functions carries out at a time; those of the others have no such bound. */
  readonly handlers: number;
  /** Connections from each process to each server. */
  readonly connections: number;
}

export const RPC_DEFAULTS: RpcConfig = { handlers: 16, connections: 128 };

export interface OpenFaasConfig {
  /** What a call waits for at the gateway besides the work of all processes on its way. */
  readonly gatewayDelay: Distribution;
}

export const OPENFAAS_DEFAULTS: OpenFaasConfig = {
  gatewayDelay: { kind: "lognormal", median: 0.57 * MILLISECOND, sigma: 0.7 },
};

export interface LambdaConfig {
  /** From a call's arrival at the service until the function's environment has it. */
  readonly delay: Distribution;
}

export const LAMBDA_DEFAULTS: LambdaConfig = {
  delay: {
    kind: "mixture",
    weights: [0.97, 0.03],
    parts: [
      { kind: "lognormal", median: 10 * MILLISECOND, sigma: 0.2 },
      { kind: "lognormal", median: 20 * MILLISECOND, sigma: 0.6 },
    ],
  },
};

export interface BaselineConfig extends DeploymentConfig {
  /** A call without an answer for this long has failed; 0: never. */
  readonly callTimeoutNanos: Nanos;
}

/** What a server of one function carries out, by the application's number of the method. */
export function methodsOf(
  { methods }: Application,
  fn: number,
): { readonly codes: readonly (Code | undefined)[]; readonly outputs: readonly Amount[] } {
  return {
    codes: methods.map((method) => (method.fn === fn ? method.code : undefined)),
    outputs: methods.map(({ outputBytes }) => outputBytes),
  };
}
