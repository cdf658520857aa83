/** The scenarios that come with bokisim. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export interface CatalogueEntry {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Path of its file. */
  readonly file: string;
}

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));

/**
 * All scenario files of a directory, in the order of their names. Only their heads are looked at: what is wrong with the rest
 * of a file is found when it is loaded.
 */
export function catalogue(directory: string = DIRECTORY): CatalogueEntry[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => {
      const file = `${directory.replace(/\/$/, "")}/${name}`;
      const head = parse(readFileSync(file, "utf8")) as Pick<CatalogueEntry, "name" | "summary">;
      return { name: head.name, summary: head.summary, file };
    });
}
