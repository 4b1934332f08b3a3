/**
 * A Grafana dashboard of the charts that the live page draws, with the alert rules' limits as thresholds: `engram monitor dashboard` prints
 * it. It asks a Prometheus that scrapes `/metrics`. Source: Grafana's dashboard JSON model, schema 39 (Grafana 10.4 and later).
 */
import { type CheckedRule, checkRules, DOCUMENTED_RULES } from "./alert-rules.js";
import { CHARTS, type Chart } from "./charts.js";
import { promqlOf } from "./promql.js";

const SCHEMA_VERSION = 39;
const SELECTOR = 'instance=~"$instance"';
const WINDOW = "$__rate_interval";
const UNITS: Readonly<Record<Chart["unit"], string>> = {
  "ops/s": "ops",
  ns: "ns",
  "%": "percent",
  "1/s": "ops",
  "": "short",
};
// Grafana puts the chosen data source in the place of its variable.
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is Grafana's, not JavaScript's
const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;
const WIDTH = 12;
const HEIGHT = 8;

/** Every expression of the dashboard, with Grafana's variables filled in: what a test asks a Prometheus. */
export function dashboardQueries(): string[] {
  return CHARTS.flatMap(({ lines }) =>
    lines.map(({ figure }) => promqlOf(figure, { selector: 'instance=~".*"', window: "1m" })),
  );
}

/** The dashboard, to be written as JSON. */
export function dashboard(): Record<string, unknown> {
  const rules = checkRules(DOCUMENTED_RULES);
  return {
    title: "Engram",
    uid: "engram-store",
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    refresh: "5s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    tags: ["engram"],
    annotations: { list: [] },
    links: [],
    templating: { list: [datasourceVariable(), instanceVariable()] },
    panels: CHARTS.map((chart, i) => panel(chart, i, rules)),
  };
}

function datasourceVariable() {
  return { name: "datasource", type: "datasource", query: "prometheus", label: "Data source", hide: 0, current: {} };
}

function instanceVariable() {
  return {
    name: "instance",
    type: "query",
    label: "Instance",
    datasource: DATASOURCE,
    query: { query: "label_values(engram_uptime_seconds, instance)", refId: "instance" },
    refresh: 2,
    includeAll: true,
    multi: true,
    hide: 0,
    current: { text: "All", value: "$__all" },
  };
}

function panel(chart: Chart, i: number, rules: readonly CheckedRule[]) {
  const rule = rules.find(({ figure }) => chart.lines.some((line) => line.figure === figure));
  return {
    id: i + 1,
    type: "timeseries",
    title: chart.title,
    description: rule?.source ?? "",
    datasource: DATASOURCE,
    gridPos: { x: (i % 2) * WIDTH, y: Math.floor(i / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
    targets: chart.lines.map(({ figure, label }, n) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + n),
      datasource: DATASOURCE,
      expr: promqlOf(figure, { selector: SELECTOR, window: WINDOW }),
      legendFormat: chart.lines.length === 1 ? "{{instance}}" : `${label}, {{instance}}`,
    })),
    fieldConfig: {
      defaults: {
        unit: UNITS[chart.unit],
        color: { mode: "palette-classic" },
        thresholds: {
          mode: "absolute",
          steps: rule === undefined ? [{ color: "green", value: null }] : thresholds(rule),
        },
        custom: {
          lineWidth: 1,
          fillOpacity: 5,
          thresholdsStyle: { mode: rule === undefined ? "off" : "dashed" },
          scaleDistribution: chart.scale === "log" ? { type: "log", log: 10 } : { type: "linear" },
        },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true },
      tooltip: { mode: "multi", sort: "none" },
    },
  };
}

/** Colours from each value on, ascending. */
function thresholds({ beyond, warning, critical }: CheckedRule) {
  const at = (color: string, value: number | null) => (value === null ? [] : [{ color, value }]);
  if (beyond === "above") return [{ color: "green", value: null }, ...at("orange", warning), ...at("red", critical)];
  const [worst, fine] = [critical ?? warning, warning ?? critical];
  return [{ color: "red", value: null }, ...(worst === fine ? [] : at("orange", worst)), ...at("green", fine)];
}
