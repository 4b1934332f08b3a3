/**
 * The right to have a connection open. A pool takes a permit before it opens one and gives it back when that one is closed, so whoever
 * counts the permits decides how many are open: within this pool here; over threads, whoever counts them in shared memory.
 */
export interface Permits {
  /** Takes one if one is free now. */
  tryTake(): boolean;
  /** Gives one back. */
  give(): void;
  /**
   * Calls `retry` whenever somebody else may have given one back; never for this pool's own, of which it knows. The function returned ends
   * that.
   */
  wait(retry: () => void): () => void;
  /** Calls `asked` when another pool begins to wait, so that one that is not needed can be closed. The function returned ends that. */
  onAsked?(asked: () => void): () => void;
  /** Whether one is to be given back to another pool that has waited so many ms, or longer. Answered with true, it is promised. */
  isOwed?(patience: number): boolean;
}

/** Permits of one pool alone. */
export class LocalPermits implements Permits {
  private taken = 0;

  constructor(private readonly max: number) {}

  tryTake(): boolean {
    if (this.taken >= this.max) return false;
    this.taken++;
    return true;
  }

  give(): void {
    this.taken--;
  }

  wait(): () => void {
    return () => {};
  }
}
