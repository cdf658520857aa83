import { describe, expect, test } from "vitest";
import { loadScenario } from "../../scenarios/load.ts";
import { EXAMPLE, edited, mistakes } from "./example.ts";

const withSet = (...set: string[]) => loadScenario(EXAMPLE, "x.yaml", { set });

describe("--set", () => {
  test("changes a field, and adds it where the file has none", () => {
    expect(withSet("boki.localCut=100us").boki.localCutNanos).toBe(100_000);
    expect(withSet("disk.bandwidth=2GB/s").disk.bytesPerSecond).toBe(2_000_000_000);
  });

  test("finds an entry of a list by number or by name", () => {
    expect(withSet("workload.0.recordSize=2KiB").workloads[0]!.recordBytes).toEqual({
      kind: "constant",
      value: 2_048,
    });
    expect(withSet("workload.calls.read=anywhere").workloads[1]!.readPosition).toEqual({ kind: "anywhere" });
    expect(withSet("expect.1=append.count > 3").expectations[1]!.value).toBe(3);
  });

  test("takes whole mappings and lists in YAML", () => {
    expect(withSet("workload.calls.arrival={constantRate: {rate: 5/s}}").workloads[1]!.arrival).toEqual({
      kind: "constantRate",
      perSecond: 5,
    });
    expect(withSet("expect=[]").expectations).toEqual([]);
  });

  test("without a value goes back to the default", () => {
    expect(withSet("boki.localCut=").boki.localCutNanos).toBe(1_000_000);
    expect(withSet("boki.localCut=null").boki.localCutNanos).toBe(1_000_000);
  });

  test("counts in order, the last for a field", () => {
    expect(withSet("seed=4", "seed=5").seed).toBe(5);
  });

  test("shows in the written form", () => {
    expect(withSet("boki.localCut=100us").written).toMatchObject({ boki: { localCut: "100us" } });
  });

  test.each([
    ["boki.localCutt=1us", 'boki.localCutt: unknown field; did you mean "localCut"?'],
    ["boki.localCut=1", "boki.localCut: found 1, which has no unit; a time is written as 1us, 1ms or 1s"],
    ["workload.writer.tagsPerRecord=1", 'workload has no entry "writer"; did you mean "writers"?'],
    ["workload.7.tagsPerRecord=1", 'workload has no entry "7"; it has: writers, calls'],
    ["network.latency.constant=1us", "network.latency is one value and has no fields"],
    ["boki..localCut=1us", '"boki..localCut" is not the path of a field'],
    ["__proto__.x=1", '"__proto__.x" is not the path of a field'],
    ["boki.localCut", "has the form path=value, such as boki.globalCut=100us"],
    ["boki.localCut=[", "the value is not valid YAML: Flow sequence must end with a ]"],
    ["boki.localCut=*x", "the value must not have aliases"],
    [
      "cluster.sequencers=2",
      "cluster.sequencers: found 2 sequencers for 3 replicas of a metalog (boki.metalogReplicas); there must be at least as many",
    ],
    [
      "boki.indexReplicas=5",
      "cluster.engines: found 4 engines for 5 replicas of an index (boki.indexReplicas); there must be at least as many",
    ],
  ])("%s is blamed for its own mistake", (set, message) => {
    expect(mistakes(EXAMPLE, { set: [set] })).toEqual([`--set ${set}  ${message}`]);
  });

  test("is shown together with the mistakes of the file", () => {
    expect(mistakes(edited("localCut: 300us", "localCut: 300"), { set: ["seed=x"] })).toEqual([
      '--set seed=x  seed: found "x", which is not a whole number',
      "x.yaml:10:13  boki.localCut: found 300, which has no unit; a time is written as 300us, 300ms or 300s",
    ]);
  });

  test("puts right what is wrong in the file", () => {
    expect(mistakes(edited("localCut: 300us", "localCut: 300"), { set: ["boki.localCut=1ms"] })).toEqual([]);
  });
});

describe("--seed", () => {
  test("replaces the seed", () => {
    expect(loadScenario(EXAMPLE, "x.yaml", { set: [], seed: 7 }).seed).toBe(7);
  });

  test("is blamed for its own mistake", () => {
    expect(mistakes(EXAMPLE, { set: [], seed: -1 })).toEqual([
      "--seed -1  seed: found -1, but it must be at least 0",
    ]);
  });
});
