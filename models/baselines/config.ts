/** What the systems that Nightcore is compared with are like (docs/models/baselines.md). */

export interface RpcConfig {
  /** Calls that a server of C++ functions carries out at a time; those of the others have no such bound. */
  readonly handlers: number;
  /** Connections from each process to each server. */
  readonly connections: number;
}
