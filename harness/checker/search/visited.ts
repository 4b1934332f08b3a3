/**
 * Configurations (set of linearized operations, state) the search has been in. Coming back to one by another order
 * cannot end otherwise, which is what keeps the search from trying every permutation (Lowe, Testing for
 * linearizability, 2017). Exact, not hashed: a collision would call a correct history illegal.
 */
export class Visited {
  private readonly configurations = new Set<string>();
  private readonly stateIds = new Map<string, number>();

  get size(): number {
    return this.configurations.size;
  }

  /** False if it was there already. */
  add(linearized: string, stateKey: string): boolean {
    const before = this.configurations.size;
    const id = this.idOf(stateKey);
    this.configurations.add(String.fromCharCode(id & 0xffff, id >>> 16) + linearized);
    return this.configurations.size > before;
  }

  /** States repeat much more often than sets, and may be long; a number for each keeps the configurations short. */
  private idOf(stateKey: string): number {
    let id = this.stateIds.get(stateKey);
    if (id === undefined) {
      id = this.stateIds.size;
      this.stateIds.set(stateKey, id);
    }
    return id;
  }
}
