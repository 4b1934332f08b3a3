/** Figures over time: what a monitor or many gates have written, as charts, forecasts and changes. */
export { binsOf } from "./bins.js";
export { trendCommand } from "./command.js";
export { forecastsOf } from "./forecasts.js";
export { readTexts } from "./read.js";
export { recordSeries } from "./record-series.js";
export { trendOf } from "./trend.js";
