import { type NaivePolicy, NaiveWeights, take } from "./policy.js";

/** W-TinyLFU over whatever tells popularity: the sketch has tests of its own. */
export class NaiveWTinyLfu implements NaivePolicy {
  private window: number[] = [];
  private probation: number[] = [];
  private protectedSegment: number[] = [];
  private weights = new NaiveWeights();
  private most = 0;
  private readonly windowShare: number;
  private readonly protectedShare: number;
  constructor(
    capacity: number,
    private readonly popularity: {
      increment(id: number): void;
      estimate(id: number): number;
      ageWith(entries: number): void;
    },
    private readonly byBytes = false,
  ) {
    this.windowShare = Math.max(1, Math.floor(0.01 * capacity));
    this.protectedShare = Math.floor(0.8 * (capacity - this.windowShare));
  }
  residents() {
    return [...this.window, ...this.probation, ...this.protectedSegment];
  }
  lookup(id: number) {
    this.popularity.increment(id);
    if (take(this.window, id)) {
      this.window.push(id);
    } else if (take(this.probation, id) || take(this.protectedSegment, id)) {
      this.protectedSegment.push(id);
      this.boundProtected();
    } else {
      return false;
    }
    return true;
  }
  private boundProtected() {
    while (this.weights.sum(this.protectedSegment) > this.protectedShare) {
      this.probation.push(this.protectedSegment.shift()!);
    }
  }
  insert(id: number, weight?: number) {
    this.weights.set(id, weight);
    this.window.push(id);
    this.most = Math.max(this.most, this.residents().length);
    if (this.byBytes) this.popularity.ageWith(this.most);
    while (this.weights.sum(this.window.slice(1)) >= this.windowShare) this.probation.push(this.window.shift()!);
  }
  evict() {
    const main = this.probation.length > 0 ? this.probation : this.protectedSegment;
    if (main.length === 0) return this.window.shift();
    if (this.weights.sum(this.window) < this.windowShare) return main.shift();
    const candidate = this.window.shift()!;
    if (this.popularity.estimate(candidate) <= this.popularity.estimate(main[0])) return candidate;
    const victim = main.shift();
    this.probation.push(candidate);
    return victim;
  }
  remove(id: number) {
    return take(this.window, id) || take(this.probation, id) || take(this.protectedSegment, id);
  }
  resize(id: number, weight: number) {
    this.weights.set(id, weight);
    this.boundProtected();
  }
}
