import { FrequencySketch } from "./frequency-sketch.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { WindowClimber } from "./w-tinylfu-climber.js";
import { Weights } from "./weights.js";

/** Share of the capacity for the admission window, and of the rest for the protected segment: the paper's 1 % and 80 %. */
const WINDOW_SHARE = 0.01;
const PROTECTED_SHARE = 0.8;

const NOWHERE = 0;
const WINDOW = 1;
const PROBATION = 2;
const PROTECTED = 3;

/**
 * W-TinyLFU: newcomers enter a small LRU window; what leaves it is admitted to the main cache only if a sketch of recent
 * popularity finds it more frequent than the main cache's own victim. The main cache is a segmented LRU: a hit lifts an entry
 * from probation to the protected segment (Einziger, Friedman, Manes: "TinyLFU: a highly efficient cache admission policy",
 * ACM Transactions on Storage 2017). The window is fixed, or as `w-tinylfu-climbing`
 * goes where hits are: see `WindowClimber`. Ties go to the entry already in the main cache.
 *
 * By bytes, the shares count bytes: the window keeps as many of the newest entries as it takes to fill its share (so it may exceed it
 * by part of one), and every victim is the loser of a duel of its own, by frequency alone. As bytes tell nothing of how many
 * entries fit, the sketch has room for all ids and ages with the most entries held so far.
 *
 * Every operation O(1) amortised (the sketch ages). 9 bytes an id (two links, a state byte), 13 by bytes, and 8 to 16 an entry of
 * capacity (by bytes, an id) for the sketch.
 */
export class WTinyLfu implements Policy {
  readonly name: "w-tinylfu" | "w-tinylfu-climbing";
  size = 0;
  private readonly where: Uint8Array;
  private readonly links: Links;
  private readonly window: number;
  private readonly probation: number;
  private readonly protectedSegment: number;
  private windowCapacity: number;
  private protectedCapacity: number;
  private readonly climber: WindowClimber | null;
  private readonly popularity: FrequencySketch;
  private readonly weights: Weights;
  private mostHeld = 0;
  /** The segments' sizes, in the capacity's unit. */
  private windowSize = 0;
  private probationSize = 0;
  private protectedSize = 0;

  constructor(
    distinct: number,
    private readonly capacity: number,
    private readonly byBytes = false,
    climbing = false,
  ) {
    this.name = climbing ? "w-tinylfu-climbing" : "w-tinylfu";
    this.climber = climbing ? new WindowClimber(capacity) : null;
    this.weights = new Weights(distinct, byBytes);
    this.where = new Uint8Array(distinct);
    this.links = new Links(distinct, 3);
    this.window = this.links.list(0);
    this.probation = this.links.list(1);
    this.protectedSegment = this.links.list(2);
    this.windowCapacity = Math.max(1, Math.floor(WINDOW_SHARE * capacity));
    this.protectedCapacity = Math.floor(PROTECTED_SHARE * (capacity - this.windowCapacity));
    // A sketch wider than the ids there are would gain nothing.
    this.popularity = new FrequencySketch(Math.min(capacity, distinct));
  }

  has(id: number): boolean {
    return this.where[id] !== NOWHERE;
  }

  lookup(id: number): boolean {
    if (this.climber !== null) this.climb(this.climber, this.where[id] !== NOWHERE);
    this.popularity.increment(id);
    switch (this.where[id]) {
      case WINDOW:
        this.links.moveToHead(this.window, id);
        return true;
      case PROBATION:
        this.protect(id);
        return true;
      case PROTECTED:
        this.links.moveToHead(this.protectedSegment, id);
        return true;
      default:
        return false;
    }
  }

  /** While the cache is not full, what overflows the window passes into probation unchallenged. */
  insert(id: number, weight?: number): void {
    this.windowSize += this.weights.set(id, weight);
    this.size++;
    if (this.byBytes && this.size > this.mostHeld) {
      this.mostHeld = this.size;
      this.popularity.ageWith(this.mostHeld);
    }
    this.links.pushHead(this.window, id);
    this.where[id] = WINDOW;
    this.boundWindow();
  }

  evict(): number {
    const victim = this.chooseVictim();
    if (victim !== -1) this.remove(victim);
    return victim;
  }

  remove(id: number): boolean {
    if (this.where[id] === NOWHERE) return false;
    this.grow(id, -this.weights.of(id));
    this.links.unlink(id);
    this.where[id] = NOWHERE;
    this.size--;
    return true;
  }

  resize(id: number, weight: number): void {
    this.grow(id, -this.weights.of(id) + this.weights.set(id, weight));
    if (this.where[id] === PROTECTED) this.boundProtected();
  }

  private climb(climber: WindowClimber, hit: boolean): void {
    if (!climber.count(hit, this.byBytes ? Math.max(1, this.mostHeld) : this.capacity)) return;
    this.windowCapacity = climber.window;
    this.protectedCapacity = Math.floor(PROTECTED_SHARE * (this.capacity - this.windowCapacity));
    this.boundWindow();
    this.boundProtected();
  }

  private grow(id: number, by: number): void {
    const where = this.where[id];
    if (where === WINDOW) this.windowSize += by;
    else if (where === PROBATION) this.probationSize += by;
    else this.protectedSize += by;
  }

  /** The loser of the window's oldest entry and the main cache's: a winning candidate passes into probation. */
  private chooseVictim(): number {
    const resident = this.mainVictim();
    if (this.windowSize < this.windowCapacity) return resident === -1 ? this.windowVictim() : resident;
    const candidate = this.links.newer(this.window);
    if (resident === -1) return candidate;
    if (this.popularity.estimate(candidate) <= this.popularity.estimate(resident)) return candidate;
    this.passToProbation(candidate);
    return resident;
  }

  private windowVictim(): number {
    return this.windowSize > 0 ? this.links.newer(this.window) : -1;
  }

  private mainVictim(): number {
    if (this.probationSize > 0) return this.links.newer(this.probation);
    return this.protectedSize > 0 ? this.links.newer(this.protectedSegment) : -1;
  }

  /** An empty window is within every bound. */
  private boundWindow(): void {
    while (this.windowSize > this.windowCapacity) {
      const oldest = this.links.newer(this.window);
      if (this.windowSize - this.weights.of(oldest) < this.windowCapacity) return;
      this.passToProbation(oldest);
    }
  }

  private passToProbation(id: number): void {
    const weight = this.weights.of(id);
    this.links.moveToHead(this.probation, id);
    this.where[id] = PROBATION;
    this.windowSize -= weight;
    this.probationSize += weight;
  }

  /** Lifts an entry from probation; if the protected segment overflows, its oldest go back to probation. */
  private protect(id: number): void {
    const weight = this.weights.of(id);
    this.links.moveToHead(this.protectedSegment, id);
    this.where[id] = PROTECTED;
    this.probationSize -= weight;
    this.protectedSize += weight;
    this.boundProtected();
  }

  private boundProtected(): void {
    while (this.protectedSize > this.protectedCapacity) {
      const oldest = this.links.newer(this.protectedSegment);
      const weight = this.weights.of(oldest);
      this.links.moveToHead(this.probation, oldest);
      this.where[oldest] = PROBATION;
      this.protectedSize -= weight;
      this.probationSize += weight;
    }
  }
}
