/** Bounded reads while others write: none may lack what was acknowledged longer ago than the window. */
import type { ClusterCheck } from "../../reports/results.js";
import { StaleError, UnavailableError, UnknownOutcomeError } from "../../src/cluster/index.js";
import type { Random } from "../../src/random.js";
import type { MeasuredNode } from "./cluster-here.js";

const KEYS = 4;
const STRONG = { consistency: "strong" } as const;

interface Acknowledged {
  readonly atMs: number;
  readonly seq: number;
}

export class WindowCheck {
  reads = 0;
  /** Reads that were refused, as they are to be where the window cannot be kept. */
  refused = 0;
  /** Reads that lacked something older than the window. */
  late = 0;
  private readonly faults: string[] = [];
  /** By key, in the order of their acknowledgement; numbers ascend, since a key's writes come one after the other. */
  private readonly acknowledged = new Map<string, Acknowledged[]>();

  /** @param timeoutMs of one read */
  constructor(
    private readonly windowMs: number,
    private readonly timeoutMs?: number,
  ) {}

  /** One write after the other; those that are not acknowledged say nothing. */
  async write(node: MeasuredNode, random: Random, value: string): Promise<void> {
    const key = this.key(random);
    try {
      const { version = 0 } = await node.shared.put(key, value, STRONG);
      const list = this.acknowledged.get(key) ?? [];
      this.acknowledged.set(key, list);
      list.push({ atMs: performance.now(), seq: version });
    } catch (error) {
      if (!(error instanceof UnavailableError) && !(error instanceof UnknownOutcomeError)) throw error;
    }
  }

  /** @returns what it took, ms; null where it was refused */
  async read(node: MeasuredNode, random: Random): Promise<number | null> {
    const key = this.key(random);
    const began = performance.now();
    let seq: number;
    try {
      const consistency = "bounded_stale";
      const entry = await node.shared.getEntry(key, { consistency, window: this.windowMs, timeout: this.timeoutMs });
      // nothing there: no write is older than the window, or it is missing
      seq = entry?.version ?? 0;
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      this.refused++;
      return null;
    }
    const took = performance.now() - began;
    this.reads++;
    const least = this.due(key, began - this.windowMs);
    if (seq >= least) return took;
    this.late++;
    if (this.faults.length < 20)
      this.faults.push(
        `${node.name} read version ${seq} of ${key}, and ${least} was older than ${this.windowMs} ms when it asked`,
      );
    return took;
  }

  check(): ClusterCheck {
    const refused = this.refused === 0 ? "" : `; ${this.refused} more were refused`;
    return {
      what: `bounded reads lack nothing that was acknowledged more than ${this.windowMs} ms before${refused}`,
      checker: "versions against acknowledgements",
      operations: this.reads,
      verdict: this.late > 0 ? "illegal" : this.reads === 0 ? "unknown" : "ok",
      wrong: this.late,
      faults: this.faults,
    };
  }

  /** The last that was acknowledged by then. */
  private due(key: string, atMs: number): number {
    const list = this.acknowledged.get(key) ?? [];
    for (let i = list.length - 1; i >= 0; i--) if (list[i].atMs < atMs) return list[i].seq;
    return 0;
  }

  private key(random: Random): string {
    return `w${random.below(KEYS)}`;
  }
}
