/**
 * The one font of pages and pictures: Inter (SIL Open Font License 1.1), its Latin part, which they carry along, so that they look
 * the same on every machine.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const FILES = {
  400: () => require.resolve("@fontsource/inter/files/inter-latin-400-normal.woff2"),
  600: () => require.resolve("@fontsource/inter/files/inter-latin-600-normal.woff2"),
};

/** The file of a weight, WOFF2. */
export const fontData = (weight: keyof typeof FILES): Uint8Array => readFileSync(FILES[weight]());

/** CSS that brings the font along, some 32 KB for a weight. */
export function fontFace(weight: keyof typeof FILES): string {
  const data = Buffer.from(fontData(weight)).toString("base64");
  return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${data}) format("woff2")}`;
}

/**
 * Advances of the weight 400 in thousandths of the size, from the space to the tilde, as a browser's `measureText` tells them for each letter
 * (a test asks one). Pictures are laid out by them where there is no browser.
 */
const ASCII_ADVANCES = [
  281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610, 618, 646,
  593, 620, 566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601, 590, 746, 743, 269,
  571, 672, 565, 903, 753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471,
  456, 323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600, 612, 612, 376, 528,
  327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662,
];

const OTHER_ADVANCES: Readonly<Record<string, number>> = {
  "·": 288,
  "±": 662,
  "–": 500,
  "−": 662,
  "…": 864,
  µ: 586,
};

/** Of what is in neither table: wide enough for nearly all. */
const WIDE_ADVANCE = 750;

/** How wide a text in the weight 400 is, without kerning, which takes off a percent or two. */
export function textWidthPixels(text: string, sizePixels: number): number {
  let thousandths = 0;
  for (const letter of text) {
    thousandths += ASCII_ADVANCES[letter.codePointAt(0)! - 32] ?? OTHER_ADVANCES[letter] ?? WIDE_ADVANCE;
  }
  return (thousandths * sizePixels) / 1_000;
}
