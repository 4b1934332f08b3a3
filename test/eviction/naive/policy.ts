/**
 * The second, slow implementations that the policies are held against: plain arrays and Maps, searched from end to end, written
 * from the papers and the semantics, not from the fast code. Arrays run from oldest to newest.
 */
export interface NaivePolicy {
  residents(): number[];
  lookup(id: number): boolean;
  /** `weight`: 1 by objects, bytes by bytes; `expiresAt`: absent for never. */
  insert(id: number, weight?: number, expiresAt?: number): void;
  evict(): number | undefined;
  remove(id: number): boolean;
  resize?(id: number, weight: number): void;
  renew?(id: number, expiresAt: number): void;
}

/** Takes an element out of an array; false when it is not there. */
export function take<T>(array: T[], element: T): boolean {
  const index = array.indexOf(element);
  if (index < 0) return false;
  array.splice(index, 1);
  return true;
}

/** What ids weigh, at least 1; the weight of a list is its sum, taken anew each time. */
export class NaiveWeights {
  private weights = new Map<number, number>();
  set(id: number, weight = 1) {
    this.weights.set(id, Math.max(1, weight));
  }
  of(id: number) {
    return this.weights.get(id)!;
  }
  sum(ids: readonly number[]) {
    return ids.reduce((sum, id) => sum + this.of(id), 0);
  }
}
