import { describe, expect, test } from "vitest";
import { readQuantity, variedQuantity } from "../../reports/charts/setting.ts";
import { namedVariantsResult, quantityVariantsResult, quickstartResult } from "./fixture.ts";

describe("a setting's value is read as scenarios write it", () => {
  test.each([
    [300, "number", 300],
    ["300us", "nanos", 300_000],
    ["1.5 ms", "nanos", 1_500_000],
    ["1KiB", "bytes", 1_024],
    ["10Gbps", "bits", 10e9],
    ["95%", "share", 0.95],
    ["5k/s", "rate", 5_000],
    ["12", "number", 12],
  ])("%s", (written, dimension, value) => expect(readQuantity(written)).toEqual({ dimension, value }));

  test.each([["fast"], ["3 parsecs"], [""], [true], [null], [{ kind: "constant" }]])(
    "%j is no quantity",
    (written) => expect(readQuantity(written)).toBeUndefined(),
  );
});

describe("variants lie on a line", () => {
  test("when each sets the same one quantity", () => {
    expect(variedQuantity(quantityVariantsResult(3))).toEqual({
      path: "boki.globalCut",
      dimension: "nanos",
      values: [300_000, 600_000, 900_000],
    });
  });

  test("when each sets the same several fields to one value", () => {
    const two = quantityVariantsResult(2);
    const variants = two.variants.map((variant, index) => {
      const value = `${index + 1}ms`;
      return { ...variant, settings: { "boki.localCut": value, "boki.globalCut": value } };
    });
    expect(variedQuantity({ ...two, variants })?.path).toBe("boki.localCut and boki.globalCut");
  });

  test("not when they set several things", () => {
    expect(variedQuantity(namedVariantsResult())).toBeUndefined();
  });

  test("not when there is only one", () => {
    expect(variedQuantity(quickstartResult())).toBeUndefined();
  });

  test("not when two have the same value or values of different kinds", () => {
    const two = quantityVariantsResult(2);
    const withValues = (values: readonly unknown[]) => ({
      ...two,
      variants: two.variants.map((variant, index) => ({ ...variant, settings: { "a.b": values[index] } })),
    });
    expect(variedQuantity(withValues(["1ms", "1000us"]))).toBeUndefined();
    expect(variedQuantity(withValues(["1ms", "1KiB"]))).toBeUndefined();
    expect(variedQuantity(withValues([0, "1KiB"]))?.values).toEqual([0, 1_024]);
  });
});
