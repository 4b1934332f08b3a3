/**
 * What a monitor serves: the page for people, its events (server-sent, one a tick), `/metrics` for Prometheus, JSON for programs. A reader
 * of events that does not keep up is let go, for what waits for it would be memory of the program's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { cookieFor, refusal } from "./access.js";
import { type Answer, beginEvents, json, plain, send } from "./answer.js";
import { EXPOSITION_TYPE, expose } from "./exposition.js";
import { familiesOf, latencyFamily } from "./families.js";
import { FIGURE_NAMES } from "./figures.js";
import type { Interval } from "./interval.js";
import { listening } from "./listening.js";
import type { CheckedListen } from "./options.js";
import { livePage } from "./page/page.js";
import { GRAINS, type Grain } from "./roll-up.js";
import type { Served } from "./snapshot.js";

/** A monitor that is served. */
export interface MonitorServer {
  /** Of the page, without a token. */
  readonly url: string;
  /** Ends it and all its connections. */
  close(): Promise<void>;
}

/** Bytes that may wait for one reader of events. */
const WAITING_MAX = 2 ** 20;
/** A browser that lost the events asks again after so long, ms. */
const RETRY_MS = 2000;
/** Digits that are sent of a figure: more than a screen shows. */
const DIGITS = 5;

/**
 * @param farewell what readers are told when it is closed
 * @throws InvalidArgumentError when the port is taken or the address is not this machine's
 */
export async function serve(
  monitor: Served,
  listen: CheckedListen,
  farewell = "the monitor was closed",
): Promise<MonitorServer> {
  const readers = new Readers();
  const server = createServer((request, response) => answer(monitor, listen, readers, request, response));
  const url = await listening(server, listen, "the monitor");
  server.unref();
  const onTick = (interval: Interval) => {
    readers.sendAll("tick", () => tickOf(monitor, interval));
    readers.begin(monitor);
  };
  monitor.on("tick", onTick);
  return {
    url,
    close: async () => {
      monitor.off("tick", onTick);
      readers.end(farewell);
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      // who is still reading has had its end: what stays open a second later is cut
      setTimeout(() => server.closeAllConnections(), 1000).unref();
      await closed;
    },
  };
}

function answer(
  monitor: Served,
  listen: CheckedListen,
  readers: Readers,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = URL.canParse(request.url ?? "", "http://localhost")
    ? new URL(request.url ?? "", "http://localhost")
    : null;
  try {
    const refused = refusal(request, url, listen);
    if (refused === null && url?.pathname === "/events") readers.add(monitor, response);
    else send(response, refused ?? answerTo(monitor, listen, url as URL));
  } catch (error) {
    // a store that was closed, say: the reader is told, the program goes on
    if (response.headersSent) response.destroy();
    else send(response, plain(503, (error as Error).message));
  }
}

function answerTo(monitor: Served, listen: CheckedListen, url: URL): Answer {
  switch (url.pathname) {
    case "/": {
      const cookie = cookieFor(listen);
      // the address bar, and what is copied from it, loses the token
      if (url.searchParams.has("token")) return { status: 303, headers: { ...cookie, location: "/" }, body: "" };
      const { html, policy } = livePage();
      const headers = { ...cookie, "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
      return { status: 200, headers, body: html };
    }
    case "/metrics": {
      const reported = monitor.snapshot()?.reports.flatMap((report) => report.families) ?? [];
      const families = [...familiesOf(monitor.stats()), latencyFamily(monitor.sampled()), ...reported];
      return { status: 200, headers: { "content-type": EXPOSITION_TYPE }, body: expose(families) };
    }
    case "/api/snapshot":
      return snapshotOf(monitor);
    case "/api/history":
      return historyOf(monitor, url.searchParams.get("of") ?? "tick");
    case "/healthz":
      return plain(200, "ok");
    default:
      return plain(404, "no such page; there are /, /metrics, /events, /api/snapshot, /api/history and /healthz");
  }
}

function historyOf(monitor: Served, grain: string): Answer {
  if (GRAINS.includes(grain as Grain)) return json(columnsOf(monitor.history(grain as Grain)));
  return plain(400, `of is ${JSON.stringify(grain)}; expected one of ${GRAINS.join(", ")}`);
}

function snapshotOf(monitor: Served): Answer {
  const snapshot = monitor.snapshot();
  return snapshot === null ? plain(503, "there is nothing to tell of yet") : json(snapshot);
}

/** Who reads the events. */
class Readers {
  /** Those who know the beginning, and those for whom there is none yet. */
  private readonly begun = new Set<ServerResponse>();
  private readonly waiting = new Set<ServerResponse>();

  add(monitor: Served, response: ServerResponse): void {
    beginEvents(response);
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.waiting.add(response);
    response.on("close", () => {
      this.begun.delete(response);
      this.waiting.delete(response);
    });
    this.begin(monitor);
  }

  /** Tells those who wait for it what there is, history and all. */
  begin(monitor: Served): void {
    const snapshot = this.waiting.size === 0 ? null : monitor.snapshot();
    if (snapshot === null) return;
    const text = eventText("start", { history: columnsOf(monitor.history()), snapshot });
    for (const reader of this.waiting) {
      reader.write(text);
      this.begun.add(reader);
    }
    this.waiting.clear();
  }

  /** @param data made only when somebody reads */
  sendAll(event: string, data: () => unknown): void {
    if (this.begun.size === 0) return;
    const text = eventText(event, data());
    for (const reader of this.begun) {
      if (reader.writableLength > WAITING_MAX) reader.destroy();
      else reader.write(text);
    }
  }

  end(said: string): void {
    const text = eventText("end", { said });
    for (const reader of [...this.begun, ...this.waiting]) reader.end(text);
  }
}

/** Columns take a third of the room of rows, and are what charts take. */
function columnsOf(intervals: readonly Interval[]) {
  return {
    names: FIGURE_NAMES,
    at: intervals.map(({ at }) => at),
    figures: FIGURE_NAMES.map((name) => intervals.map(({ figures }) => rounded(figures[name]))),
  };
}

function tickOf(monitor: Served, { at, figures }: Interval): unknown {
  return { at, figures: FIGURE_NAMES.map((name) => rounded(figures[name])), snapshot: monitor.snapshot() };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(DIGITS));
}

function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
