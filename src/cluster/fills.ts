/**
 * Values that are being loaded, against invalidations that arrive meanwhile: what was read from its source before the invalidation must not be kept
 * after it. Only loads under way are remembered.
 */
export interface Fill {
  /** Whether an invalidation has met the key since the load began: the value may be given to whoever asked, not kept. */
  readonly stale: boolean;
  end(): void;
}

interface UnderWay extends Fill {
  stale: boolean;
}

export class Fills {
  private readonly underWay = new Map<string, Set<UnderWay>>();

  begin(key: string): Fill {
    const fills = this.underWay.get(key) ?? new Set();
    this.underWay.set(key, fills);
    const fill: UnderWay = {
      stale: false,
      end: () => {
        fills.delete(fill);
        if (fills.size === 0 && this.underWay.get(key) === fills) this.underWay.delete(key);
      },
    };
    fills.add(fill);
    return fill;
  }

  /** @param meets which keys; of a tag, all: which tags a value bears is known when it is there */
  invalidate(meets: (key: string) => boolean): void {
    for (const [key, fills] of this.underWay) if (meets(key)) for (const fill of fills) fill.stale = true;
  }
}
