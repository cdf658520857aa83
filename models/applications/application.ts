/**
 * An application: functions that call each other and stateful services, and the requests that clients make of it. Every system
 * that runs functions (Nightcore, RPC servers, other function services) runs the same applications, so that they can be compared.
 *
 * This is the compiled form, plain data with everything numbered. Files describe applications by names and nested steps
 * (docs/applications.md); scenarios/applications/ turns them into this.
 */

import type { Distribution } from "../../sim/distribution.ts";

/** What a function is written in; it decides how calls share processes and threads (docs/models/nightcore.md, "Workers"). */
export const LANGUAGES = ["cpp", "go", "node", "python"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A number that may depend on the request: `factor` times the product of some of its variables, by their numbers. */
export interface Amount {
  readonly factor: number;
  readonly variables: readonly number[];
}

/** Operations of the shared log, as functions name them (docs/models/boki.md, "The API"). */
export const LOG_OPERATIONS = [
  "append",
  "readNext",
  "readPrev",
  "checkTail",
  "readNextBlock",
  "setAuxData",
  "trim",
] as const;
export type LogOperationName = (typeof LOG_OPERATIONS)[number];

/**
 * Where in the log an operation is about: before and behind everything, at the record that this body appended last, at the one
 * that it was shown last, or right behind that. With no such record: `start`.
 */
export const LOG_PLACES = ["start", "tail", "appended", "found", "behindFound"] as const;
export type LogPlace = (typeof LOG_PLACES)[number];

/**
 * A step of a body. Places in the code are indices of instructions; a task begins at one and runs until `end`.
 * A body is a straight list with jumps, so that the state of a running one is a few numbers (execution.ts).
 */
export type Instruction =
  /** Local computation: `amount` units of a kind of work, which the costs of the language turn into CPU time. */
  | { readonly op: "work"; readonly work: string; readonly amount: Amount }
  /** Calls a method, by its number in the application, and waits for its result. */
  | { readonly op: "call"; readonly method: number; readonly inputBytes: Amount }
  /** The same without waiting for the result: the caller goes on when the call has been taken over. */
  | { readonly op: "callAsync"; readonly method: number; readonly inputBytes: Amount }
  /**
   * One request to a stateful service, and its reply. `units`: what the service's costs count (commands of a pipeline,
   * documents). `arrivalOf` counts, at the service, the arrivals of this request there: `ifLast` tells the last one.
   */
  | {
      readonly op: "store";
      readonly store: number;
      readonly command: string;
      readonly units: Amount;
      readonly requestBytes: Amount;
      readonly replyBytes: Amount;
      readonly arrivalOf?: number;
    }
  /** Gives a message to a queue and waits for its acknowledgement; a consumer runs its code later. */
  | { readonly op: "publish"; readonly queue: number; readonly bytes: Amount }
  /**
   * One operation of the shared log, and its result; only where the runtime has a log (docs/models/stack.md). `tag` 0: an append
   * without tags, a read or trim of all records. `bytes`: of an append's payload and of aux data. `place`: of reads, aux
   * data and trims. A read that finds nothing has not failed.
   */
  | {
      readonly op: "log";
      readonly operation: LogOperationName;
      readonly tag: Amount;
      readonly bytes: Amount;
      readonly place: LogPlace;
    }
  | { readonly op: "jump"; readonly to: number }
  /** Goes on with probability `share`, otherwise jumps. */
  | { readonly op: "branch"; readonly share: Amount; readonly otherwise: number }
  /** Goes on if the last `store` of this task with `arrivalOf` was the last arrival, otherwise jumps. */
  | { readonly op: "ifLast"; readonly otherwise: number }
  /** Goes on if this is the first time in the life of the worker, otherwise jumps. `once`: number of the place, per method. */
  | { readonly op: "ifFirst"; readonly once: number; readonly otherwise: number }
  /** Repeats what follows up to its `next` a drawn number of times, rounded down; none: jumps to behind `next`. */
  | { readonly op: "repeat"; readonly times: Amount; readonly behind: number }
  | { readonly op: "next"; readonly back: number }
  /** Draws a variable, rounded down, for what follows in this body and in what it calls. */
  | { readonly op: "draw"; readonly variable: number; readonly value: Distribution }
  /** Runs the branches, which each end with `end`, at the same time, and goes on when all have ended. */
  | { readonly op: "parallel"; readonly branches: readonly number[]; readonly behind: number }
  | { readonly op: "end" };

export type Code = readonly Instruction[];

export interface FunctionSpec {
  readonly name: string;
  readonly language: Language;
  /** Workers per node: at start, and at most (0: no bound). Undefined, as in a configuration that leaves the field out. */
  readonly minWorkers: number | undefined;
  readonly maxWorkers: number | undefined;
}

export interface MethodSpec {
  /** `TextService.UploadText`. */
  readonly name: string;
  /** Index of its function. */
  readonly fn: number;
  readonly code: Code;
  readonly outputBytes: Amount;
}

/** How a stateful service works: its threads and its costs per kind of command (costs.ts). */
export const STORE_KINDS = ["redis", "memcached", "mongodb", "rabbitmq", "mysql", "service"] as const;
export type StoreKind = (typeof STORE_KINDS)[number];

export interface StoreSpec {
  readonly name: string;
  readonly kind: StoreKind;
  /** Stores with the same machine share its cores and its line. */
  readonly machine: string;
}

export interface QueueSpec {
  readonly name: string;
  readonly machine: string;
  /** Runs for every message, as far as possible in this many at a time. Its calls go the way of calls from outside. */
  readonly consumer: { readonly name: string; readonly threads: number; readonly code: Code };
}

/** What a client can ask for. */
export interface RequestSpec {
  readonly name: string;
  /** `web`: a web server runs the code and makes the calls; `direct`: the client calls the only method itself. */
  readonly entry: "web" | "direct";
  /** Variables that are drawn with the request, in this order. */
  readonly draws: readonly { readonly variable: number; readonly value: Distribution }[];
  /** For `web`. */
  readonly code: Code;
  /** For `direct`. */
  readonly method: number;
  readonly inputBytes: Amount;
}

export interface Application {
  readonly name: string;
  readonly functions: readonly FunctionSpec[];
  readonly methods: readonly MethodSpec[];
  readonly stores: readonly StoreSpec[];
  readonly queues: readonly QueueSpec[];
  /** Names of the variables; a request carries a value of each, 0 until it is drawn. */
  readonly variables: readonly string[];
  readonly requests: readonly RequestSpec[];
  /** Number of the LogBook that a request's calls use, as the header of its HTTP request says; undefined: 0. */
  readonly logBook?: Amount;
  /** Shares of the requests that clients make, parallel to `requests`; any weights. */
  readonly mix: readonly number[];
}
