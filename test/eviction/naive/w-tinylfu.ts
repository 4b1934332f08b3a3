import { type NaivePolicy, NaiveWeights, take } from "./policy.js";

/** W-TinyLFU over whatever tells popularity: the sketch has tests of its own. */
export class NaiveWTinyLfu implements NaivePolicy {
  private window: number[] = [];
  private probation: number[] = [];
  private protectedSegment: number[] = [];
  private weights = new NaiveWeights();
  private most = 0;
  private windowShare: number;
  private protectedShare: number;
  /** Of the present sample: whether each request was a hit. */
  private sample: boolean[] = [];
  private lastRatio = 0;
  private exactWindow: number;
  private stride: number;
  constructor(
    private readonly capacity: number,
    private readonly popularity: {
      increment(id: number): void;
      estimate(id: number): number;
      ageWith(entries: number): void;
    },
    private readonly byBytes = false,
    private readonly climbing = false,
  ) {
    this.exactWindow = 0.01 * capacity;
    this.stride = -0.0625 * capacity;
    this.windowShare = Math.max(1, Math.floor(0.01 * capacity));
    this.protectedShare = Math.floor(0.8 * (capacity - this.windowShare));
  }
  residents() {
    return [...this.window, ...this.probation, ...this.protectedSegment];
  }
  /** Ten requests an entry, then a step: on when the hit ratio rose, else back; shorter each time, but long after a jump. */
  private climb(hit: boolean) {
    this.sample.push(hit);
    if (this.sample.length < 10 * (this.byBytes ? Math.max(1, this.most) : this.capacity)) return;
    const ratio = this.sample.filter(Boolean).length / this.sample.length;
    if (ratio < this.lastRatio) this.stride = -this.stride;
    this.exactWindow = Math.min(0.8 * this.capacity, Math.max(0.01 * this.capacity, this.exactWindow + this.stride));
    this.stride *= 0.98;
    if (Math.abs(ratio - this.lastRatio) >= 0.05) this.stride = Math.sign(this.stride) * 0.0625 * this.capacity;
    this.lastRatio = ratio;
    this.sample = [];
    this.windowShare = Math.max(1, Math.floor(this.exactWindow));
    this.protectedShare = Math.floor(0.8 * (this.capacity - this.windowShare));
    this.boundWindow();
    this.boundProtected();
  }
  lookup(id: number) {
    if (this.climbing) this.climb(this.residents().includes(id));
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
    this.boundWindow();
  }
  private boundWindow() {
    while (this.window.length > 0 && this.weights.sum(this.window.slice(1)) >= this.windowShare) {
      this.probation.push(this.window.shift()!);
    }
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
