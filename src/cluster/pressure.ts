/** Looks at what is used, tells when a level of pressure begins or ends, and has evicted what may be. */
import { excessOf, type MemoryLimits, type Pressure, pressureAt, type Usage, usageRatio } from "./limits.js";

/** Of a limit that is nearer than before, or farther. */
export interface PressureEvent {
  /** "node", "cluster", or a domain as "domain:session". */
  readonly scope: string;
  /** Now. */
  readonly pressure: Pressure;
  /** Before. */
  readonly before: Pressure;
  /** Share of the limit. */
  readonly ratio: number;
}

export interface PressureSource {
  /** By domain. */
  usage(): ReadonlyMap<string, Usage>;
  /** Of all nodes, this one's among it. */
  clusterBytes(): number;
  /** Gives up entries of the domain, about so many, and says how many it were. */
  evict(domain: string, excess: Usage): number;
}

export class PressureWatch {
  evictions = 0;
  private readonly levels = new Map<string, Pressure>();
  private readonly listeners = new Set<(event: PressureEvent) => void>();

  constructor(
    private readonly limits: MemoryLimits,
    private readonly source: PressureSource,
  ) {}

  onChange(listener: (event: PressureEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  pressureOf(scope: string): Pressure {
    return this.levels.get(scope) ?? "low";
  }

  look(): void {
    const usage = this.source.usage();
    const { node, domains, clusterMaxBytes } = this.limits;
    for (const [name, used] of usage) {
      const limit = domains.get(name) ?? node;
      const pressure = this.level(`domain:${name}`, usageRatio(used, limit));
      if (domains.get(name)?.evict) this.evict(name, excessOf(used, limit, pressure));
    }
    // as it is now: what a domain has just given up need not be given up once more for the node
    const left = this.source.usage();
    const all = total(left.values());
    const pressure = this.level("node", usageRatio(all, node));
    this.relieve(left, excessOf(all, node, pressure));
    this.level("cluster", this.source.clusterBytes() / clusterMaxBytes);
  }

  /** The node's excess is shared by the domains that may evict, as they use it. */
  private relieve(usage: ReadonlyMap<string, Usage>, excess: Usage): void {
    const evicting = [...usage].filter(([name]) => this.limits.domains.get(name)?.evict);
    const theirs = total(evicting.map(([, used]) => used));
    for (const [name, used] of evicting) {
      const share = { bytes: portion(used.bytes, theirs.bytes), entries: portion(used.entries, theirs.entries) };
      this.evict(name, {
        bytes: Math.ceil(excess.bytes * share.bytes),
        entries: Math.ceil(excess.entries * share.entries),
      });
    }
  }

  private evict(domain: string, excess: Usage): void {
    if (excess.bytes > 0 || excess.entries > 0) this.evictions += this.source.evict(domain, excess);
  }

  private level(scope: string, ratio: number): Pressure {
    const before = this.pressureOf(scope);
    const pressure = pressureAt(ratio, before);
    if (pressure === before) return pressure;
    this.levels.set(scope, pressure);
    for (const listener of this.listeners) listener({ scope, pressure, before, ratio });
    return pressure;
  }
}

function portion(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

export function total(usages: Iterable<Usage>): Usage {
  let bytes = 0;
  let entries = 0;
  for (const usage of usages) {
    bytes += usage.bytes;
    entries += usage.entries;
  }
  return { bytes, entries };
}
