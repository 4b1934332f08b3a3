/** What ingest tells Prometheus: everything that `stats()` has, by Prometheus's conventions. */
import type { ReportFamily } from "../store/index.js";
import type { IngestStats } from "./stats.js";

type Point = ReportFamily["points"][number];

export function familiesOfIngest({
  requests,
  refusals,
  metrics,
  clients,
  rings,
  journal,
  sinks,
  taps,
  acceptThreads,
  uptimeMs,
}: IngestStats): ReportFamily[] {
  const bySink = (value: (sink: IngestStats["sinks"][number]) => number): Point[] =>
    sinks.map((sink) => ({ labels: { sink: sink.name }, value: value(sink) }));
  return [
    counter("requests", "Requests.", one(requests)),
    counter("refused_requests", "Requests that were not answered with success, by reason.", by("reason", refusals)),
    counter("metrics", "Metrics by what became of them on the way in.", by("outcome", metrics)),
    gauge("clients", "", "Clients that are not idle, by the rate limit.", clients === null ? [] : one(clients)),
    gauge("ring_messages", "", "Requests in rings on their way to the journal.", one(rings.waiting)),
    counter("ring_lost_lines", "Acknowledged lines that could not be written before the end.", one(rings.lostLines)),
    counter("journal_lines", "Lines written.", one(journal.lines)),
    counter("journal_written_bytes", "Bytes written.", one(journal.bytes)),
    counter("journal_writes", "Writes: many requests share one.", one(journal.writes)),
    counter("journal_syncs", "Calls to make what was written durable.", one(journal.syncs)),
    counter("journal_failures", "Writes and such calls that the system refused.", one(journal.failures)),
    gauge("journal_healthy", "", "1 while the journal can be written.", one(journal.healthy ? 1 : 0)),
    gauge("journal_segments", "", "Segments there are.", one(journal.segments)),
    counter("journal_removed_segments", "Segments that were too old or too many.", one(journal.removed)),
    gauge("journal_torn", "bytes", "What was cut off at the start, of a line without an end.", one(journal.tornBytes)),
    counter(
      "sink_delivered_metrics",
      "Metrics that the sink took.",
      bySink(({ delivered }) => delivered),
    ),
    counter(
      "sink_refused_metrics",
      "Metrics that the sink will never take.",
      bySink(({ refused }) => refused),
    ),
    counter(
      "sink_unreadable_lines",
      "Lines of the journal that the sink was not given, by reason.",
      sinks.flatMap(({ name, unreadable, tooLong, gone }) =>
        Object.entries({ unreadable, tooLong, gone }).map(([reason, value]) => ({
          labels: { sink: name, reason },
          value,
        })),
      ),
    ),
    counter(
      "sink_failures",
      "Attempts that failed.",
      bySink(({ failures }) => failures),
    ),
    gauge(
      "sink_failing",
      "",
      "1 while the sink takes nothing.",
      bySink(({ failingSince }) => (failingSince === null ? 0 : 1)),
    ),
    gauge(
      "sink_lag_lines",
      "",
      "Lines that the sink has still to be given.",
      bySink(({ lagLines }) => lagLines),
    ),
    gauge(
      "sink_lag",
      "bytes",
      "The same in bytes.",
      bySink(({ lagBytes }) => lagBytes),
    ),
    gauge(
      "sink_detail",
      "",
      "What a sink says of itself besides.",
      sinks.flatMap(({ name, details }) =>
        Object.entries(details).map(([detail, value]) => ({ labels: { sink: name, detail }, value })),
      ),
    ),
    counter(
      "tap_metrics",
      "Metrics that were written, by what became of them at a live tap.",
      taps.flatMap(({ name, sent, dropped }) =>
        Object.entries({ sent, dropped }).map(([outcome, value]) => ({ labels: { tap: name, outcome }, value })),
      ),
    ),
    gauge("accepting_threads", "", "Threads that accept.", one(acceptThreads)),
    gauge("uptime", "seconds", "Since it was started.", one(uptimeMs / 1000)),
  ];
}

function counter(name: string, help: string, points: Point[]): ReportFamily {
  return { name: `engram_ingest_${name}`, unit: "", type: "counter", help, points };
}

function gauge(name: string, unit: "" | "bytes" | "seconds", help: string, points: Point[]): ReportFamily {
  return { name: `engram_ingest_${name}`, unit, type: "gauge", help, points };
}

function one(value: number): Point[] {
  return [{ labels: {}, value }];
}

function by(label: string, values: Readonly<Record<string, number>>): Point[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
