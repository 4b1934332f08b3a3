/** `import … from "engram/monitor"`: what a store does, live: figures, alerts, history, a page, Prometheus. */
export { type AlertAction, type AlertRule, DOCUMENTED_RULES, THROUGHPUT_RULE } from "./alert-rules.js";
export type { AlertState, Severity } from "./alerts.js";
export { CHARTS, type Chart } from "./charts.js";
export { expose } from "./exposition.js";
export { type Family, familiesOf, latencyFamily } from "./families.js";
export { FIGURE_NAMES, FIGURES, type FigureName, type Figures } from "./figures.js";
export { dashboard, dashboardQueries } from "./grafana.js";
export { type History, HistoryFile, readHistory } from "./history-file.js";
export type { Interval } from "./interval.js";
export { Monitor } from "./monitor.js";
export type { ListenOptions, MonitorOptions } from "./options.js";
export { type PrometheusRule, prometheusRules } from "./prometheus-rules.js";
export { GRAINS, type Grain } from "./roll-up.js";
export type { MonitorSnapshot } from "./snapshot.js";
