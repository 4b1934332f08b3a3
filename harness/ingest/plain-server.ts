/**
 * What one writes in an afternoon, and what the pipeline is held against: node:http, JSON.parse, a look at the fields, lines to a stream, an answer
 * when they are written. It forwards what it took to a database, or to a slow output, from a list in memory, and tries nothing twice.
 */
import { close, createWriteStream, open, write } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Serving, type ServingOptions, stall } from "./serving.js";

interface PlainMetric {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
  readonly tags?: Record<string, string>;
}

/** Points of a request to the database. */
const BATCH = 1000;

export async function servePlain({ directory, influx, slow }: ServingOptions): Promise<Serving> {
  const file = createWriteStream(`${directory}/metrics.jsonl`, {
    flags: "a",
    ...(slow.journal > 0 ? { fs: slowFiles(slow.journal) } : {}),
  });
  const queue: string[] = [];
  let lines = 0;
  let points = 0;
  const forward =
    influx === null ? (slow.sink > 0 ? () => sleep(slow.sink) : null) : (batch: string[]) => post(influx, batch);
  let running: Promise<void> | null = null;
  const drain = async (): Promise<void> => {
    // what fails is gone: that is what is plain about it
    while (queue.length > 0) await forward?.(queue.splice(0, BATCH));
    running = null;
  };

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      try {
        const { client_id: client, metrics } = JSON.parse(Buffer.concat(parts).toString("utf8"));
        const now = Date.now();
        const timestamp = new Date(now).toISOString();
        let text = "";
        for (const { name, value, unit, tags } of metrics as PlainMetric[]) {
          if (typeof name !== "string" || !Number.isFinite(value)) throw new TypeError("no metric");
          text += `${JSON.stringify({ timestamp, name, value, client_id: client, unit, tags })}\n`;
          if (forward === null) continue;
          // below the millisecond a count, so that no two are one
          const at = `${now}${String(points++ % 1_000_000).padStart(6, "0")}`;
          queue.push(`server_metrics,metric_name=${name},client_id=${client},host=${tags?.host} value=${value} ${at}`);
        }
        file.write(text, (error) => {
          if (error) return void response.writeHead(503).end();
          lines += metrics.length;
          const answer = JSON.stringify({ accepted: metrics.length });
          response.writeHead(202, { "content-type": "application/json", "content-length": answer.length }).end(answer);
        });
        if (forward !== null) running ??= drain();
      } catch {
        response.writeHead(400, { "content-length": 0 }).end();
      }
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 }, listening));
  return {
    port: (server.address() as AddressInfo).port,
    threads: 1,
    waiting: () => queue.length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      queue.length = 0;
      await running;
      await new Promise((ended) => file.end(ended));
      return lines;
    },
  };
}

async function post({ url, database }: { url: string; database: string }, batch: string[]): Promise<void> {
  const to = `${url}/write?db=${database}&precision=ns`;
  await fetch(to, { method: "POST", body: batch.join("\n") }).then(
    (answer) => answer.arrayBuffer(),
    () => {},
  );
}

/** Each write takes so long, and holds the thread meanwhile, as a disk does that stalls. */
function slowFiles(ms: number) {
  const slowWrite = (...all: Parameters<typeof write>) => {
    stall(ms);
    write(...all);
  };
  return { open, close, write: slowWrite as typeof write };
}
