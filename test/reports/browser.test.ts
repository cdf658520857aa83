/** The page in a real browser: Debian's chromium, driven over its pipe. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { textWidthPixels } from "../../reports/font.ts";
import { renderHtml } from "../../reports/html.ts";
import type { ScenarioResult } from "../../scenarios/result.ts";
import {
  emptyResult,
  failedResult,
  namedVariantsResult,
  quantityVariantsResult,
  quickstartResult,
} from "./fixture.ts";

const BROWSER_PATH = "/usr/bin/chromium";
const BROWSER_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const present = existsSync(BROWSER_PATH);
/** Where the tests decide about a change, a missing browser is a failure and no reason to skip. */
const required = process.env.CI_REQUIRE_BROWSER === "1";
if (!present && !required) {
  console.log(`Browser tests skipped: ${BROWSER_PATH} does not exist (apt-get install chromium).`);
}

describe.skipIf(!present && !required)("the page in a browser", { timeout: 60_000 }, () => {
  let browser: Browser;
  const directory = mkdtempSync(join(tmpdir(), "bokisim-browser-"));

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: BROWSER_PATH, args: BROWSER_FLAGS });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true });
  });

  /** Opens the page of a result from its file, waits until it is drawn, and collects what must not happen. */
  async function open(result: ScenarioResult, colorScheme: "light" | "dark" = "light") {
    const file = join(directory, "report.html");
    writeFileSync(file, renderHtml(result));
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
    return { page, troubles };
  }

  /** How many of the charts that can be seen are drawn to a size at which something can be seen. */
  const drawnCharts = (page: Page): Promise<{ drawn: number; all: number }> =>
    page.evaluate(`(() => {
      const figures = [...document.querySelectorAll("figure[data-chart]")]
        .filter((each) => !each.closest("details:not([open])"));
      const drawn = figures.filter((each) => each.querySelector("svg.marks")?.getBoundingClientRect().height > 80);
      return { drawn: drawn.length, all: figures.length };
    })()`);

  test.each([
    ["one variant", quickstartResult(), 9, "light"],
    ["a failure", failedResult(), 9, "dark"],
    ["no operation", emptyResult(), 0, "light"],
    ["variants along a quantity", quantityVariantsResult(5), 5, "dark"],
    ["different variants", namedVariantsResult(), 5, "light"],
    ["50 variants", quantityVariantsResult(50), 2, "dark"],
  ] as const)(
    "draws every chart of %s without an error and without the network",
    async (_, result, count, scheme) => {
      const { page, troubles } = await open(result, scheme);
      expect(await drawnCharts(page)).toEqual({ drawn: count, all: count });
      expect(troubles).toEqual([]);
      // Nothing sticks out to the right.
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      await page.close();
    },
  );

  test("shows a tooltip with the number under the pointer", async () => {
    const { page } = await open(quickstartResult());
    const bar = page
      .locator('figure[aria-label^="Utilisation by station"] path[aria-roledescription="bar"]')
      .first();
    await bar.hover();
    const tooltip = page.locator("#vg-tooltip-element.visible");
    await tooltip.waitFor();
    const text = await tooltip.textContent();
    expect(text).toContain("storage-3/io");
    expect(text).toContain("75.3 % ±1.5");
    await page.close();
  });

  test("offers charts to save and their data as a table", async () => {
    const { page } = await open(quickstartResult());
    const figure = page.locator("figure").first();
    expect(await figure.locator(".vega-actions a").allTextContents()).toEqual([
      "Save as SVG",
      "Save as PNG",
      "View Source",
    ]);
    await figure.locator("details.data > summary").click();
    await expect.poll(() => figure.locator("details.data tr").count()).toBeGreaterThan(100);
    await page.close();
  });

  test("draws the charts of a variant when it is opened", async () => {
    const { page, troubles } = await open(namedVariantsResult());
    await page.locator("details.variant > summary").first().click();
    await page.waitForFunction(
      'document.querySelectorAll("details.variant[open] figure svg.marks").length === 9',
    );
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("follows a change between light and dark", async () => {
    const { page, troubles } = await open(quickstartResult(), "light");
    const titleColour = () =>
      page.evaluate('document.querySelector("svg.marks .role-title-text text").getAttribute("fill")');
    const onLight = await titleColour();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction('document.documentElement.dataset.ground === "dark"');
    await expect.poll(titleColour).not.toBe(onLight);
    expect(troubles).toEqual([]);
    await page.close();
  });

  test("has texts in the font that it brings along, as wide as pictures are laid out for", async () => {
    const { page } = await open(quickstartResult());
    const texts = [
      "storage-1/io",
      "1,204.5 us · 13.0 %",
      "virtual time (s)",
      "Utilisation of each station",
      "±3 µs – 4 −5",
    ];
    // As text: these tests are compiled without the types of a browser.
    const [known, ...widths] = (await page.evaluate(`(() => {
      const context = document.createElement("canvas").getContext("2d");
      context.font = "40px Inter";
      const isThere = [...document.fonts].some(({ family, status }) => family === "Inter" && status === "loaded");
      return [isThere ? 1 : 0, ...${JSON.stringify(texts)}.map((text) => context.measureText(text).width)];
    })()`)) as number[];
    expect(known).toBe(1);
    for (const [i, text] of texts.entries()) {
      const ratio = textWidthPixels(text, 40) / widths[i]!;
      expect(Math.abs(ratio - 1), text).toBeLessThan(0.04);
    }
    await page.close();
  });
});
