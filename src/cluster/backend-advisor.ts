/**
 * Looks again, every few minutes, which backend a domain belongs on, by what it has done since. A domain near a threshold would move to and fro:
 * so a threshold is crossed only by a margin, and a change is advised only when as many looks in a row agree.
 */
import {
  type Backend,
  type Durability,
  READ_MOSTLY,
  type Recommendation,
  SMALL_BYTES,
  selectBackend,
} from "./select-backend.js";

/** One interval of a domain. */
export interface Observed {
  readonly reads: number;
  readonly writes: number;
  readonly bytes: number;
}

export interface AdvisorSettings {
  readonly backend: Backend;
  readonly durability: Durability;
  readonly topology: "single_node" | "multi_node";
  /** Looks in a row that must agree. Default 3. */
  readonly looks?: number;
}

/** What a look at a domain's use came to. */
export interface Advice {
  /** Where the data is, or is to be now. */
  readonly backend: Backend;
  /** Whether this look changed it. */
  readonly changed: boolean;
  /** What the tree says of this interval. */
  readonly recommendation: Recommendation;
}

const LOOKS = 3;
/** A size within so much of the threshold, as a share of it, and a read ratio within so much, count as on the side where they were. */
const SIZE_MARGIN = 0.1;
const RATIO_MARGIN = 0.02;
/** An interval with fewer operations says nothing of the ratio. */
const LEAST_OPERATIONS = 100;

export class BackendAdvisor {
  backend: Backend;
  private readonly looks: number;
  private isSmall: boolean | null = null;
  private readsMostly: boolean | null = null;
  private candidate: Backend | null = null;
  private agreed = 0;

  constructor(private readonly settings: AdvisorSettings) {
    this.backend = settings.backend;
    this.looks = settings.looks ?? LOOKS;
  }

  look({ reads, writes, bytes }: Observed): Advice {
    this.isSmall = below(bytes, SMALL_BYTES, SIZE_MARGIN * SMALL_BYTES, this.isSmall);
    if (reads + writes >= LEAST_OPERATIONS) {
      this.readsMostly = !below(reads / (reads + writes), READ_MOSTLY, RATIO_MARGIN, negated(this.readsMostly));
    }
    const { durability, topology } = this.settings;
    const recommendation = selectBackend({
      // the tree is asked with values that are clearly on the side where they count
      dataSize: this.isSmall ? 0 : SMALL_BYTES,
      readRatio: this.readsMostly ? 1 : 0,
      durability,
      topology,
    });
    const changed = this.weigh(recommendation);
    return { backend: this.backend, changed, recommendation };
  }

  private weigh({ backend, unmet }: Recommendation): boolean {
    if (backend === this.backend || unmet.length > 0) {
      this.candidate = null;
      this.agreed = 0;
      return false;
    }
    this.agreed = backend === this.candidate ? this.agreed + 1 : 1;
    this.candidate = backend;
    if (this.agreed < this.looks) return false;
    this.backend = backend;
    this.candidate = null;
    this.agreed = 0;
    return true;
  }
}

/** Whether a value counts as below a threshold, given where it was before; null: nowhere. At the threshold, it is not below. */
function below(value: number, threshold: number, margin: number, before: boolean | null): boolean {
  if (before === null) return value < threshold;
  return before ? value < threshold + margin : value < threshold - margin;
}

function negated(before: boolean | null): boolean | null {
  return before === null ? null : !before;
}
