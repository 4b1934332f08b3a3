import { type NaivePolicy, NaiveWeights, take } from "./policy.js";

/** LIRS with membership told by which of the arrays and sets hold an id. */
export class NaiveLirs implements NaivePolicy {
  /** Bottom first. */
  private stack: number[] = [];
  private queue: number[] = [];
  private lir = new Set<number>();
  /** In order of becoming non-resident. */
  private nonResident: number[] = [];
  private weights = new NaiveWeights();
  private readonly lirShare: number;
  constructor(private readonly capacity: number) {
    this.lirShare = capacity - Math.max(1, Math.floor(0.01 * capacity));
  }
  residents() {
    return [...this.lir, ...this.queue];
  }
  lookup(id: number) {
    if (!this.residents().includes(id)) return false;
    const stacked = take(this.stack, id);
    this.stack.push(id);
    if (!this.lir.has(id)) {
      take(this.queue, id);
      if (stacked) this.becomeLir(id);
      else this.queue.push(id);
    }
    if (this.lir.size > 0) this.prune();
    this.bound();
    return true;
  }
  insert(id: number, weight?: number) {
    this.weights.set(id, weight);
    const stacked = take(this.stack, id);
    this.stack.push(id);
    if (stacked) {
      take(this.nonResident, id);
      this.becomeLir(id);
    } else if (this.weights.sum([...this.lir, id]) <= this.lirShare) {
      this.lir.add(id);
    } else {
      this.queue.push(id);
    }
    if (this.lir.size > 0) this.prune();
    this.bound();
  }
  private becomeLir(id: number) {
    this.lir.add(id);
    this.boundLir();
  }
  private boundLir() {
    while (this.weights.sum([...this.lir]) > this.lirShare) this.demote();
  }
  private demote() {
    const bottom = this.stack.find((id) => this.lir.has(id))!;
    this.lir.delete(bottom);
    take(this.stack, bottom);
    this.queue.push(bottom);
    this.prune();
  }
  /** With no LIR entry left, the whole stack goes. */
  private prune() {
    while (this.stack.length > 0 && !this.lir.has(this.stack[0])) take(this.nonResident, this.stack.shift()!);
  }
  private bound() {
    while (this.weights.sum(this.stack) > 2 * this.capacity && this.nonResident.length > 0) {
      take(this.stack, this.nonResident.shift()!);
    }
  }
  evict() {
    if (this.queue.length === 0 && this.lir.size > 0) this.demote();
    const victim = this.queue.shift();
    if (victim !== undefined && this.stack.includes(victim)) this.nonResident.push(victim);
    return victim;
  }
  remove(id: number) {
    const wasLir = this.lir.delete(id);
    if (!wasLir && !take(this.queue, id)) return false;
    take(this.stack, id);
    if (wasLir) this.prune();
    return true;
  }
  resize(id: number, weight: number) {
    this.weights.set(id, weight);
    if (this.lir.has(id)) this.boundLir();
    this.bound();
  }
}
