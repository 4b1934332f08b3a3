/** What the figures take from the monitor's room, without the servers and stores that its door leads to as well. */
export { CHARTS } from "../dist/src/monitor/charts.js";
export { FIGURES } from "../dist/src/monitor/figures.js";
export { FONT, PAGE_COLOURS, SERIES_COLOURS, seriesVariables } from "../dist/src/monitor/page/colours.js";
