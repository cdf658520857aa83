/** The part of the scenario format that changes what single steps cost: what each of them is. */

import { z } from "zod";
import { COSTS, type CostName } from "../models/boki/costs.ts";
import { quantity } from "./fields.ts";
import { FINE_TIME, formatQuantity } from "./quantity.ts";

const TEXTS: Readonly<Record<CostName, string>> = {
  tcpReceive: "Take one message off a TCP connection.",
  tcpSend: "Put one message on a TCP connection.",
  perByte: "Each byte received or sent.",
  pipeWrite: "Write one message to a pipe.",
  pipeRead: "Read one message from a pipe.",
  handOff: "Give a message to another I/O thread.",
  operation: "Look up a call and create an operation.",
  append: "Engine: number an append and build its message.",
  complete: "Engine: complete an append or a read.",
  storeRecord: "Storage: take in a record.",
  orderRecord: "Storage: give a record its place in the order and build its index data.",
  readRecord: "Storage: look a record up in memory.",
  flushRecord: "Storage: write a record to the database, on the flush thread.",
  databaseRead: "Storage: get a record from the database when its block is cached.",
  progressCount: "Primary: take in one count of a progress report.",
  cutPerShard: "Primary: build a cut, for each shard.",
  applyPerShard: "Apply a metalog entry, for each shard.",
  indexTuple: "Index: parse one record of one storage node's index data.",
  indexInsert: "Index: insert a record.",
  indexSearch: "Index: search for a record.",
  cacheLookup: "Engine: look into the record cache.",
  blockedReadCheck: "Index: look at one blocked read again when the index advances.",
  workerRequest: "Function: encode a request.",
  workerSerialisePerByte: "Function: encode each byte of a record.",
  workerResult: "Function: decode a result and wake up.",
  gatewayRequest: "Gateway: take in a call.",
  gatewayReply: "Gateway: return a result.",
  zooKeeperEvent: "Take in a change from ZooKeeper.",
};

export const costFields = z
  .strictObject(
    Object.fromEntries(
      Object.entries(COSTS).map(([name, nanos]) => [
        name,
        quantity(FINE_TIME, {
          description: TEXTS[name as CostName],
          otherwise: formatQuantity(FINE_TIME, nanos),
        }).optional(),
      ]),
    ),
  )
  .meta({
    description:
      "CPU times of single steps, instead of the calibrated ones of `models/boki/costs.ts`, which docs/calibration.md gives the reasons of.",
  });
