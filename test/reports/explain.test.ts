/** Explanations as text, chart and page. */

import { describe, expect, test } from "vitest";
import { explanationResources, explanationWaterfall } from "../../reports/charts/explanation.ts";
import { explainedRows, explanationSentence, renderExplanation } from "../../reports/explain.ts";
import { explanationHtml } from "../../reports/explain-page.ts";
import { chartSvg } from "../../reports/svg.ts";
import { EXPLANATION } from "./explanation-fixture.ts";
import { expectWellFormed } from "./well-formed.ts";

describe("the sentence", () => {
  test("names what explains the difference, and where it is", () => {
    expect(explanationSentence(EXPLANATION)).toBe(
      "The p99 append takes 1.800 ms longer than the median one: 71 % of it is “wait for the global cut”, mostly at sequencer-1; 35 % “engine to storage”.",
    );
  });

  test("is the other way round where the operations are faster", () => {
    const { slow, usual } = EXPLANATION;
    expect(explanationSentence({ ...EXPLANATION, slow: usual, usual: slow })).toBe(
      "The median append takes 1.800 ms less than the p99 one.",
    );
  });
});

test("rows add up to the difference, whatever they are by", () => {
  for (const by of ["phase", "resource", "place"] as const) {
    const rows = explainedRows(EXPLANATION, by);
    expect(rows.reduce((sum, { differenceNanos }) => sum + differenceNanos, 0)).toBe(1_800_000);
    expect(rows.reduce((sum, { share }) => sum + share!, 0)).toBeCloseTo(1, 9);
  }
});

test("the text has the sentence, how many operations it goes by, and three tables", () => {
  const text = renderExplanation(EXPLANATION, false);
  expect(text).toContain("quickstart: append around p99, against the median");
  expect(text).toContain("Means of 123 around p99");
  expect(text).toMatch(/digest 00ff00ff00ff00ff, which is\s+that of the result\./);
  expect(text).toMatch(/wait for the local cut +400\.0 us +500\.0 us +−100\.0 us +-5\.6 %/);
  expect(text).toMatch(/where +p99 +median +difference +of it/);
});

test("the text says where paths could not be followed", () => {
  const text = renderExplanation({ ...EXPLANATION, completeShare: 0.98 }, false);
  expect(text).toContain("The way of 2.0 % of them could not be followed to their begin");
});

test("the bars of what time goes by with are those of the table, and draw without a warning", async () => {
  const chart = explanationResources(EXPLANATION);
  expectWellFormed(await chartSvg(chart));
  const bars = chart.rows.map(({ resource, group: of, nanos }) => [resource, of, nanos]);
  expect(bars).toEqual(
    explainedRows(EXPLANATION, "resource").flatMap(({ name, slowNanos, usualNanos }) => [
      [name, "median", usualNanos],
      [name, "p99", slowNanos],
    ]),
  );
});

describe("the waterfall", () => {
  const { rows } = explanationWaterfall(EXPLANATION);

  test("leads from one mean to the other without a gap", () => {
    expect(rows[0]).toMatchObject({ phase: "median append", startNanos: 0, endNanos: 1_100_000 });
    rows.slice(1, -1).forEach((row, i) => {
      expect(row.startNanos).toBe(rows[i]!.endNanos);
    });
    expect(rows.at(-2)!.endNanos).toBe(2_900_000);
    expect(rows.at(-1)).toMatchObject({ phase: "p99 append", startNanos: 0, endNanos: 2_900_000 });
  });

  test("tells what is slower from what is faster", () => {
    expect(rows.map(({ kind }) => kind)).toEqual(["whole", "slower", "slower", "faster", "whole"]);
  });

  test("draws as a picture without a warning, and in a well-formed page", async () => {
    expectWellFormed(await chartSvg(explanationWaterfall(EXPLANATION)));
    const html = explanationHtml(EXPLANATION);
    expect(html).toContain("<h1>append around p99, against the median</h1>");
    expect(html).toContain("explain-append");
  });
});
