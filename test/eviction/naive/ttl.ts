import type { NaivePolicy } from "./policy.js";

/** Residents in the order in which they were given their expiry; the victim is the first of the least expiry. */
export class NaiveTtl implements NaivePolicy {
  private entries: { id: number; expiresAt: number }[] = [];
  residents() {
    return this.entries.map(({ id }) => id);
  }
  lookup(id: number) {
    return this.entries.some((entry) => entry.id === id);
  }
  insert(id: number, _weight?: number, expiresAt = Number.POSITIVE_INFINITY) {
    this.entries.push({ id, expiresAt });
  }
  evict() {
    const least = Math.min(...this.entries.map(({ expiresAt }) => expiresAt));
    const victim = this.entries.find(({ expiresAt }) => expiresAt === least)?.id;
    if (victim !== undefined) this.remove(victim);
    return victim;
  }
  remove(id: number) {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.id !== id);
    return this.entries.length < before;
  }
  renew(id: number, expiresAt: number) {
    if (this.entries.some((entry) => entry.id === id && entry.expiresAt === expiresAt)) return;
    this.remove(id);
    this.insert(id, undefined, expiresAt);
  }
}
