/**
 * Limits of a node, of each domain and of the cluster, and what is done before they are reached (the fourth source's Memory Limits). The engine's
 * own wall lies above them: at it even the change of a key that is there would be refused, so new keys are refused before.
 *
 * | pressure | of the limit | done |
 * |---|---|---|
 * | low | under 60 % | |
 * | medium | 60 to 80 % | told |
 * | high | 80 to 90 % | domains that may evict do, down to 80 % |
 * | critical | over 90 % | they do, down to 60 %; new keys are refused |
 */
import { flag, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { formatBytes, parseBytes, type Size } from "../units.js";
import { ClusterLimitError } from "./errors.js";

export const PRESSURES = ["low", "medium", "high", "critical"] as const;
/** How much of a limit is used: below 60 % low, to 80 % medium, to 90 % high, above critical. */
export type Pressure = (typeof PRESSURES)[number];

const MEDIUM = 0.6;
const HIGH = 0.8;
const CRITICAL = 0.9;
/** A level is left only this far below where it begins, or it would be told again with every entry that comes and goes. */
const MARGIN = 0.02;

/** What may be kept at most. */
export interface LimitOptions {
  /** Bytes, or text such as "64MiB". Default of a node 1 GiB; of a domain what docs/cluster.md lists, or else the node's. */
  readonly maxBytes?: Size;
  /** A whole number. Default of a node 100,000; of a domain the node's. */
  readonly maxEntries?: number;
}

/** What one domain may keep. */
export interface DomainLimitOptions extends LimitOptions {
  /** Whether entries may be given up for others. Default: of `cache` and `ephemeral` true, of others false. */
  readonly evict?: boolean;
}

/** What a node may keep. */
export interface MemoryLimitOptions extends LimitOptions {
  /** By name. Default: what docs/cluster.md lists. */
  readonly domains?: Readonly<Record<string, DomainLimitOptions>>;
  /** Of all nodes together. Default: none but what the nodes' own add up to. */
  readonly cluster?: {
    /** Default: what the nodes' own add up to. */
    readonly maxBytes?: Size;
  };
}

export interface Limit {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface DomainLimit extends Limit {
  readonly evict: boolean;
}

export interface MemoryLimits {
  readonly node: Limit;
  readonly domains: ReadonlyMap<string, DomainLimit>;
  readonly clusterMaxBytes: number;
}

/** The source's, its MB taken as 1024 * 1024 bytes as it does. */
export const DEFAULT_LIMITS = {
  node: { maxBytes: 2 ** 30, maxEntries: 100_000 },
  domains: {
    session: { maxBytes: 100 * 2 ** 20, evict: false },
    shared: { maxBytes: 200 * 2 ** 20, evict: false },
    registry: { maxBytes: 50 * 2 ** 20, evict: false },
    cache: { maxBytes: 300 * 2 ** 20, evict: true },
    ephemeral: { maxBytes: 50 * 2 ** 20, evict: true },
  },
} as const;

const OPTIONS = new KnownOptions("limits", ["maxBytes", "maxEntries", "domains", "cluster"]);
const DOMAIN = new KnownOptions("limits of a domain", ["maxBytes", "maxEntries", "evict"]);
const CLUSTER = new KnownOptions("limits.cluster", ["maxBytes"]);

/** @throws InvalidArgumentError, also for a domain's limit above the node's */
export function checkLimits(options: MemoryLimitOptions = {}): MemoryLimits {
  OPTIONS.check(options);
  const node = limitOf("option limits", options, DEFAULT_LIMITS.node);
  const names = new Set([...Object.keys(DEFAULT_LIMITS.domains), ...Object.keys(options.domains ?? {})]);
  const domains = new Map<string, DomainLimit>();
  for (const name of names) {
    const given = DOMAIN.check(options.domains?.[name] ?? {});
    const usual = (DEFAULT_LIMITS.domains as Record<string, { maxBytes: number; evict: boolean }>)[name];
    const standard = {
      maxBytes: Math.min(usual?.maxBytes ?? node.maxBytes, node.maxBytes),
      maxEntries: node.maxEntries,
    };
    const limit = limitOf(`option limits.domains.${name}`, given, standard);
    if (limit.maxBytes > node.maxBytes) {
      throw new InvalidArgumentError(
        `option limits.domains.${name}.maxBytes is ${formatBytes(limit.maxBytes)}, more than the node's ${formatBytes(node.maxBytes)}; raise limits.maxBytes or lower it`,
      );
    }
    domains.set(name, {
      ...limit,
      evict: flag(`option limits.domains.${name}.evict`, given.evict, usual?.evict ?? false),
    });
  }
  const cluster = CLUSTER.check(options.cluster ?? {}).maxBytes;
  return {
    node,
    domains,
    clusterMaxBytes:
      cluster === undefined ? Number.POSITIVE_INFINITY : parseBytes(cluster, "option limits.cluster.maxBytes"),
  };
}

function limitOf(name: string, { maxBytes, maxEntries }: LimitOptions, standard: Limit): Limit {
  return {
    maxBytes: maxBytes === undefined ? standard.maxBytes : parseBytes(maxBytes, `${name}.maxBytes`),
    maxEntries: wholeNumber(`${name}.maxEntries`, maxEntries, standard.maxEntries, 1, 2 ** 32),
  };
}

export interface Usage {
  readonly bytes: number;
  readonly entries: number;
}

/** Share of the limit that is used: of bytes or of entries, whichever is more. */
export function usageRatio({ bytes, entries }: Usage, { maxBytes, maxEntries }: Limit): number {
  return Math.max(bytes / maxBytes, entries / maxEntries);
}

/** @param before the level so far: it is left downwards only by a margin */
export function pressureAt(ratio: number, before: Pressure = "low"): Pressure {
  const plain = levelAt(ratio);
  return PRESSURES.indexOf(plain) < PRESSURES.indexOf(before) ? lower(levelAt(ratio + MARGIN), before) : plain;
}

function levelAt(ratio: number): Pressure {
  if (ratio > CRITICAL) return "critical";
  if (ratio >= HIGH) return "high";
  return ratio >= MEDIUM ? "medium" : "low";
}

function lower(a: Pressure, b: Pressure): Pressure {
  return PRESSURES.indexOf(a) < PRESSURES.indexOf(b) ? a : b;
}

/**
 * Whether a write may go ahead: a key that is there may always be changed, a new one only where it leaves nothing above 90 %.
 *
 * @param used of the domain, of the node with all its domains, and of all nodes together
 * @throws ClusterLimitError naming what is full, by how much, and what to do
 */
export function admit(
  limits: MemoryLimits,
  domain: string,
  bytes: number,
  used: { readonly domain: Usage; readonly node: Usage; readonly clusterBytes: number },
): void {
  const scopes: [string, Usage, Limit][] = [
    [`domain "${domain}"`, used.domain, limits.domains.get(domain) ?? limits.node],
    ["this node", used.node, limits.node],
    [
      "the cluster",
      { bytes: used.clusterBytes, entries: 0 },
      { maxBytes: limits.clusterMaxBytes, maxEntries: Number.POSITIVE_INFINITY },
    ],
  ];
  for (const [name, usage, limit] of scopes) {
    const after = { bytes: usage.bytes + bytes, entries: usage.entries + 1 };
    // the first entries of a small limit are no pressure, however large a share they are of it
    if (usageRatio(after, limit) <= CRITICAL || (usage.entries === 0 && name !== "the cluster" && fits(after, limit)))
      continue;
    const what =
      usage.bytes / limit.maxBytes >= usage.entries / limit.maxEntries
        ? `${formatBytes(usage.bytes)} of ${formatBytes(limit.maxBytes)} are used, and ${formatBytes(bytes)} more would be over 90 %`
        : `${usage.entries} of ${limit.maxEntries} entries are there, and one more would be over 90 %`;
    throw new ClusterLimitError(
      `${name} takes no new key: ${what}; delete or expire entries, or raise the limit. Keys that are there can be changed`,
    );
  }
}

function fits({ bytes, entries }: Usage, { maxBytes, maxEntries }: Limit): boolean {
  return bytes <= maxBytes && entries <= maxEntries;
}

/** Bytes and entries to give up, so that the pressure ends: 0 while it is not high. */
export function excessOf(usage: Usage, limit: Limit, pressure: Pressure): Usage {
  if (pressure === "low" || pressure === "medium") return { bytes: 0, entries: 0 };
  const goal = pressure === "high" ? HIGH : MEDIUM;
  return {
    bytes: Math.max(0, Math.ceil(usage.bytes - goal * limit.maxBytes)),
    entries: Math.max(0, Math.ceil(usage.entries - goal * limit.maxEntries)),
  };
}
