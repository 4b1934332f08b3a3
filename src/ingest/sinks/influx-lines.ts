/**
 * Metrics as points of InfluxDB, in the schema of the source: measurement `server_metrics`, tags `host`, `datacenter`, `metric_name` and whatever
 * others there are, the fields `value` and `unit`. The client is a tag too: without it two clients' metrics would be one series.
 *
 * What line protocol cannot say is said otherwise: a line feed in the value of a tag is `\n` in two letters, a backslash before what would
 * be escaped by it, or at the end, is a slash. Tags of a sender's that are called as ours are, or as InfluxDB's own, have `tag_` before
 * their name; empty ones are none.
 */
import { type Metric, pointTime } from "../metric.js";
import type { Placed } from "./sink.js";

/** `time` is InfluxDB's everywhere; the others its second version's. */
const TAKEN = new Set([
  "metric_name",
  "client_id",
  "time",
  "_measurement",
  "_field",
  "_time",
  "_value",
  "_start",
  "_stop",
]);

/** One line, without its end. @param measurement escaped already: `escapeMeasurement` */
export function pointLine(measurement: string, { metric, line }: Placed): string {
  const { value, unit } = metric;
  let series = measurement;
  for (const [tag, text] of pointTags(metric)) series += `,${escaped(tag)}=${escaped(text)}`;
  const field = unit === undefined ? "" : `,unit="${unit.replace(/["\\]/g, "\\$&")}"`;
  return `${series} value=${value}${field} ${pointTime(metric, line)}`;
}

/** The tags of a metric's series as the database has them, sorted, as it would have to do. */
export function pointTags({ client, name, tags }: Metric): [string, string][] {
  const pairs: [string, string][] = [["metric_name", plain(name)]];
  if (client !== "") pairs.push(["client_id", plain(client)]);
  for (const tag in tags) {
    const text = tags[tag];
    if (text === "" || (tag === "client_id" && text === client)) continue;
    pairs.push([plain(TAKEN.has(tag) ? `tag_${tag}` : tag), plain(text)]);
  }
  return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The name of a measurement as line protocol has it. */
export function escapeMeasurement(text: string): string {
  return plain(text).replace(/[, ]/g, "\\$&");
}

function escaped(text: string): string {
  return text.replace(/[,= ]/g, "\\$&");
}

function plain(text: string): string {
  return text
    .replace(/\\+(?=[,= ]|$)/g, (run) => "/".repeat(run.length))
    .replace(/\n/g, "\\n")
    .replace(/\r/g, "\\r");
}
