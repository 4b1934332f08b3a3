import { type NaivePolicy, take } from "./policy.js";

export class NaiveArc implements NaivePolicy {
  private t1: number[] = [];
  private t2: number[] = [];
  private b1: number[] = [];
  private b2: number[] = [];
  private p = 0;
  private miss: { id: number; ghost: "b1" | "b2" | undefined } = { id: -1, ghost: undefined };
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
    const ratio = this.b2.length / this.b1.length;
    if (this.b1.includes(id)) {
      this.p = Math.min(this.p + Math.max(ratio, 1), this.capacity);
      this.miss.ghost = "b1";
      take(this.b1, id);
    } else if (this.b2.includes(id)) {
      this.p = Math.max(this.p - Math.max(this.b1.length / this.b2.length, 1), 0);
      this.miss.ghost = "b2";
      take(this.b2, id);
    }
    return false;
  }
  insert(id: number) {
    if (this.miss.id === id && this.miss.ghost) this.t2.push(id);
    else this.t1.push(id);
    this.miss = { id: -1, ghost: undefined };
  }
  evict() {
    if (this.miss.ghost) return this.replace();
    const all = this.t1.length + this.t2.length + this.b1.length + this.b2.length;
    if (this.t1.length + this.b1.length >= this.capacity) {
      if (this.b1.length === 0 && this.t1.length > 0) return this.t1.shift();
      this.b1.shift();
    } else if (all >= 2 * this.capacity) {
      this.b2.shift();
    }
    return this.replace();
  }
  private replace() {
    const { t1, t2, p } = this;
    const fromT1 =
      t2.length === 0 || (t1.length > 0 && (t1.length > p || (t1.length === p && this.miss.ghost === "b2")));
    const victim = (fromT1 ? t1 : t2).shift();
    if (victim !== undefined) (fromT1 ? this.b1 : this.b2).push(victim);
    return victim;
  }
  remove(id: number) {
    return take(this.t1, id) || take(this.t2, id);
  }
}
