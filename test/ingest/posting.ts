/** Requests as a sender makes them, by hand where a client would not. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listSegments, type Metric, metricOf, segmentPath } from "#dist/src/ingest/index.js";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

export async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const kind: Record<string, string> =
    typeof body === "string" && body.startsWith("{") ? { "content-type": "application/json" } : {};
  const response = await fetch(url, { method: "POST", body: body as BodyInit, headers: { ...kind, ...headers } });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

export async function get(url: string): Promise<Answer> {
  const response = await fetch(url);
  return { status: response.status, body: await response.text(), headers: response.headers };
}

export const one = (client: string, name: string, value: number, more: object = {}) =>
  JSON.stringify({ client_id: client, metrics: [{ name, value, ...more }] });

/** A connection that writes what it is told, and keeps all that comes. */
export async function raw(url: string): Promise<{ socket: Socket; said: () => string; ended: Promise<unknown> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let said = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    said += text;
  });
  socket.on("error", () => {});
  await once(socket, "connect");
  return { socket, said: () => said, ended: once(socket, "close") };
}

/** All lines of a journal's segments, in order. */
export function journalLines(directory: string): string[] {
  return listSegments(directory).flatMap((first) =>
    readFileSync(segmentPath(directory, first), "utf8").split("\n").slice(0, -1),
  );
}

export function journalled(directory: string): Metric[] {
  return journalLines(directory).map((line) => metricOf(line) as Metric);
}

const made: string[] = [];
export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "engram-ingest-"));
  made.push(path);
  return path;
}

export function removeTemporary(): void {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
}

/** When it is so: asked again and again, for as long as the test may take. */
export async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((done) => setTimeout(done, 20));
}
