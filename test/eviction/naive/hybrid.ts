import type { NaivePolicy } from "./policy.js";

interface Entry {
  id: number;
  list: "once" | "often";
  last: number;
  placed: number;
  gap: number | undefined;
  referenced: boolean;
}

interface Ghost {
  list: "once" | "often";
  last: number;
  scores: number[];
  eviction: number;
}

/** Hybrid scoring over objects. `below` draws a whole number below a bound. */
export class NaiveHybrid implements NaivePolicy {
  private entries: Entry[] = [];
  /** In order of eviction. */
  private ghosts = new Map<number, Ghost>();
  private weights = [1 / 4, 1 / 4, 1 / 4, 1 / 4];
  private target = 0;
  private now = 0;
  private evictions = 0;
  private returning: { id: number; last: number } | undefined;
  constructor(private readonly below: (bound: number) => number) {}
  residents() {
    return this.entries.map(({ id }) => id);
  }
  lookup(id: number) {
    this.now++;
    const entry = this.entries.find((candidate) => candidate.id === id);
    if (entry !== undefined) {
      Object.assign(entry, { gap: this.now - entry.last, last: this.now, referenced: true, list: "often" });
      return true;
    }
    this.returning = undefined;
    const ghost = this.ghosts.get(id);
    if (ghost !== undefined) this.regret(id, ghost);
    return false;
  }
  private regret(id: number, ghost: Ghost) {
    const count = (list: string) => [...this.ghosts.values()].filter((other) => other.list === list).length;
    const [once, often] = [count("once"), count("often")];
    const size = this.entries.length;
    this.target =
      ghost.list === "once"
        ? Math.min(this.target + Math.max(often / once, 1), size)
        : Math.max(this.target - Math.max(once / often, 1), 0);
    const regret = 0.45 * 0.005 ** ((this.evictions - ghost.eviction) / (size + 1));
    const lowered = this.weights.map((weight, j) => Math.max(0.01, weight * Math.exp(-regret * ghost.scores[j])));
    const total = lowered.reduce((sum, weight) => sum + weight, 0);
    this.weights = lowered.map((weight) => weight / total);
    this.ghosts.delete(id);
    this.returning = { id, last: ghost.last };
  }
  insert(id: number) {
    const back = this.returning?.id === id ? this.returning : undefined;
    const gap = back && this.now - back.last;
    this.entries.push({ id, list: back ? "often" : "once", last: this.now, placed: this.now, gap, referenced: false });
    this.returning = undefined;
  }
  evict() {
    const { now, entries } = this;
    if (entries.length === 0) return undefined;
    const sample =
      entries.length <= 16 ? [...entries] : Array.from({ length: 16 }, () => entries[this.below(entries.length)]);
    for (const entry of sample.filter(({ referenced }) => referenced)) {
      Object.assign(entry, { placed: now, referenced: false });
    }
    const longest = (times: number[]) => Math.max(1, ...times);
    const age = longest(sample.map(({ last }) => now - last));
    const stay = longest(sample.map(({ placed }) => now - placed));
    const distance = ({ gap, last }: Entry) => Math.max(gap!, now - last);
    const reach = longest(sample.filter(({ gap }) => gap !== undefined).map(distance));
    const over = entries.filter(({ list }) => list === "once").length > this.target ? "once" : "often";
    const scores = sample.map((entry) => {
      const lru = (now - entry.last) / age;
      return [
        lru,
        (now - entry.placed) / stay,
        (entry.list === over ? 0.5 : 0) + 0.5 * lru,
        0.9 * (entry.gap === undefined ? 1 : (0.5 * distance(entry)) / reach) + 0.1 * (1 - lru),
      ];
    });
    const sums = scores.map((four) => four.reduce((sum, score, j) => sum + this.weights[j] * score, 0));
    const chosen = sums.indexOf(Math.max(...sums));
    const { id, list, last } = sample[chosen];
    this.remove(id);
    // Remembered in single precision.
    const mean = (j: number) => scores.reduce((sum, four) => sum + four[j], 0) / scores.length;
    const excess = scores[chosen].map((score, j) => Math.fround(Math.max(0, score - mean(j))));
    this.ghosts.set(id, { list, last, scores: excess, eviction: this.evictions++ });
    while (this.ghosts.size > 2 * (this.entries.length + 1)) this.ghosts.delete(this.ghosts.keys().next().value!);
    return id;
  }
  remove(id: number) {
    const at = this.entries.findIndex((entry) => entry.id === id);
    if (at < 0) return false;
    const last = this.entries.pop()!;
    if (at < this.entries.length) this.entries[at] = last;
    return true;
  }
}
