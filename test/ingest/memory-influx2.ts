/**
 * A version 2 of InfluxDB in memory, as far as its reference describes what this room asks of it: `/api/v2/write` keeps points by series and
 * time, and `/api/v2/query` answers the one kind of Flux that is asked, in annotated CSV: a table a series, whose header has its own tags.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

const ASKED =
  /^from\(bucket: "b"\) \|> range\(start: (\S+), stop: (\S+)\) \|> filter\(fn: \(r\) => r\._measurement == "server_metrics" and r\._field == "value"\) \|> aggregateWindow\(every: 1h, fn: (count|sum), createEmpty: false, timeSrc: "_start"\)$/;
const HOUR_MS = 3_600_000;

export async function memoryInflux2() {
  /** By series as line protocol has it, then by time. */
  const series = new Map<string, Map<string, number>>();
  const state = { series, failWith: null as string | null, asked: [] as string[] };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    state.asked.push(`${request.headers.authorization} ${request.url}`);
    if (request.url?.startsWith("/api/v2/write")) {
      for (const line of body.split("\n")) keep(series, line);
      response.writeHead(204).end();
      return;
    }
    const answer = state.failWith ?? answerTo(series, request, body);
    response.writeHead(answer === null ? 400 : 200, { "content-type": "application/csv" });
    response.end(answer ?? JSON.stringify({ code: "invalid", message: "what is asked cannot be read" }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ...state,
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

function keep(series: Map<string, Map<string, number>>, line: string): void {
  const [, key, value, time] = /^((?:\\.|[^ \\])+) value=([^ ,]+)(?:,.*)? (\d+)$/.exec(line) ?? [];
  const points = series.get(key) ?? new Map<string, number>();
  series.set(key, points.set(time, Number(value)));
}

function answerTo(series: Map<string, Map<string, number>>, { headers }: IncomingMessage, body: string): string | null {
  const { query, type, dialect } = JSON.parse(body);
  const [, start, stop, what] = ASKED.exec(query) ?? [];
  if (what === undefined || type !== "flux" || headers["content-type"] !== "application/json") return null;
  if (JSON.stringify(dialect) !== '{"header":true,"annotations":["datatype"]}') return null;
  let csv = "";
  let table = 0;
  for (const [key, points] of series) {
    const hours = new Map<number, number>();
    for (const [time, value] of points) {
      const ms = Math.floor(Number(time.slice(0, -6)) / HOUR_MS) * HOUR_MS;
      if (ms < Date.parse(start) || ms >= Date.parse(stop)) continue;
      hours.set(ms, (hours.get(ms) ?? 0) + (what === "count" ? 1 : value));
    }
    if (hours.size === 0) continue;
    const tags = key
      .split(/(?<!\\),/)
      .slice(1)
      .map((tag) => tag.split(/(?<!\\)=/));
    const plain = (text: string) => text.replace(/\\([,= ])/g, "$1");
    const names = tags.map(([name]) => field(plain(name)));
    const values = tags.map(([, value]) => field(plain(value)));
    csv += `#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,${what === "count" ? "long" : "double"},string,string${",string".repeat(tags.length)}\r\n`;
    csv += `,result,table,_start,_stop,_time,_value,_field,_measurement,${names}\r\n`;
    for (const [ms, amount] of hours) {
      csv += `,_result,${table},${start},${stop},${new Date(ms).toISOString()},${amount},value,server_metrics,${values}\r\n`;
    }
    csv += "\r\n";
    table++;
  }
  return csv;
}

/** As RFC 4180 has it. */
export function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
