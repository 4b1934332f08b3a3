/** One answer of the monitor's server, as data. */
import type { ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whatever is asked for: no sniffing, no referrer, nothing kept. */
const ALWAYS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

export function plain(status: number, line: string, headers: Answer["headers"] = {}): Answer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, body: `${line}\n` };
}

export function json(value: unknown): Answer {
  return {
    status: 200,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** Node leaves the body of an answer to HEAD away by itself. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...ALWAYS, ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}

/** The head of an answer that does not end: events. */
export function beginEvents(response: ServerResponse): void {
  response.writeHead(200, { ...ALWAYS, "content-type": "text/event-stream" });
}
