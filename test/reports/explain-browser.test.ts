/** The pages of an explanation and of a space-time diagram in a real browser: Debian's chromium, as the report's (browser.test.ts). */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { explanationHtml } from "../../reports/explain-page.ts";
import { spaceTimeHtml } from "../../reports/space-time-page.ts";
import type { SpaceTime } from "../../scenarios/tracing/space-time.ts";
import { EXPLANATION } from "./explanation-fixture.ts";

const BROWSER_PATH = "/usr/bin/chromium";
const present = existsSync(BROWSER_PATH);
const required = process.env.CI_REQUIRE_BROWSER === "1";
const directory = mkdtempSync(join(tmpdir(), "bokisim-explain-page-"));
afterAll(() => rmSync(directory, { recursive: true }));

const DIAGRAM: SpaceTime = {
  ...{ format: "bokisim-space-time-1", bokisimVersion: "0", scenario: "small", file: "small.yaml" },
  ...{ variant: "base", seed: 1, digest: "0", fromNanos: 1_000_000, untilNanos: 1_200_000 },
  operation: { name: "append", percentile: 99, latencyNanos: 200_000 },
  nodes: ["worker-1.1", "engine-1"],
  messages: [
    { kind: "append", from: 0, to: 1, sentNanos: 1_010_000, arrivedNanos: 1_090_000, onPath: true },
    { kind: "opResult", from: 1, to: 0, sentNanos: 1_120_000, arrivedNanos: null, onPath: false },
  ],
  steps: [{ node: 1, input: "append", fromNanos: 1_090_000, untilNanos: 1_120_000, onPath: true }],
  operations: [
    { name: "append", node: 0, fromNanos: 1_000_000, untilNanos: 1_200_000, outcome: "ok", broken: true },
  ],
  marks: [{ name: "R1", atNanos: 1_180_000 }],
  faults: [{ fault: "pause engine-1", node: 1, fromNanos: 1_150_000, untilNanos: 1_200_000 }],
};

/** Opens a page from a file; what must not happen is in the list. */
async function opened(html: string, colorScheme: "light" | "dark", use: (page: Page) => Promise<void>) {
  const file = join(directory, "page.html");
  writeFileSync(file, html);
  const browser = await chromium.launch({
    executablePath: BROWSER_PATH,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, colorScheme });
    const troubles: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
    });
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) troubles.push(`requested ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("body[data-state=ready]");
    await use(page);
    expect(troubles).toEqual([]);
  } finally {
    await browser.close();
  }
}

describe.skipIf(!present && !required)("the page of an explanation", { timeout: 60_000 }, () => {
  test.each(["light", "dark"] as const)("draws its charts in %s, offline, with tooltips", (colorScheme) =>
    opened(explanationHtml(EXPLANATION), colorScheme, async (page) => {
      expect(await page.locator("figure svg.marks").count()).toBe(2);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      const bars = page.locator('figure[aria-label^="From the median"] path[aria-roledescription="bar"]');
      await bars.nth(1).hover();
      const tooltip = page.locator("#vg-tooltip-element.visible");
      await tooltip.waitFor();
      const text = await tooltip.textContent();
      expect(text).toContain("wait for the global cut");
      expect(text).toContain("+1.278 ms");
    }),
  );
});

describe.skipIf(!present && !required)("the page of a space-time diagram", { timeout: 60_000 }, () => {
  test.each(["light", "dark"] as const)("is drawn in %s, offline, and time can be stretched", (colorScheme) =>
    opened(spaceTimeHtml(DIAGRAM), colorScheme, async (page) => {
      const svg = page.locator("figure svg.marks");
      expect(await svg.count()).toBe(1);
      const heads = svg.locator('path[aria-roledescription="point"]:not([opacity="0"])');
      await heads.first().hover();
      const tooltip = page.locator("#vg-tooltip-element.visible");
      await tooltip.waitFor();
      expect(await tooltip.textContent()).toContain("80.00 us");
      const ticks = async () => (await svg.locator(".role-axis-label text").allTextContents()).join();
      const before = await ticks();
      const box = (await svg.boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.wheel(0, -400);
      await expect.poll(ticks).not.toBe(before);
    }),
  );
});
