/** A connection to the servers, as coordinator and workers have it: kept through their absence, and refused when it can be of no use. */
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import { InvalidArgumentError } from "../../../src/errors.js";
import { loadPeer } from "../../../src/peer.js";
import { RunFailedError } from "../../command-line/errors.js";
import type { Servers } from "./servers.js";

const PACKAGES = "@nats-io/transport-node @nats-io/jetstream @nats-io/obj";

/** Servers that are stopped or cut off say nothing: with these they are noticed within seconds, and looked for as long as it takes. */
const CONNECTION = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  timeout: 5000,
  pingInterval: 2000,
  maxPingOut: 2,
  noAsyncTraces: true,
} as const satisfies NodeConnectionOptions;

const ANSWER_MS = 5000;
const AGAIN_MS = 250;
/** Codes of the server's API: whoever asks again is told the same. */
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;
const NO_ROOM = new Set([10002, 10023, 10028, 10047, 10077]);
/** Of the server's API: not now. All else that it answers is its answer. */
const NOT_NOW = 503;

export type ObjectStores = InstanceType<typeof import("@nats-io/obj")["Objm"]>;

export class Session {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly objects: ObjectStores;
  /** Where it is connected to, as one shows it. */
  readonly shown: string;
  /** Aborts when the connection has ended for good; by itself it does so when it is refused. */
  readonly ended: AbortSignal;
  #up = true;
  #onUp: (isUp: boolean) => void = () => {};

  private constructor(parts: Pick<Session, "nc" | "js" | "jsm" | "objects" | "shown">) {
    this.nc = parts.nc;
    this.js = parts.js;
    this.jsm = parts.jsm;
    this.objects = parts.objects;
    this.shown = parts.shown;
    const end = new AbortController();
    this.ended = end.signal;
    void this.nc.closed().then((error) => {
      const why = error instanceof Error ? `: ${error.message}` : "";
      end.abort(new RunFailedError(`the connection to ${this.shown} has ended${why}`));
    });
    void this.#watch();
  }

  /**
   * @throws InvalidArgumentError when the packages are not installed, nobody answers there, the servers refuse whoever asks, or have no JetStream
   */
  static async open(servers: Servers, name: string): Promise<Session> {
    const [{ connect, credsAuthenticator }, { jetstream, jetstreamManager }, { Objm }] = await loadPeer(
      "a sweep over several machines",
      PACKAGES,
      () => Promise.all([import("@nats-io/transport-node"), import("@nats-io/jetstream"), import("@nats-io/obj")]),
    );
    const { addresses, shown, creds, user, pass, token, tls } = servers;
    const authenticator = creds === undefined ? undefined : credsAuthenticator(new TextEncoder().encode(creds));
    const who = { ...(user !== undefined && { user, pass }), ...(token !== undefined && { token }) };
    const options = { ...CONNECTION, name, servers: [...addresses], ...who, ...(tls && { tls }) };
    const nc = await connect({ ...options, ...(authenticator && { authenticator }) }).catch((cause: Error) => {
      throw new InvalidArgumentError(`${shown}: ${unreachable(cause)}`, { cause });
    });
    try {
      const js = jetstream(nc, { timeout: ANSWER_MS });
      const jsm = await jetstreamManager(nc, { timeout: ANSWER_MS, checkAPI: false });
      await jsm.getAccountInfo();
      return new Session({ nc, js, jsm, objects: new Objm(js), shown });
    } catch (cause) {
      await nc.close();
      const { name, message } = cause as Error;
      const without = name === "JetStreamNotEnabled" || (cause as { code?: number }).code === 10039;
      const why = without ? "has no JetStream (nats-server -js starts one that has)" : `has no use: ${message}`;
      throw new InvalidArgumentError(`${shown}: the server there ${why}`, { cause });
    }
  }

  /** Whether there is a connection now. */
  get up(): boolean {
    return this.#up;
  }

  /** @param listener told when the connection is lost, and when it is there again */
  onUp(listener: (isUp: boolean) => void): void {
    this.#onUp = listener;
  }

  /**
   * Asks until there is an answer: servers that are away come back, and what was lost on the way can be asked again.
   *
   * @param what is asked, as the message begins
   * @throws the signal's reason; RunFailedError when asking again is of no use
   */
  async ask<T>(what: string, signal: AbortSignal, question: () => Promise<T>): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      this.ended.throwIfAborted();
      try {
        return await question();
      } catch (error) {
        if (isGone(error)) throw error;
        const useless = uselessness(error);
        if (useless !== null) throw new RunFailedError(`${what}: ${useless}`, { cause: error });
      }
      await pause(AGAIN_MS, signal);
    }
  }

  async close(): Promise<void> {
    await this.nc.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type !== "disconnect" && type !== "reconnect") continue;
      this.#up = type === "reconnect";
      this.#onUp(this.#up);
    }
  }
}

/** The stream, or what hands out its messages, is no longer there: the sweep is over, or somebody has deleted it. */
export function isGone(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === STREAM_NOT_FOUND || code === CONSUMER_NOT_FOUND;
}

/** Until the time is over, or the signal aborts; which of the two is asked afterwards. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

function unreachable(error: Error): string {
  const { name, message } = error;
  if (/auth/i.test(name) || /auth/i.test(message)) return `the server there does not let us in: ${message}`;
  return `no nats-server answers there: ${message}`;
}

interface Refusal extends Error {
  readonly code?: unknown;
  readonly status?: number;
  readonly cause?: { readonly name?: string };
}

/** Why the same question would have the same answer; null when it may have another. */
function uselessness(error: unknown): string | null {
  const { code, status, message, name, cause } = error as Refusal;
  if (NO_ROOM.has(code as number)) return `the servers have no room for it (${message})`;
  if (name === "JetStreamApiError" && status !== NOT_NOW) return message;
  if (name === "PermissionViolationError" || cause?.name === "PermissionViolationError") return message;
  return null;
}
