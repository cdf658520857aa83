/** The models that ship, by name. */

import type { Model } from "../model.ts";
import { kv } from "./kv.ts";
import { log } from "./log.ts";
import { queue } from "./queue.ts";
import { register } from "./register.ts";

export const MODELS: Readonly<Record<"register" | "kv" | "log" | "queue", Model<unknown>>> = {
  register,
  kv,
  log,
  queue,
};
export type ModelName = keyof typeof MODELS;
