/** What a node joins with, checked; the five domains of the fourth source with their defaults and limits. */
import { choice, describe, flag, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { Store } from "../store/index.js";
import { type Duration, milliseconds, type Size } from "../units.js";
import type { BackupsOfStore } from "./checkpoints.js";
import { CONSISTENCY_LEVELS, type Consistency } from "./consistency.js";
import type { EngineSource } from "./engine.js";
import { NODE_NAME_BYTES_MAX } from "./entry.js";
import type { ExternalTier } from "./external.js";
import type { RedisTierOptions } from "./external-redis.js";
import { COHERENCE_LEVELS, type Coherence } from "./invalidation.js";
import { checkLimits, type MemoryLimitOptions, type MemoryLimits } from "./limits.js";
import type { NatsOptions } from "./nats/connection.js";
import { type Backend, type Characteristics, type Durability, selectBackend } from "./select-backend.js";

/** How a node joins. What is out of bounds is an InvalidArgumentError that names the option, before anything is connected. */
export interface JoinOptions {
  /** Where this node keeps its copies: for its worker threads, and in its backups. */
  readonly store: Store;
  /** This node's name, 1 to 255 bytes in UTF-8; no other live node's. */
  readonly node: string;
  /** nats-server's, `host:port`, the node's own first. Without servers and `engines` the node is alone. */
  readonly servers?: string | readonly string[];
  /** More for the connection to the servers. Default: nothing. */
  readonly nats?: Omit<NatsOptions, "servers">;
  /** Logs from elsewhere, such as a `MemoryCluster` that several nodes of one process share. Default: the servers'. */
  readonly engines?: EngineSource;
  /** Redis or Valkey, as `redis://127.0.0.1:6379`: read where a domain has nothing, written after it. Default: none. */
  readonly external?: string | RedisTierOptions | ExternalTier;
  /** Beside `session`, `shared`, `registry`, `cache` and `ephemeral`, or instead of their defaults. */
  readonly domains?: Readonly<Record<string, DomainOptions>>;
  /** Of domains that do not say. Default "eventual". */
  readonly consistency?: Consistency;
  /** What this node may keep, and all together. Default: 1 GiB and 100,000 entries. */
  readonly limits?: Omit<MemoryLimitOptions, "domains">;
  /** How an invalidation waits that does not say. Default "eventual". */
  readonly coherence?: Coherence;
  /**
   * The store's backups (`await store.backup({ directory, strategy: "manual" })`), for checkpoints. They are closed with the memory. Default:
   * none, and no checkpoints.
   */
  readonly backups?: BackupsOfStore;
  /** How often they are taken, with `backups`. Default: every 5 min. */
  readonly checkpoints?: CheckpointOptions;
  /** How often it is looked again which backend each domain belongs on; 0: never. Default 5 min, the source's. */
  readonly evaluateEvery?: Duration;
  /** Between signs of life: after three without one a node counts as dead, and its name is free. Default 1 s. */
  readonly heartbeat?: Duration;
  /** For joining: after it everything that was opened is closed again. Default 10 s. */
  readonly timeout?: Duration;
}

/** How often checkpoints are taken, and how many are kept. */
export interface CheckpointOptions {
  /** Between two that are taken by themselves; 0: none are. Default 5 min, the source's. */
  readonly every?: Duration;
  /** How many of those are kept. Default 3. */
  readonly keep?: number;
}

/** How one domain is kept. What is out of bounds is an InvalidArgumentError that names domain and option. */
export interface DomainOptions {
  /** Of calls that do not say. Default: the memory's. */
  readonly consistency?: Consistency;
  /** How old a `bounded_stale` read may be. Default 500 ms. */
  readonly window?: Duration;
  /** After so long a call is given up. Default 2 s. */
  readonly timeout?: Duration;
  /**
   * "cluster": on all nodes. "node": on this one alone. "disk": the same, and comes back with its store. "auto": as `characteristics` say.
   * Default "cluster"; of `registry`, `cache` and `ephemeral` "node".
   */
  readonly backend?: Backend | "auto";
  /** What "auto" goes by; without it re-evaluation takes what is replicated for what must not be lost. */
  readonly characteristics?: Characteristics;
  /** Copies that the servers keep of the log: 1, 3 or 5. Default 3. */
  readonly replicas?: number;
  /** Where the servers keep the log. Default "file". */
  readonly storage?: "file" | "memory";
  /** Bytes at most that this node keeps of it, or text such as "64MiB". Default: what docs/cluster.md lists, or else the node's. */
  readonly maxBytes?: Size;
  /** Entries at most. Default: the node's. */
  readonly maxEntries?: number;
  /** Whether entries may be given up when there is no room. Default: of `cache` and `ephemeral` true, of others false. */
  readonly evict?: boolean;
  /** How long values live that do not say. Default: for ever. */
  readonly ttl?: Duration;
  /** Whether the tier outside is read and written, where there is one. Default true. */
  readonly external?: boolean;
  /** How many values each thread keeps decoded, near at hand, and gives again as long as they are the present ones: frozen. Default 0: none. */
  readonly near?: number;
}

export interface DomainSettings {
  readonly name: string;
  readonly consistency: Consistency;
  readonly windowMs: number;
  readonly timeoutMs: number;
  readonly backend: Backend;
  readonly durability: Durability;
  readonly replicas: number;
  readonly storage: "file" | "memory";
  readonly ttlMs: number | undefined;
  readonly external: boolean;
  readonly near: number;
}

export interface JoinSettings {
  readonly store: Store;
  readonly node: string;
  readonly servers: readonly string[];
  readonly nats: Omit<NatsOptions, "servers">;
  readonly engines: EngineSource | undefined;
  readonly external: JoinOptions["external"];
  readonly domains: ReadonlyMap<string, DomainSettings>;
  readonly limits: MemoryLimits;
  readonly coherence: Coherence;
  readonly backups: BackupsOfStore | undefined;
  readonly checkpointEveryMs: number;
  readonly checkpointsKept: number;
  readonly evaluateEveryMs: number;
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
}

/** The source's five: replicated where it kept them in Mnesia, on the node where it kept them in ETS. */
export const DOMAINS = {
  session: { backend: "cluster" },
  shared: { backend: "cluster" },
  registry: { backend: "node" },
  cache: { backend: "node" },
  ephemeral: { backend: "node" },
} as const satisfies Record<string, DomainOptions>;

const JOIN_MS = 10_000;
const CHECKPOINT_MS = 300_000;
const CHECKPOINTS_KEPT = 3;
const HEARTBEAT_MS = 1000;
const EVALUATE_MS = 300_000;
const WINDOW_MS = 500;
const TIMEOUT_MS = 2000;
const MOST_MS = 2 ** 31 - 1;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const OPTIONS = new KnownOptions("DistributedMemory.join", [
  ...["store", "node", "servers", "nats", "engines", "external", "domains", "consistency", "limits", "coherence"],
  ...["backups", "checkpoints", "evaluateEvery", "heartbeat", "timeout"],
]);
const CHECKPOINTS = new KnownOptions("option checkpoints", ["every", "keep"]);
const DOMAIN_OPTIONS = new KnownOptions("a domain", [
  ...[
    "consistency",
    "window",
    "timeout",
    "backend",
    "characteristics",
    "replicas",
    "storage",
    "maxBytes",
    "maxEntries",
  ],
  ...["evict", "ttl", "external", "near"],
]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkJoin(options: JoinOptions): JoinSettings {
  const {
    store,
    node,
    servers,
    nats = {},
    engines,
    external,
    domains = {},
    coherence,
    backups,
    checkpoints = {},
    evaluateEvery,
    heartbeat,
    timeout,
  } = OPTIONS.check(options);
  if (!(store instanceof Store))
    throw new InvalidArgumentError(`option store is ${describe(store)}; expected a store, as Store.create makes it`);
  if (servers !== undefined && engines !== undefined)
    throw new InvalidArgumentError("join takes servers or engines, and was given both");
  const consistency = choice("option consistency", options.consistency, CONSISTENCY_LEVELS, "eventual");
  if (domains === null || typeof domains !== "object")
    throw new InvalidArgumentError(`option domains is ${describe(domains)}; expected an object of domains by name`);
  const names = new Set([...Object.keys(DOMAINS), ...Object.keys(domains)]);
  const all = new Map([...names].map((name) => [name, checkDomain(name, domains[name] ?? {}, consistency)]));
  const limits = Object.fromEntries(
    [...names].map((name) => {
      const { maxBytes, maxEntries, evict } = domains[name] ?? {};
      return [name, { maxBytes, maxEntries, evict }];
    }),
  );
  const { every, keep } = CHECKPOINTS.check(checkpoints);
  if (backups === undefined && (every !== undefined || keep !== undefined))
    throw new InvalidArgumentError(
      'checkpoints are taken with the store\'s backups: give backups, as await store.backup({ directory, strategy: "manual" })',
    );
  return {
    ...{ store, node: checkNode(node), servers: checkServers(servers), nats, engines, external, domains: all },
    backups,
    checkpointEveryMs: milliseconds("option checkpoints.every", every, CHECKPOINT_MS, 0, MOST_MS),
    checkpointsKept: wholeNumber("option checkpoints.keep", keep, CHECKPOINTS_KEPT, 1, 10_000),
    heartbeatMs: milliseconds("option heartbeat", heartbeat, HEARTBEAT_MS, 10, 60_000),
    evaluateEveryMs: milliseconds("option evaluateEvery", evaluateEvery, EVALUATE_MS, 0, MOST_MS),
    limits: checkLimits({ ...options.limits, domains: limits }),
    coherence: choice("option coherence", coherence, COHERENCE_LEVELS, "eventual"),
    timeoutMs: milliseconds("option timeout", timeout, JOIN_MS, 1, MOST_MS),
  };
}

function checkDomain(name: string, options: DomainOptions, standard: Consistency): DomainSettings {
  if (!NAME.test(name)) {
    throw new InvalidArgumentError(
      `a domain is named ${describe(name)}; expected 1 to 64 letters, digits, hyphens and underscores, a letter or digit first`,
    );
  }
  const of = (option: string): string => `option domains.${name}.${option}`;
  const { consistency, window, timeout, backend, characteristics, replicas, storage, ttl, external, near } =
    DOMAIN_OPTIONS.check(options);
  const usual: Backend = Object.hasOwn(DOMAINS, name) ? DOMAINS[name as keyof typeof DOMAINS].backend : "cluster";
  const chosen = choice(of("backend"), backend, ["cluster", "node", "disk", "auto"] as const, usual);
  if (chosen === "auto" && characteristics === undefined)
    throw new InvalidArgumentError(`${of("backend")} is "auto", which needs characteristics to go by`);
  const copies = wholeNumber(of("replicas"), replicas, 3, 1, 5);
  if (copies % 2 === 0)
    throw new InvalidArgumentError(
      `${of("replicas")} is ${copies}; expected 1, 3 or 5: an even number survives no more`,
    );
  return {
    name,
    consistency: choice(of("consistency"), consistency, CONSISTENCY_LEVELS, standard),
    windowMs: milliseconds(of("window"), window, WINDOW_MS, 1, MOST_MS),
    timeoutMs: milliseconds(of("timeout"), timeout, TIMEOUT_MS, 1, MOST_MS),
    backend: chosen !== "auto" ? chosen : selectBackend(characteristics!).backend,
    durability: characteristics?.durability ?? (usual === "cluster" ? "high" : "none"),
    replicas: copies,
    storage: choice(of("storage"), storage, ["file", "memory"] as const, "file"),
    ttlMs: ttl === undefined ? undefined : milliseconds(of("ttl"), ttl, 0, 1, Number.MAX_SAFE_INTEGER),
    external: flag(of("external"), external, true),
    near: wholeNumber(of("near"), near, 0, 0, 2 ** 24 - 1),
  };
}

function checkNode(node: unknown): string {
  const fits = typeof node === "string" && node !== "" && Buffer.byteLength(node) <= NODE_NAME_BYTES_MAX;
  if (fits && (node as string & { isWellFormed(): boolean }).isWellFormed() && !/\p{Cc}/u.test(node)) return node;
  throw new InvalidArgumentError(
    `option node is ${describe(node)}; expected the node's name, 1 to ${NODE_NAME_BYTES_MAX} bytes in UTF-8 without control characters`,
  );
}

function checkServers(servers: unknown): readonly string[] {
  if (servers === undefined) return [];
  const list = typeof servers === "string" ? [servers] : servers;
  if (Array.isArray(list) && list.length > 0 && list.every((one) => typeof one === "string" && one !== "")) return list;
  throw new InvalidArgumentError(`option servers is ${describe(servers)}; expected one or more "host:port"`);
}
