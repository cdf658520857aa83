/** Messages outside the runtimes that are compared: clients, web servers, stateful services, queues. */

import type { Address, Closed } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MILLISECOND } from "../../sim/units.ts";

/** A connection that has broken is opened again after this pause. */
export const RECONNECT_NANOS: Nanos = 100 * MILLISECOND;

/** What a request carries through everything that it calls. */
export interface CallInput {
  /** Number of the client's request: what happens at a service on behalf of one request is counted under it. */
  readonly request: number;
  /** Values of the application's variables. */
  readonly variables: readonly number[];
}

/** HTTP status, as far as systems here tell them apart; 504: nobody knows whether it was carried out. */
export type HttpStatus = 200 | 404 | 429 | 500 | 503 | 504;

/**
 * HTTP/1.1 over kept connections, one request under way on each. `exchange` numbers what one end has asked for; `connection` is
 * the connection's number on the link, so that it stays with one thread of the server.
 */
export type HttpMessage =
  | {
      readonly kind: "httpRequest";
      readonly exchange: number;
      readonly connection: number;
      /** Number of a request of the application for a web server, of a method for a runtime. */
      readonly target: number;
      readonly input: CallInput;
      readonly inputBytes: Bytes;
      /** When the sender's process began: an earlier one's connections were others. Absent: nobody tells them apart. */
      readonly bornNanos?: Nanos;
      /** The answer is wanted as soon as the call has been taken over (`/asyncFunction/`). */
      readonly async?: boolean;
    }
  | {
      readonly kind: "httpResponse";
      readonly exchange: number;
      readonly connection: number;
      readonly status: HttpStatus;
      readonly outputBytes: Bytes;
      /** Whose output it is, for checkers: the request of the call that made it. */
      readonly output: number;
    };

export type StoreMessage =
  | {
      readonly kind: "storeRequest";
      readonly exchange: number;
      /** Connection of the client's pool, so that requests of one slot keep their order. */
      readonly connection: number;
      readonly command: string;
      readonly units: number;
      readonly requestBytes: Bytes;
      readonly replyBytes: Bytes;
      /** Counts the arrivals of this request; undefined: does not count. */
      readonly request?: number;
      readonly arrivalOf?: number;
    }
  | {
      readonly kind: "storeReply";
      readonly exchange: number;
      readonly connection: number;
      readonly replyBytes: Bytes;
      /** This was the last of the arrivals that are counted. */
      readonly last: boolean;
    }
  /** To a queue, which answers with `storeReply` and gives it to a consumer. */
  | {
      readonly kind: "publish";
      readonly exchange: number;
      readonly connection: number;
      readonly input: CallInput;
      readonly bytes: Bytes;
    }
  | { readonly kind: "deliver"; readonly delivery: number; readonly input: CallInput; readonly bytes: Bytes }
  | { readonly kind: "acknowledge"; readonly delivery: number };

export type ApplicationMessage = HttpMessage | StoreMessage | Closed;

/** Where an application's services are. */
export interface ServiceAddresses {
  readonly stores: readonly Address[];
  readonly queues: readonly Address[];
}
