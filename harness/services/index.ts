/** Real servers for tests and campaigns, each found, started on the loopback, waited for and stopped; a missing one says so by name. */
export { freePort } from "./free-port.js";
export {
  type Prometheus,
  type PrometheusSettings,
  prometheusIsMissing,
  promtool,
  startPrometheus,
} from "./prometheus.js";
export { type Redis, redisIsMissing, startRedis } from "./redis.js";
