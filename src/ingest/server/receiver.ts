/**
 * The server of one accepting thread: HTTP in, lines into its intake, an answer when they may be acknowledged. It keeps no queue of its own:
 * what it cannot pass on at once it refuses, so its memory is the bodies under way and nothing else.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, ListenOptions, Socket } from "node:net";
import { InvalidArgumentError } from "../../errors.js";
import { EXPOSITION_TYPE } from "../../monitor/index.js";
import { BadBodyError } from "../errors.js";
import type { RateLimiter } from "../limit/rate-limit.js";
import { lineOf, type Metric } from "../metric.js";
import type { Parsed } from "../parse/index.js";
import { type Access, denialOf } from "./access.js";
import { AbortedError, BodyBudget, discard, NoMemoryError, readBody } from "./body.js";
import type { Counters, Refusal } from "./counters.js";
import { type Intake, IntakeFullError } from "./intake.js";
import { PROTOCOLS, type Protocol, type Reply } from "./protocols.js";

export interface ReceiverSettings extends Access {
  readonly host: string;
  readonly port: number;
  /** Several threads listen on one port. */
  readonly reusePort: boolean;
  readonly tls: { readonly key: string; readonly cert: string } | null;
  readonly bodyBytes: number;
  /** Of all bodies under way in this thread. */
  readonly underWayBytes: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How far ahead of the server's clock a time may be. */
  readonly aheadMs: number;
}

export interface ReceiverParts {
  readonly intake: Intake;
  readonly limiter: RateLimiter | null;
  readonly counters: Counters;
  /** The page of `/metrics`. */
  metricsPage(): Promise<string>;
}

type Refuse = (refusal: Refusal, status: number, said: string, headers?: Record<string, string>) => void;

/** What is to be written, and what is answered when it is. */
interface Admitted {
  readonly chunk: Uint8Array | null;
  readonly lines: number;
  readonly costs: ReadonlyMap<string, number>;
  readonly reply: Reply;
}

/** What a version of InfluxDB says of itself that speaks both write protocols. */
const INFLUX_VERSION = "1.8.10";
const BACKLOG = 1024;
const CHECK_EVERY_MS = 1000;
/** Time that answers under way have when it is closed. */
const CLOSE_MS = 5000;
/** Seconds after which to come again where nobody knows better. */
const COME_AGAIN = "1";

const PLACES = `POST ${[...PROTOCOLS.keys()].join(", ")}; GET /metrics, /healthz, /ping`;

export class Receiver {
  private readonly server: Server;
  private readonly budget: BodyBudget;
  private closing = false;
  /** Connections that a body is being read from, and those that were told to end: neither is counted twice. */
  private readonly reading = new WeakSet<Socket>();
  private readonly ended = new WeakSet<Socket>();

