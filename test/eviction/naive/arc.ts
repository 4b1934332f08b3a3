import { type NaivePolicy, NaiveWeights, take } from "./policy.js";

export class NaiveArc implements NaivePolicy {
  private t1: number[] = [];
  private t2: number[] = [];
  private b1: number[] = [];
  private b2: number[] = [];
  private p = 0;
  private miss: { id: number; ghost: "b1" | "b2" | undefined } = { id: -1, ghost: undefined };
  private weights = new NaiveWeights();
  constructor(private readonly capacity: number) {}
  residents() {
    return [...this.t1, ...this.t2];
  }
  lookup(id: number) {
    if (take(this.t1, id) || take(this.t2, id)) {
      this.t2.push(id);
      return true;
    }
    this.miss = { id, ghost: undefined };
    const b1 = this.weights.sum(this.b1);
    const b2 = this.weights.sum(this.b2);
    if (this.b1.includes(id)) {
      this.p = Math.min(this.p + this.weights.of(id) * Math.max(b2 / b1, 1), this.capacity);
      this.miss.ghost = "b1";
      take(this.b1, id);
    } else if (this.b2.includes(id)) {
      this.p = Math.max(this.p - this.weights.of(id) * Math.max(b1 / b2, 1), 0);
      this.miss.ghost = "b2";
      take(this.b2, id);
    }
    return false;
  }
  insert(id: number, weight?: number) {
    this.weights.set(id, weight);
    if (this.miss.id === id && this.miss.ghost) this.t2.push(id);
    else this.t1.push(id);
    this.miss = { id: -1, ghost: undefined };
  }
  evict() {
    if (this.residents().length === 0) return undefined;
    if (this.miss.ghost) return this.replace();
    const l1 = () => this.weights.sum([...this.t1, ...this.b1]);
    if (l1() >= this.capacity) {
      if (this.b1.length === 0) return this.t1.shift();
      while (this.b1.length > 0 && l1() >= this.capacity) this.b1.shift();
    } else {
      const all = () => this.weights.sum([...this.t1, ...this.b1, ...this.t2, ...this.b2]);
      while (this.b2.length > 0 && all() >= 2 * this.capacity) this.b2.shift();
    }
    return this.replace();
  }
  private replace() {
    const { t1, t2, p } = this;
    const size = this.weights.sum(t1);
    const fromT1 = t2.length === 0 || (t1.length > 0 && (size > p || (size === p && this.miss.ghost === "b2")));
    const victim = (fromT1 ? t1 : t2).shift();
    if (victim !== undefined) (fromT1 ? this.b1 : this.b2).push(victim);
    return victim;
  }
  remove(id: number) {
    return take(this.t1, id) || take(this.t2, id);
  }
  resize(id: number, weight: number) {
    this.weights.set(id, weight);
  }
}
