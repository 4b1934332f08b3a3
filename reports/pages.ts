/** Results to pages. A door of its own, to be opened when something is drawn: Plot and what else draws take longer to load than all the rest. */

export { renderEviction } from "./eviction-page.js";
export { renderReport } from "./page.js";
export { renderTrend } from "./trend-page.js";