  private constructor(
    private readonly settings: ReceiverSettings,
    private readonly parts: ReceiverParts,
  ) {
    this.budget = new BodyBudget(settings.underWayBytes);
    const options = {
      headersTimeout: Math.min(settings.headersTimeoutMs, settings.requestTimeoutMs),
      requestTimeout: settings.requestTimeoutMs,
      keepAliveTimeout: settings.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, settings.headersTimeoutMs),
    };
    const { tls } = settings;
    this.server = tls === null ? createServer(options) : createTlsServer({ ...options, ...tls });
    this.server.maxConnections = settings.maxConnections;
    this.server.on("request", (request, response) => void this.handle(request, response));
    this.server.on("checkContinue", (request, response) => void this.handle(request, response));
    this.server.on("drop", () => parts.counters.refusal("crowded"));
    this.server.on("clientError", (error, socket) => this.malformed(error, socket as Socket));
  }

  /** @throws InvalidArgumentError when the port is taken or the address is not this machine's, or the key does not fit */
  static async start(settings: ReceiverSettings, parts: ReceiverParts): Promise<Receiver> {
    let receiver: Receiver;
    try {
      receiver = new Receiver(settings, parts);
    } catch (error) {
      if (settings.tls === null) throw error;
      throw new InvalidArgumentError(`option tls: ${(error as Error).message}`, { cause: error });
    }
    await receiver.listen();
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Takes no new requests, answers those that are under way, and is gone. */
  async close(): Promise<void> {
    this.closing = true;
    const closed = new Promise<void>((done) => this.server.close(() => done()));
    this.server.closeIdleConnections();
    const late = setTimeout(() => this.server.closeAllConnections(), CLOSE_MS);
    await closed;
    clearTimeout(late);
  }

  // ---------------------------------------------------------------- inside

  private listen(): Promise<void> {
    const { host, port, reusePort } = this.settings;
    return new Promise((resolve, reject) => {
      // later ones are of a connection that could not be taken, and no reason to give up those that are there
      this.server.on("error", (error: NodeJS.ErrnoException) => {
        const why = error.code === "EADDRINUSE" ? "the port is taken" : error.message;
        reject(new InvalidArgumentError(`ingest cannot listen on ${host}, port ${port}: ${why}`));
      });
      const where: ListenOptions = { host, port, backlog: BACKLOG };
      this.server.listen(reusePort ? ({ ...where, reusePort } as ListenOptions) : where, () => resolve());
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { counters } = this.parts;
    counters.request();
    const [path, query] = split(request.url ?? "/");
    const protocol = PROTOCOLS.get(path);
    try {
      const denial = path === "/healthz" ? null : denialOf(request, query, this.settings);
      if (denial !== null) {
        counters.refusal(denial.status === 401 ? "unauthorised" : "foreign");
        const asked = denial.status === 401 ? { "www-authenticate": "Bearer" } : undefined;
        this.answer(request, response, withHeaders(failure(protocol, denial.status, denial.said), asked));
      } else if (protocol === undefined) await this.answerOther(request, response, path, query);
      else if (request.method !== "POST") {
        counters.refusal("unknown");
        this.answer(request, response, withHeaders(failure(protocol, 405, "only POST"), { allow: "POST" }));
      } else await this.take(request, response, protocol, query);
    } catch (error) {
      // nothing of ours throws here: whatever it was, the sender hears that nothing was taken
      counters.refusal("unwritten");
      if (response.headersSent) response.destroy();
      else this.answer(request, response, failure(protocol, 503, (error as Error).message));
    }
  }

  private async take(
    request: IncomingMessage,
    response: ServerResponse,
    protocol: Protocol,
    query: URLSearchParams,
  ): Promise<void> {
    const { counters } = this.parts;
    const refuse: Refuse = (refusal, status, said, headers) => {
      counters.refusal(refusal);
      this.answer(request, response, withHeaders(protocol.failure(status, said), headers));
    };
    let admitted: Admitted | null;
    try {
      admitted = this.admit(await this.read(request, response, protocol, query), protocol, refuse);
    } catch (error) {
      if (error instanceof AbortedError) {
        if (!this.ended.has(request.socket)) counters.refusal("aborted");
      } else if (error instanceof NoMemoryError) {
        refuse("overloaded", 503, "too many bodies are under way", { "retry-after": COME_AGAIN });
      } else if (error instanceof BadBodyError) refuse(REFUSAL_OF[error.status], error.status, error.message);
      else throw error;
      return;
    }
    if (admitted === null) return;
    const { chunk, lines, costs, reply } = admitted;
    try {
      if (chunk !== null) await this.parts.intake.put(chunk, lines);
    } catch (error) {
      for (const [client, cost] of costs) this.parts.limiter?.give(client, cost);
      if (error instanceof BadBodyError) return refuse("tooLarge", error.status, error.message);
      const full = error instanceof IntakeFullError;
      counters.metrics(full ? "overloaded" : "unwritten", lines);
      refuse(full ? "overloaded" : "unwritten", 503, (error as Error).message, { "retry-after": COME_AGAIN });
      return;
    }
    counters.metrics("accepted", lines);
    this.answer(request, response, reply);
  }

  /**
   * Asks the rate limit for what was read. While it waits for the journal a request is its lines and nothing else: what it was parsed to has
   * several times their size. @returns null when it was refused
   */
  private admit(parsed: Parsed, protocol: Protocol, refuse: Refuse): Admitted | null {
    const { counters, limiter } = this.parts;
    const { metrics, refused, skipped } = parsed;
    counters.metrics("refused", refused);
    counters.metrics("skipped", skipped);
    const costs = costsOf(metrics);
    const wait = this.draw(costs);
    if (wait === null) {
      const chunk = metrics.length === 0 ? null : Buffer.from(textOf(metrics));
      return { chunk, lines: metrics.length, costs, reply: protocol.success(parsed) };
    }
    counters.metrics("limited", metrics.length);
    const client = JSON.stringify(wait.client);
    if (wait.ms === Number.POSITIVE_INFINITY) {
      const most = limiter?.handle.burst;
      refuse("tooLarge", 413, `${metrics.length} metrics of client ${client} at once; it may send ${most}`);
    } else {
      const seconds = String(Math.ceil(wait.ms / 1000));
      refuse("limited", 429, `client ${client} is over its rate`, { "retry-after": seconds });
    }
    return null;
  }

  private async read(
    request: IncomingMessage,
    response: ServerResponse,
    protocol: Protocol,
    query: URLSearchParams,
  ): Promise<Parsed> {
    const { settings } = this;
    const type = request.headers["content-type"] ?? "";
    if (!protocol.takes(type)) {
      throw new BadBodyError(`content-type ${JSON.stringify(type.slice(0, 80))}; expected ${protocol.expected}`, 415);
    }
    if (/^100-continue$/i.test(request.headers.expect ?? "")) {
      // who asks first is told before it has sent anything
      if (Number(request.headers["content-length"] ?? 0) <= settings.bodyBytes) response.writeContinue();
    }
    const { socket } = request;
    this.reading.add(socket);
    const text = await readBody(request, settings.bodyBytes, this.budget).finally(() => this.reading.delete(socket));
    const nowMs = Date.now();
    const client = request.socket.remoteAddress ?? "unknown";
    return protocol.parse(text, query, { nowMs, latestMs: nowMs + settings.aheadMs, client });
  }

  /** Draws for all clients of a request or for none. @returns who has to wait, and how long; null when all were drawn */
  private draw(costs: ReadonlyMap<string, number>): { client: string; ms: number } | null {
    const { limiter } = this.parts;
    if (limiter === null) return null;
    const drawn: [string, number][] = [];
    for (const [client, cost] of costs) {
      const ms = limiter.take(client, cost);
      if (ms > 0) {
        for (const [before, its] of drawn) limiter.give(before, its);
        return { client, ms };
      }
      drawn.push([client, cost]);
    }
    return null;
  }

  private async answerOther(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const { intake, counters } = this.parts;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (path === "/query") this.answer(request, response, answerQuery(query));
    else if (path === "/ping" && isRead) {
      this.answer(request, response, { status: 204, body: null, headers: { "x-influxdb-version": INFLUX_VERSION } });
    } else if (path === "/healthz" && isRead) {
      const well = intake.healthy && !this.closing;
      const said = well ? "ok" : this.closing ? "closing" : "the journal cannot be written";
      this.answer(request, response, { status: well ? 200 : 503, body: { status: said } });
    } else if (path === "/metrics" && isRead) {
      const page = await this.parts.metricsPage();
      response.writeHead(200, { "content-type": EXPOSITION_TYPE, "content-length": Buffer.byteLength(page) }).end(page);
    } else {
      counters.refusal("unknown");
      this.answer(request, response, { status: 404, body: { error: `no such place; there are ${PLACES}` } });
    }
  }

  private answer(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Reply): void {
    const text = body === null ? "" : JSON.stringify(body);
    const kind = body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const last = this.closing ? { connection: "close" } : {};
    response.writeHead(status, { ...kind, ...last, ...headers }).end(text);
    discard(request, this.settings.bodyBytes);
  }

  /** What is no HTTP, or does not come to its end: it is told if it can be. */
  private malformed(error: NodeJS.ErrnoException, socket: Socket): void {
    const gone = error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE" || !socket.writable;
    if (!gone) this.parts.counters.refusal("malformed");
    else if (!this.reading.has(socket)) this.parts.counters.refusal("aborted");
    if (gone) return void socket.destroy();
    this.ended.add(socket);
    const status = MALFORMED[error.code ?? ""] ?? "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
  }
}

const MALFORMED: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

const REFUSAL_OF = { 400: "broken", 413: "tooLarge", 415: "unsupported" } as const;

function split(url: string): [string, URLSearchParams] {
  const at = url.indexOf("?");
  return at < 0 ? [url, NO_QUERY] : [url.slice(0, at), new URLSearchParams(url.slice(at + 1))];
}

const NO_QUERY = new URLSearchParams();

/** Telegraf makes its database before it writes. */
function answerQuery(query: URLSearchParams): Reply {
  const asked = query.get("q") ?? "";
  const known = asked === "" || /^\s*create\s+database\b/i.test(asked);
  return known
    ? { status: 200, body: { results: [{ statement_id: 0 }] } }
    : { status: 400, body: { error: "metrics are taken here and not asked for" } };
}

function failure(protocol: Protocol | undefined, status: number, said: string): Reply {
  return protocol?.failure(status, said) ?? { status, body: { error: said } };
}

function withHeaders(reply: Reply, headers: Record<string, string> | undefined): Reply {
  return headers === undefined ? reply : { ...reply, headers };
}

function costsOf(metrics: readonly Metric[]): Map<string, number> {
  const costs = new Map<string, number>();
  for (const { client } of metrics) costs.set(client, (costs.get(client) ?? 0) + 1);
  return costs;
}

function textOf(metrics: readonly Metric[]): string {
  let text = "";
  for (const metric of metrics) text += lineOf(metric);
  return text;
}
