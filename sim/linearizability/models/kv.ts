/** A map from keys to values: `get`, `put`, `append`, `delete`, `cas`. A key that was never put has the value `null`. */

import { cellModel } from "./cell.ts";

export const kv = cellModel("kv", {
  get: "read",
  put: "write",
  append: "append",
  delete: "delete",
  cas: "cas",
});
