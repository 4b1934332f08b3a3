import type { NaivePolicy } from "./policy.js";

/** Frequency and time of last access of each resident; the victim is found by sorting. */
export class NaiveLfu implements NaivePolicy {
  private entries = new Map<number, { frequency: number; last: number }>();
  private time = 0;
  residents() {
    return [...this.entries.keys()];
  }
  lookup(id: number) {
    const entry = this.entries.get(id);
    if (entry === undefined) return false;
    entry.frequency++;
    entry.last = this.time++;
    return true;
  }
  insert(id: number) {
    this.entries.set(id, { frequency: 1, last: this.time++ });
  }
  evict() {
    const ranked = [...this.entries].sort(([, a], [, b]) => a.frequency - b.frequency || a.last - b.last);
    const victim = ranked[0]?.[0];
    if (victim !== undefined) this.entries.delete(victim);
    return victim;
  }
  remove(id: number) {
    return this.entries.delete(id);
  }
}
