import { type NaivePolicy, NaiveWeights, take } from "./policy.js";

export class NaiveTwoQ implements NaivePolicy {
  private a1in: number[] = [];
  private a1out: number[] = [];
  private am: number[] = [];
  private cameFromOut: number | undefined;
  private weights = new NaiveWeights();
  constructor(private readonly capacity: number) {}
  residents() {
    return [...this.a1in, ...this.am];
  }
  lookup(id: number) {
    this.cameFromOut = undefined;
    if (this.a1in.includes(id)) return true;
    if (take(this.am, id)) {
      this.am.push(id);
      return true;
    }
    if (take(this.a1out, id)) this.cameFromOut = id;
    return false;
  }
  insert(id: number, weight?: number) {
    this.weights.set(id, weight);
    (this.cameFromOut === id ? this.am : this.a1in).push(id);
    this.cameFromOut = undefined;
  }
  evict() {
    if (this.weights.sum(this.a1in) <= Math.floor(this.capacity / 4) && this.am.length > 0) return this.am.shift();
    const victim = this.a1in.shift();
    const out = Math.floor(this.capacity / 2);
    if (victim !== undefined && this.weights.of(victim) <= out) {
      this.a1out.push(victim);
      while (this.weights.sum(this.a1out) > out) this.a1out.shift();
    }
    return victim;
  }
  remove(id: number) {
    return take(this.a1in, id) || take(this.am, id);
  }
  resize(id: number, weight: number) {
    this.weights.set(id, weight);
  }
}
