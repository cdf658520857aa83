/** Space-time diagrams: what is in them, what is not, and what is said where nothing can be drawn. */

import { describe, expect, test } from "vitest";
import { spaceTimeChart } from "../../../reports/charts/space-time.ts";
import { chartSvg } from "../../../reports/svg.ts";
import { loadAny } from "../../../scenarios/load.ts";
import { runScenario } from "../../../scenarios/run.ts";
import { runSpaceTime, type SpaceTimeRequest } from "../../../scenarios/tracing/space-time.ts";

const TEXT = `name: small
duration: 60ms
warmup: 20ms
cluster: { engines: 3, workersPerEngine: 8 }
workload:
  - { name: callers, arrival: { poisson: { rate: 1k/s } }, mix: { append: 1 } }
faults:
  - { at: 40ms, for: 10ms, pause: storage-2 }
  - { at: 55ms, crash: storage-3 }
`;
const scenario = loadAny(TEXT, "small.yaml");
const MILLISECOND = 1_000_000;
const draw = (request: Partial<SpaceTimeRequest>, result?: Parameters<typeof runSpaceTime>[2]) =>
  runSpaceTime(
    scenario,
    { of: { operation: "append", percentile: 50 }, nodes: [], replication: 0, ...request },
    result,
    {},
  );
const interval = (from: number, until: number) => ({
  of: { fromNanos: from * MILLISECOND, untilNanos: until * MILLISECOND },
});

describe("a space-time diagram", { timeout: 60_000 }, () => {
  test("of an operation leads from its client and back, through all that its latency depends on", async () => {
    const diagram = await draw({});
    const { nodes, messages, operation, operations, fromNanos, untilNanos } = diagram;
    expect(operation!.latencyNanos).toBe(untilNanos - fromNanos);
    expect(operations).toHaveLength(1);
    expect(nodes[0]).toMatch(/^worker-/);
    const path = messages.filter(({ onPath }) => onPath);
    expect(path.map(({ kind }) => kind)).toEqual([
      "append",
      "replicate",
      "shardProgress",
      "metalogReplicate",
      "metalogProgress",
      "metalogs",
      "opResult",
    ]);
    // Each leaves where the one before it went.
    for (const [i, { from }] of path.slice(1).entries()) expect(nodes[from]).toBe(nodes[path[i]!.to]);
    expect(nodes[path.at(-1)!.to]).toBe(nodes[0]);
    for (const { sentNanos, arrivedNanos } of messages) expect(arrivedNanos).toBeGreaterThan(sentNanos);
    expect(messages.filter(({ kind }) => kind === "replicate")).toHaveLength(3);
  });

  test("of an interval has all messages between the processes that were chosen, and no other", async () => {
    const all = await draw({ ...interval(30, 32) });
    const some = await draw({ ...interval(30, 32), nodes: ["sequencer-*", "storage-1"] });
    expect(some.nodes).toEqual(all.nodes.filter((name) => /^(sequencer-.*|storage-1)$/.test(name)));
    const between = all.messages.filter(({ from, to }) =>
      [from, to].every((node) => some.nodes.includes(all.nodes[node]!)),
    );
    expect(between.length).toBeGreaterThan(5);
    expect(some.messages.map(({ kind, sentNanos }) => [kind, sentNanos])).toEqual(
      between.map(({ kind, sentNanos }) => [kind, sentNanos]),
    );
    expect(all.operations.length).toBeGreaterThan(0);
  });

  test("marks what faults struck, and what was lost", async () => {
    const nodes = ["storage-*", "engine-*"];
    const paused = await draw({ ...interval(45, 47), nodes });
    const [pause] = paused.faults;
    expect(paused.faults).toHaveLength(1);
    expect([paused.nodes[pause!.node], pause!.fromNanos, pause!.untilNanos]).toEqual([
      "storage-2",
      45 * MILLISECOND,
      47 * MILLISECOND,
    ]);
    const crashed = await draw({ ...interval(54, 58), nodes });
    expect(crashed.faults.map(({ node }) => crashed.nodes[node])).toEqual(["storage-3"]);
    const svg = await chartSvg(spaceTimeChart(crashed));
    expect(svg).toContain("crash storage-3");
    for (const name of crashed.nodes) expect(svg).toContain(`>${name}<`);
  });

  test("is of the run that the result is of, or says that it is not", async () => {
    const result = await runScenario(scenario, { jobs: 1, checked: false });
    expect((await draw({}, result)).digest).toBe(result.variants[0]!.digests[0]);
    const other = { ...result, variants: result.variants.map((each) => ({ ...each, digests: ["0"] })) };
    await expect(draw({}, other)).rejects.toThrow(/another digest than the result/);
  });

  test("draws a head for every message, and a cross for one that was lost", async () => {
    const diagram = await draw({ ...interval(30, 31) });
    const [first, ...rest] = diagram.messages;
    const chart = spaceTimeChart({ ...diagram, messages: [{ ...first!, arrivedNanos: null }, ...rest] });
    expect(chart.rows.map(({ head }) => head).filter((head) => head === "lost")).toHaveLength(1);
    expect(chart.rows).toHaveLength(diagram.messages.length);
    expect(await chartSvg(chart)).toContain("<svg");
  });

  test.each([
    [{ ...interval(0, 80) }, /messages are more than the 400 .* \(--nodes\)/],
    [{ ...interval(500, 501) }, /the run is over before that: it ends at 0.08 s/],
    [{ ...interval(30, 31), nodes: ["storag-1"] }, /no process is named storag-1; did you mean "storage-1"/],
    [{ of: { operation: "apend", percentile: 50 } }, /no operation apend .*; did you mean "append"/],
    [{ replication: 3 }, /there is no replication 3: they are numbered from 0, and there are 1/],
    [{ variant: "b" }, /no variants, so it has no variant "b"/],
  ])("%j is refused", async (request, reason) => {
    await expect(draw(request)).rejects.toThrow(reason);
  });
});
