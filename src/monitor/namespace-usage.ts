/**
 * What the namespaces take, for those who look. There may be 65,000 of them, and looking at each takes its time: so they are looked at again
 * only when a hundred times as long has passed as the last look took, which is a hundredth of a thread at most.
 */
import { type Store, usages } from "../store/index.js";

/** What a namespace takes. */
export interface NamespaceFigures {
  /** Its name. */
  readonly name: string;
  /** Living ones. */
  readonly entries: number;
  /** Of chunks, as for the namespace's `maxBytes`. */
  readonly bytes: number;
}

/** How many are told of: those with the most bytes. */
const TOLD = 100;
const REST = 100;

export class NamespaceUsages {
  private latest: readonly NamespaceFigures[] = [];
  private lookAgainAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly store: Store) {}

  /** The largest first. */
  read(): readonly NamespaceFigures[] {
    const began = performance.now();
    if (began < this.lookAgainAt) return this.latest;
    this.latest = usages(this.store)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, TOLD);
    const ended = performance.now();
    this.lookAgainAt = ended + REST * (ended - began);
    return this.latest;
  }
}
