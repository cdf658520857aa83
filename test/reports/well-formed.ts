/** A small judge of XML: elements nest and close, attributes are quoted, text has no bare special characters. */

import { expect } from "vitest";

const TAG = /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
const TEXT = /(?:[^<&]|&(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)+/iy;

/** Fails with the place of the first mistake. */
export function expectWellFormed(xml: string): void {
  const open: string[] = [];
  let at = 0;
  while (at < xml.length) {
    TAG.lastIndex = TEXT.lastIndex = at;
    const tag = TAG.exec(xml);
    const found = tag ?? TEXT.exec(xml);
    expect(found, `not XML at ${at}: ${xml.slice(at, at + 80)}`).not.toBeNull();
    at += found![0].length;
    if (tag === null) continue;
    const [, closes, name, , empty] = tag;
    if (closes) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name!);
  }
  expect(open).toEqual([]);
}
