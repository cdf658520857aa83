/** A register: `read`, `write`, `cas`. Keys, where operations have one, are registers of their own. */

import { cellModel } from "./cell.ts";

export const register = cellModel("register", { read: "read", write: "write", cas: "cas" });
