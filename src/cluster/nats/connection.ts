/** One connection of a node to the servers, shared by its domains: kept, watched, and refused when its server is too old. */
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import { InvalidArgumentError } from "../../errors.js";
import { loadPeer } from "../../peer.js";
import { type ClusterClock, EngineNotSent } from "../engine.js";
import { UnavailableError } from "../errors.js";
import { isTooOld, OLDEST_SERVER, refuseTooOld } from "./version.js";

/** How the servers are connected to. */
export interface NatsOptions {
  /** `host:port` or `nats://host:port`, the node's own server first: they are tried in this order. */
  readonly servers: string | readonly string[];
  /** What one call waits for its answer. Default 1000. */
  readonly timeoutMs?: number;
  /** More for the client, as `@nats-io/transport-node` takes it: `user`, `pass`, `token`, `tls`, `ignoreClusterUpdates`. Default: nothing. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/**
 * A server that is stopped or cut off says nothing: with the client's own settings it is noticed after four minutes, and an attempt to
 * connect to it takes twenty seconds. These notice after three and give up on it after one.
 */
const CONNECTION = {
  noRandomize: true,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 50,
  timeout: 1000,
  pingInterval: 1000,
  maxPingOut: 2,
  // A stack for each call is dear.
  noAsyncTraces: true,
} as const satisfies NodeConnectionOptions;

const DEFAULT_TIMEOUT_MS = 1000;

export class Connection {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly nc: NatsConnection;
  readonly node: string;
  readonly timeoutMs: number;
  readonly clock: ClusterClock;
  /** A subject of one's own to be answered at. */
  readonly inbox: () => string;
  readonly #returns = new Set<() => void>();
  readonly #losses = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #up = true;
  #version = "";
  #maxPayload = 0;
  #refused: string | null = null;

  private constructor(parts: Pick<Connection, "js" | "jsm" | "nc" | "node" | "timeoutMs" | "clock" | "inbox">) {
    this.js = parts.js;
    this.jsm = parts.jsm;
    this.nc = parts.nc;
    this.node = parts.node;
    this.timeoutMs = parts.timeoutMs;
    this.clock = parts.clock;
    this.inbox = parts.inbox;
    this.#meet();
    void this.#watch();
  }

  /**
   * @throws InvalidArgumentError for options, and when the client's packages are not installed
   * @throws UnavailableError when none of the servers answers
   * @throws EngineTooOldError when the one that answers is too old
   */
  static async open(options: NatsOptions, node: string, clock: ClusterClock): Promise<Connection> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, client = {} } = options;
    const servers = typeof options.servers === "string" ? [options.servers] : [...(options.servers ?? [])];
    if (servers.length === 0 || servers.some((server) => typeof server !== "string" || server === "")) {
      throw new InvalidArgumentError(`servers ${JSON.stringify(options.servers)}: expected one or more "host:port"`);
    }
    if (typeof node !== "string" || node === "" || node.length > 256) {
      throw new InvalidArgumentError(`node ${JSON.stringify(node)}: expected a name of 1 to 256 characters`);
    }
    const [{ connect, createInbox }, { jetstream, jetstreamManager }] = await loadPeer(
      "the cluster's engine on NATS",
      "@nats-io/transport-node @nats-io/jetstream",
      () => Promise.all([import("@nats-io/transport-node"), import("@nats-io/jetstream")]),
    );
    const nc = await connect({ ...CONNECTION, name: node, ...client, servers }).catch((error: Error) => {
      throw new UnavailableError(`no nats-server answers at ${servers.join(", ")}: ${error.message}`, { cause: error });
    });
    try {
      refuseTooOld(nc.info?.version ?? "", nc.getServer());
      const js = jetstream(nc, { timeout: timeoutMs });
      const jsm = await jetstreamManager(nc, { timeout: timeoutMs, checkAPI: false });
      return new Connection({ nc, js, jsm, node, timeoutMs, clock, inbox: createInbox });
    } catch (error) {
      await nc.close();
      throw error;
    }
  }

  /** Of the server that was met last. */
  get version(): string {
    return this.#version;
  }

  /** Bytes of a message that the server met last takes. */
  get maxPayload(): number {
    return this.#maxPayload;
  }

  /** Whether a message would leave now. While there is no connection the client keeps messages and sends them later, when nobody waits for them. */
  get up(): boolean {
    return this.#up && this.#refused === null && !this.nc.isClosed();
  }

  /** @throws EngineNotSent when there is no connection within `timeoutMs` */
  async ready(): Promise<void> {
    if (this.up) return;
    if (this.#refused === null && !this.nc.isClosed()) {
      await new Promise<void>((done) => {
        const cancel = this.clock.after(this.timeoutMs, () => go());
        const go = (): void => {
          cancel();
          this.#waiting.delete(go);
          done();
        };
        this.#waiting.add(go);
      });
    }
    if (this.#refused !== null) throw new EngineNotSent(this.#refused);
    if (!this.up) throw new EngineNotSent("there is no connection to a nats-server");
  }

  /** @returns to be called when it is no longer to be told */
  onReturn(listener: () => void): () => void {
    this.#returns.add(listener);
    return () => this.#returns.delete(listener);
  }

  /** The connection is gone: what was asked and not answered will not be. @returns to be called when it is no longer to be told */
  onLoss(listener: () => void): () => void {
    this.#losses.add(listener);
    return () => this.#losses.delete(listener);
  }

  async close(): Promise<void> {
    this.#returns.clear();
    this.#losses.clear();
    await this.nc.close();
    this.#wake();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === "disconnect") {
        this.#up = false;
        for (const listener of this.#losses) listener();
      }
      if (type !== "reconnect") continue;
      this.#meet();
      this.#up = true;
      this.#wake();
      if (this.#refused === null) for (const listener of this.#returns) listener();
    }
    this.#wake();
  }

  /** Looks at the server that it is connected to. The client knows nothing of one while it has none. */
  #meet(): void {
    const { info } = this.nc;
    if (info === undefined) return;
    this.#version = info.version;
    this.#maxPayload = info.max_payload;
    this.#refused = isTooOld(info.version)
      ? `the nats-server at ${this.nc.getServer()} is ${info.version}, ${OLDEST_SERVER} or newer is needed`
      : null;
  }

  #wake(): void {
    for (const go of [...this.#waiting]) go();
  }
}
