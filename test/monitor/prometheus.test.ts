import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Prometheus, prometheusIsMissing, promtool, startPrometheus } from "#dist/harness/services/index.js";
import { Store } from "#dist/src/index.js";
import { Histogram } from "#dist/src/metrics/index.js";
import {
  type AlertRule,
  dashboard,
  dashboardQueries,
  expose,
  familiesOf,
  latencyFamily,
  prometheusRules,
} from "#dist/src/monitor/index.js";

const WORK_EVERY_MS = 20;
const missing = prometheusIsMissing();
if (missing !== null) console.warn(`tests with a real Prometheus skipped: ${missing}`);

const folder = mkdtempSync(join(tmpdir(), "engram-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the exposition", () => {
  it("has one HELP and TYPE a family, names with units, and escapes what labels hold", () => {
    const text = expose([
      {
        name: "a",
        unit: "bytes",
        type: "gauge",
        help: "back\\slash\nline",
        points: [{ labels: { l: 'q"\n\\' }, value: 1 }],
      },
      { name: "b", unit: "", type: "counter", help: "b", points: [{ labels: {}, value: Number.POSITIVE_INFINITY }] },
    ]);
    expect(text).toBe(
      '# HELP a_bytes back\\\\slash\\nline\n# TYPE a_bytes gauge\na_bytes{l="q\\"\\n\\\\"} 1\n# HELP b_total b\n# TYPE b_total counter\nb_total +Inf\n',
    );
  });

  it("cumulates the buckets of a histogram, with every documented limit among their bounds", () => {
    const histogram = new Histogram();
    for (const ns of [90, 110, 119, 550, 10_000_000_000]) histogram.record(ns);
    const lines = expose([latencyFamily(new Map([["get", histogram]]))]).split("\n");
    const bucket = (le: string) =>
      lines
        .find((line) => line.includes(`le="${le}"`))
        ?.split(" ")
        .at(-1);
    expect(["1e-7", "1.2e-7", "2e-7", "5e-7", "6e-7", "0.000001", "0.1", "+Inf"].map(bucket)).toEqual([
      "1",
      "3",
      "3",
      "3",
      "4",
      "4",
      "4",
      "5",
    ]);
    expect(lines.find((line) => line.startsWith("engram_operation_duration_seconds_count"))).toMatch(/ 5$/);
  });
});

describe.skipIf(missing !== null)("with promtool", () => {
  it("the metrics of a store have nothing to be said about", async () => {
    const store = await Store.create({ capacity: "8MiB", maintenance: false, sampling: 1 });
    store.namespace("n").set("k", new Uint8Array(9));
    const text = expose([...familiesOf(store.stats()), latencyFamily(new Map([["get", new Histogram()]]))]);
    await store.close();
    expect(promtool(["check", "metrics"], text)).toEqual({ code: 0, said: "" });
  });

  it("the documented rules are rules, and alarm at the documented figures", () => {
    const rules = join(folder, "rules.yml");
    writeFileSync(rules, stringify(prometheusRules()));
    expect(promtool(["check", "rules", rules])).toMatchObject({
      code: 0,
      said: expect.stringContaining("9 rules found"),
    });
    // 100 reads a second of which 90 % are within 120 ns: 95 % should be
    const bucket = (le: string, share: number) => ({
      series: `engram_operation_duration_seconds_bucket{operation="get",le="${le}",instance="i"}`,
      values: `0+${6000 * share}x20`,
    });
    const test = {
      rule_files: [rules],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: [
            bucket("1.2e-7", 0.9),
            bucket("2e-7", 1),
            { series: 'engram_operation_duration_seconds_count{operation="get",instance="i"}', values: "0+6000x20" },
            { series: 'engram_memory_utilisation_ratio{instance="i"}', values: "0.93x20" },
            { series: 'engram_lookups_total{result="hit",instance="i"}', values: "0+99x20" },
            { series: 'engram_lookups_total{result="miss",instance="i"}', values: "0+1x20" },
          ],
          alert_rule_test: [
            {
              eval_time: "15m",
              alertname: "EngramReadLatency",
              exp_alerts: [
                {
                  exp_labels: { severity: "warning", instance: "i" },
                  exp_annotations: { summary: "read latency P95 above 120 ns", documented: "M-010: < 100 ns" },
                },
              ],
            },
            {
              eval_time: "15m",
              alertname: "EngramMemory",
              exp_alerts: [
                {
                  exp_labels: { severity: "warning", instance: "i" },
                  exp_annotations: { summary: "memory utilisation above 90 %", documented: "M-010: < 90 %" },
                },
              ],
            },
            { eval_time: "15m", alertname: "EngramHitRate", exp_alerts: [] },
          ],
        },
      ],
    };
    const file = join(folder, "test.yml");
    writeFileSync(file, stringify(test));
    expect(promtool(["test", "rules", file])).toMatchObject({ code: 0 });
  });
});

describe.skipIf(missing !== null)("a real Prometheus that scrapes a real store", () => {
  it("answers every query of the dashboard, and fires an alert", async () => {
    const store = await Store.create({ capacity: "8MiB", sampling: 1 });
    const monitor = await store.monitor({ listen: true });
    const rule: AlertRule = { name: "any-entry", figure: "entries", beyond: "above", warning: 0, forMs: 0 };
    let prometheus: Prometheus | null = null;
    const ns = store.namespace("n", { encoding: "string" });
    const work = setInterval(() => {
      for (let i = 0; i < 300; i++) ns.set(`k${i}`, "v");
      for (let i = 0; i < 300; i++) ns.get(`k${i}`);
    }, WORK_EVERY_MS);
    try {
      const { host } = new URL(monitor.url as string);
      prometheus = await startPrometheus({ targets: [host], rules: stringify(prometheusRules([rule])) });
      const server = prometheus;
      // a rate needs two scrapes
      await expect
        .poll(async () => (await server.query("rate(engram_operations_total[1m])")).length)
        .toBeGreaterThan(0);
      // A scrape that this process was too busy to answer in its second takes the levels with it until the next.
      for (const query of dashboardQueries()) {
        await expect.poll(async () => (await server.query(query)).length, { message: query }).toBe(1);
      }
      const percentile = await server.query(dashboardQueries().find((query) => query.includes("0.95")) as string);
      expect(Number(percentile[0].value[1])).toBeGreaterThan(0);
      await expect
        .poll(() => server.alerts())
        .toMatchObject([{ labels: { alertname: "EngramAnyEntry" }, state: "firing" }]);
    } finally {
      clearInterval(work);
      await prometheus?.stop();
      await store.close();
    }
  });
});

describe("the Grafana dashboard", () => {
  it("has a panel for each chart, two to a row, each with its queries, and the documented limits as thresholds", () => {
    const { panels, templating } = dashboard() as {
      panels: {
        title: string;
        targets: { expr: string }[];
        gridPos: { x: number; y: number };
        fieldConfig: { defaults: { thresholds: { steps: unknown } } };
      }[];
      templating: { list: { name: string }[] };
    };
    expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "instance"]);
    expect(panels.flatMap(({ targets }) => targets).length).toBe(dashboardQueries().length);
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size).toBe(panels.length);
    const hitRate = panels.find(({ title }) => title === "Hit rate");
    expect(hitRate?.fieldConfig.defaults.thresholds.steps).toEqual([
      { color: "red", value: null },
      { color: "orange", value: 80 },
      { color: "green", value: 90 },
    ]);
  });
});
