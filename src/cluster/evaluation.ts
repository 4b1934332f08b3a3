/** Which backend each domain of a node belongs on, by what it has done since the last look: advice, which moves nothing by itself. */
import { BackendAdvisor } from "./backend-advisor.js";
import type { DomainState } from "./domain-state.js";
import type { Backend, Recommendation } from "./select-backend.js";

/** Where a domain would be better off. */
export interface DomainAdvice {
  /** Its name. */
  readonly domain: string;
  /** Where it was to be until now. */
  readonly before: Backend;
  /** Where it is to be. */
  readonly backend: Backend;
  /** What the tree says of the time since the last look; advice follows only when some of them agree. */
  readonly recommendation: Recommendation;
}

interface Watched {
  readonly advisor: BackendAdvisor;
  reads: number;
  writes: number;
}

export class Evaluation {
  private readonly watched = new Map<string, Watched>();

  constructor(
    private readonly domains: ReadonlyMap<string, DomainState>,
    private readonly topology: "single_node" | "multi_node",
  ) {}

  /** Where a domain is advised to be; null before the first look. */
  advised(domain: string): Backend | null {
    return this.watched.get(domain)?.advisor.backend ?? null;
  }

  /** Looks at all domains. */
  look(): DomainAdvice[] {
    const { topology } = this;
    return [...this.domains].map(([domain, { settings, counts, tier }]) => {
      const { backend, durability } = settings;
      const advisor = this.watched.get(domain)?.advisor ?? new BackendAdvisor({ backend, durability, topology });
      const { reads = 0, writes = 0 } = this.watched.get(domain) ?? {};
      const now = { reads: counts.hits + counts.misses, writes: counts.writes };
      this.watched.set(domain, { advisor, ...now });
      const before = advisor.backend;
      const { bytes } = tier.usage();
      const advice = advisor.look({ reads: now.reads - reads, writes: now.writes - writes, bytes });
      return { domain, before, backend: advice.backend, recommendation: advice.recommendation };
    });
  }
}
