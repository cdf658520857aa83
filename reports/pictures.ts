/** Charts as picture files: SVG always, PNG for programs that want pixels. */

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { Chart } from "./charts/chart.ts";
import { fontData } from "./font.ts";
import { chartSvg } from "./svg.ts";

export interface PictureOptions {
  /** Also as PNG. */
  readonly png?: boolean | undefined;
}

/** Pixels of the file for each of the picture: sharp on dense screens and on paper. */
const PNG_SCALE = 2;

/** Writes `NAME.svg` and, if asked, `NAME.png`; returns the path of the SVG. */
export async function writePicture(
  chart: Chart,
  name: string,
  { png = false }: PictureOptions,
): Promise<string> {
  const svg = await chartSvg(chart);
  await writeFile(`${name}.svg`, svg);
  if (png) await writeFile(`${name}.png`, await pngOf(svg));
  return `${name}.svg`;
}

/**
 * Writes the pictures of charts, by their names; returns the paths of the SVGs. Pictures of an earlier run are removed, so that
 * what lies in the directory belongs together.
 */
export async function writePictures(
  charts: readonly Chart[],
  directory: string,
  options: PictureOptions,
): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  for (const file of await readdir(directory)) {
    if (/\.(svg|png)$/.test(file)) await rm(join(directory, file));
  }
  const paths: string[] = [];
  for (const { name, ...rest } of charts) {
    paths.push(await writePicture({ name, ...rest }, join(directory, name), options));
  }
  return paths;
}

let loaded: Promise<void> | undefined;

/** The same bytes on every machine: the library is WebAssembly, and the font comes along. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  loaded ??= readFile(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")).then(
    (binary) => initWasm(binary),
  );
  await loaded;
  const picture = new Resvg(svg, {
    font: { fontBuffers: [fontData(400)], defaultFontFamily: "Inter", sansSerifFamily: "Inter" },
    fitTo: { mode: "zoom", value: PNG_SCALE },
  });
  const image = picture.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    picture.free();
  }
}
