/** The file of `bokisim run --history`: tried before the run, so that a wrong path costs no time, and written after it. */

import { open } from "node:fs/promises";
import { InputError } from "./services.ts";

export interface HistoryFile {
  readonly take: (lines: readonly string[]) => void;
  /** Writes what was taken; nothing, if the run came to no end. */
  readonly close: () => Promise<void>;
}

/** So many lines are written at a time: a history of millions is longer than a string can be. */
const LINES_AT_A_TIME = 10_000;

export async function openHistory(file: string): Promise<HistoryFile> {
  const handle = await open(file, "w").catch((error: NodeJS.ErrnoException) => {
    const reason =
      error.code === "ENOENT"
        ? "there is no such directory"
        : error.code === "EISDIR"
          ? "it is a directory"
          : error.message;
    throw new InputError(`--history: cannot write ${file}: ${reason}`);
  });
  let taken: readonly string[] = [];
  return {
    take(lines) {
      taken = lines;
    },
    async close() {
      for (let from = 0; from < taken.length; from += LINES_AT_A_TIME) {
        const some = taken.slice(from, from + LINES_AT_A_TIME);
        await handle.write(`${some.join("\n")}\n`);
      }
      await handle.close();
    },
  };
}
