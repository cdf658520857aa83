/** The scenarios that come with bokisim. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadAny } from "./load.ts";

export interface CatalogueEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Path of its file. */
  readonly file: string;
}

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));

/** All scenario files of a directory, in the order of their names. */
export function catalogue(directory: string = DIRECTORY): CatalogueEntry[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => {
      const file = `${directory.replace(/\/$/, "")}/${name}`;
      const scenario = loadAny(readFileSync(file, "utf8"), file);
      return { name: scenario.name, summary: scenario.summary, file };
    });
}
