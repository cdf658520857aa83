/** Comments in the code send the reader to sections of the documents: the sections are there, under that title. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const REFERENCE = /(docs\/[\w/-]+\.md), "([^"]+)"/g;
const HEADING = /^#+ (.+)$/gm;

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

/** A file's text with comments that run over several lines joined. */
function unwrapped(path: string): string {
  return readFileSync(path, "utf8").replaceAll(/\n\s*(\*|\/\/) /g, " ");
}

function sectionsOf(page: string): string[] {
  return [...readFileSync(page, "utf8").matchAll(HEADING)].map(([, title]) => title!.replaceAll("`", ""));
}

describe("every section that the code refers to exists:", () => {
  const references = ["sim", "models", "scenarios", "reports", "cli"]
    .flatMap(sourcesIn)
    .flatMap((path) =>
      [...unwrapped(path).matchAll(REFERENCE)].map(([, page, title]) => ({ path, page, title })),
    );

  test.each(["sim", "models"])("%s/ refers to some", (folder) => {
    expect(references.filter(({ path }) => path.startsWith(folder)).length).toBeGreaterThan(8);
  });

  test.each([...new Set(references.map(({ page }) => page!))])("in %s", (page) => {
    const sections = sectionsOf(page);
    const missing = references.filter((each) => each.page === page && !sections.includes(each.title!));
    expect(missing).toEqual([]);
  });
});

describe("every file that a document links to exists:", () => {
  const pages = [
    "README.md",
    "models/boki/README.md",
    "models/nightcore/README.md",
    ...readdirSync("docs", { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join("docs", name)),
  ];
  test.each(pages)("in %s", (page) => {
    const text = readFileSync(page, "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => target!,
    );
    expect(links.filter((target) => !existsSync(join(dirname(page), target)))).toEqual([]);
  });
});
