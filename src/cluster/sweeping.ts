/**
 * What was deleted or has expired is taken out of the logs now and then, and out of the copies: else both would grow with every key that ever was.
 *
 * A log that all nodes share is swept by one of them, after a time in which every node that is not away has seen the deletions; the others then drop
 * what it has swept. A log of this process is nobody else's: each node sweeps its own, at once.
 */
/** For how long deleted and expired keys stay in a shared log: longer than a node is away for a restart. */
const KEPT_MS = 3_600_000;

export interface Swept {
  /** The log is in this process. */
  readonly isOwn: boolean;
  /** Takes what has been gone for so long out of the log and the copy. @throws EngineNotSent, EngineUnknown */
  sweep(keptMs: number): Promise<number>;
  /** Drops what has been gone for so long, and another node has swept. */
  dropSwept(keptMs: number): number;
}

export class Sweeping {
  private underWay = false;

  /** @param isFirst whether this node sweeps what is everybody's */
  constructor(
    private readonly domains: () => Iterable<Swept>,
    private readonly isFirst: () => boolean,
  ) {}

  /** One at a time: while the last is under way nothing is done. */
  async look(): Promise<void> {
    if (this.underWay) return;
    this.underWay = true;
    for (const domain of this.domains()) {
      try {
        if (domain.isOwn) await domain.sweep(0);
        else if (this.isFirst()) await domain.sweep(KEPT_MS);
        else domain.dropSwept(2 * KEPT_MS);
      } catch {
        // tried again at the next look
      }
    }
    this.underWay = false;
  }
}
