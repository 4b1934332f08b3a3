/** Real servers for tests and campaigns, each found, started on the loopback, waited for and stopped; a missing one says so by name. */
export { natsIsMissing } from "./find-nats.js";
export { freePort, freePorts } from "./free-port.js";
export { type Influx, influxIsMissing, startInflux } from "./influx.js";
export { type Kafka, type KafkaRequest, kafkaIsMissing, startKafka } from "./kafka.js";
export { type Namespaces, namespacesAreMissing, startNamespaces } from "./namespaces.js";
export { type Nats, type NatsServer, type NatsSettings, startNats } from "./nats.js";
export {
  type Prometheus,
  type PrometheusSettings,
  prometheusIsMissing,
  promtool,
  startPrometheus,
} from "./prometheus.js";
export { type Redis, redisIsMissing, startRedis } from "./redis.js";
export { pauseProcess } from "./server-process.js";
