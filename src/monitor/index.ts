/** `import … from "engram/monitor"`: what a store does, live: figures, alerts, history, a page, Prometheus. */
export { type AlertAction, type AlertRule, DOCUMENTED_RULES, THROUGHPUT_RULE } from "./alert-rules.js";
export type { AlertState, Severity } from "./alerts.js";
export { CHARTS, type Chart } from "./charts.js";
export { expose } from "./exposition.js";
export { type Family, familiesOf, latencyFamily } from "./families.js";
export { FIGURE_NAMES, FIGURES, type FigureName, type Figures } from "./figures.js";
export { dashboard, dashboardQueries } from "./grafana.js";
export { type History, HistoryFile, keep, parseHistory, readHistory } from "./history-file.js";
export { type Interval, joinIntervals } from "./interval.js";
export { Monitor } from "./monitor.js";
export { checkListen, type ListenOptions, type MonitorOptions } from "./options.js";
/** @internal */
export { FONT, PAGE_COLOURS, type Scheme, SERIES_COLOURS, seriesVariables } from "./page/colours.js";
export { type PrometheusRule, prometheusRules } from "./prometheus-rules.js";
export { GRAINS, type Grain, KEPT } from "./roll-up.js";
export { type MonitorServer, serve } from "./server.js";
export type { MonitorSnapshot, Served } from "./snapshot.js";
