/**
 * `import … from "engram/monitor"`: what a store does, live: figures, alerts, history, a page, Prometheus.
 *
 * @module engram/monitor
 */

export type { Histogram, ReadableHistogram } from "../metrics/index.js";
/** @internal */
export { refusal } from "./access.js";
export {
  type AlertAction,
  type AlertRule,
  type CheckedRule,
  DOCUMENTED_RULES,
  THROUGHPUT_RULE,
} from "./alert-rules.js";
export type { AlertState, Severity } from "./alerts.js";
/** @internal */
export { type Answer, plain, send } from "./answer.js";
export { CHARTS, type Chart } from "./charts.js";
export { EXPOSITION_TYPE, expose } from "./exposition.js";
export {
  type BucketedPoint,
  type Family,
  familiesOf,
  type HistogramFamily,
  type Labels,
  latencyFamily,
  type Point,
  type ScalarFamily,
} from "./families.js";
export { FIGURE_NAMES, FIGURES, type FigureName, type Figures } from "./figures.js";
export { dashboard, dashboardQueries } from "./grafana.js";
export { type History, HistoryFile, keep, parseHistory, readHistory } from "./history-file.js";
export { type Interval, joinIntervals } from "./interval.js";
/** @internal */
export { listening } from "./listening.js";
export { Monitor } from "./monitor.js";
export type { NamespaceFigures } from "./namespace-usage.js";
export type { ListenOptions, MonitorOptions } from "./options.js";
/** @internal */
export { checkListen } from "./options.js";
/** @internal */
export { FONT, PAGE_COLOURS, type Scheme, SERIES_COLOURS, seriesVariables } from "./page/colours.js";
export { type PrometheusRule, prometheusRules } from "./prometheus-rules.js";
export { GRAINS, type Grain, KEPT } from "./roll-up.js";
export { type MonitorServer, serve } from "./server.js";
export type { MonitorSnapshot, Served } from "./snapshot.js";
