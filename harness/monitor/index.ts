/** A monitored store from outside: in the terminal, and for Prometheus and Grafana. */
export { monitorCommand } from "./command.js";
export { topCommand } from "./top.js";
