/** A monitored store from outside: in the terminal, and for Prometheus and Grafana. */
export { monitorCommand } from "./command.js";
export { type LiveRun, showLive } from "./live-run.js";
export { type RelayedTick, relay } from "./relay.js";
export { figureText, sparkline } from "./screen.js";
export { topCommand } from "./top.js";
