/** What ends with a thread's connection to the store, the newest first: what came later may need what was there before. */

export interface Ending {
  /** Called once, by `close`, unless it was removed before. */
  endByClose(): Promise<void>;
  older: Ending | null;
  newer: Ending | null;
}

export class Endings {
  private newest: Ending | null = null;
  private under: Promise<void> | null = null;

  get isEmpty(): boolean {
    return this.newest === null && this.under === null;
  }

  add(ending: Ending): void {
    ending.older = this.newest;
    if (this.newest !== null) this.newest.newer = ending;
    this.newest = ending;
  }

  remove(ending: Ending): void {
    const { older, newer } = ending;
    if (older === null && newer === null && this.newest !== ending) return; // not there any more
    if (older !== null) older.newer = newer;
    if (newer !== null) newer.older = older;
    else this.newest = older;
    ending.older = null;
    ending.newer = null;
  }

  /**
   * Ends everything, what is added meanwhile included.
   *
   * @throws what ending one of them threw, once all have ended; of several an AggregateError
   */
  endAll(): Promise<void> {
    this.under ??= this.endEach().finally(() => {
      this.under = null;
    });
    return this.under;
  }

  private async endEach(): Promise<void> {
    const failures: unknown[] = [];
    for (let ending = this.newest; ending !== null; ending = this.newest) {
      this.remove(ending);
      try {
        await ending.endByClose();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1)
      throw new AggregateError(failures, `${failures.length} of the things that end with the store failed to end`);
  }
}
