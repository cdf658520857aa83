/** The page of an explanation in a real browser: Debian's chromium, as the report's (browser.test.ts). */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { explanationHtml } from "../../reports/explain-page.ts";
import { EXPLANATION } from "./explanation-fixture.ts";

const BROWSER_PATH = "/usr/bin/chromium";
const present = existsSync(BROWSER_PATH);
const required = process.env.CI_REQUIRE_BROWSER === "1";
const directory = mkdtempSync(join(tmpdir(), "bokisim-explain-page-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(!present && !required)("the page of an explanation", { timeout: 60_000 }, () => {
  test.each(["light", "dark"] as const)(
    "draws its charts in %s, offline, with tooltips",
    async (colorScheme) => {
      const file = join(directory, "explanation.html");
      writeFileSync(file, explanationHtml(EXPLANATION));
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
        expect(await page.locator("figure svg.marks").count()).toBe(2);
        expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
        const bars = page.locator('figure[aria-label^="From the median"] path[aria-roledescription="bar"]');
        await bars.nth(1).hover();
        const tooltip = page.locator("#vg-tooltip-element.visible");
        await tooltip.waitFor();
        const text = await tooltip.textContent();
        expect(text).toContain("wait for the global cut");
        expect(text).toContain("+1.278 ms");
        expect(troubles).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
