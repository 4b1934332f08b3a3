/**
 * Pools of equal blocks for what is needed for a moment: a state, a trajectory, a message. Taking one is a swap of its owner's word
 * (src/core/assembly/blocks.ts); a thread's blocks end with it.
 */
import { describe, KnownOptions, wholeNumber } from "../check.js";
import { ArenaWords, layout } from "../core/index.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError, PoolExhaustedError } from "../errors.js";
import { type Size, sizeIn } from "../units.js";
import { type Arena, UNIT } from "./arena.js";
import type { BudgetLine } from "./budget.js";

/** What happens when all blocks are out: PoolExhaustedError, or a piece of the arena. */
export type WhenExhausted = "throw" | "fallback";

/** How large a pool's blocks are, and how many. */
export interface PoolShape {
  /** Of a block; a multiple of 8. */
  readonly bytes: Size;
  /** Blocks that there are, 1 or more. */
  readonly count: number;
  /** When all are out: PoolExhaustedError (default), or a piece of the arena of the same size, which is counted. */
  readonly whenExhausted?: WhenExhausted;
}

/** A shape in full, or the bytes of a block and how many. */
export type PoolOption = PoolShape | readonly [bytes: Size, count: number];

/** As documented (ADR-011). */
export const DOCUMENTED_POOLS = {
  state: [256, 1000],
  trajectory: [1024, 5000],
  message: [4096, 500],
} as const satisfies Record<string, PoolOption>;

/** What a pool holds and has done. */
export interface PoolStats {
  /** Of a block. */
  readonly bytes: number;
  /** Blocks that there are. */
  readonly count: number;
  /** Of those, out. */
  readonly inUse: number;
  /** The most that were out at once. Too high by one for each thread that died in the middle of taking or giving back. */
  readonly peak: number;
  /** 0 to 1. */
  readonly utilisation: number;
  /** How often all were out. */
  readonly exhausted: number;
  /** How often a piece of the arena was given instead. */
  readonly fallbacks: number;
  /** How often this thread gave a block back that it had given back before. */
  readonly doubleReleases: number;
  /** Blocks by the worker slot of the thread that has them. */
  readonly byOwner: readonly {
    /** Its slot. */
    readonly worker: number;
    /** Whether the thread lives. */
    readonly alive: boolean;
    /** That it has. */
    readonly blocks: number;
  }[];
}

const SHAPE_OPTIONS = new KnownOptions("pool", ["bytes", "count", "whenExhausted"]);
const BLOCK_MOST = 2 ** 26;
const COUNT_MOST = 2 ** 22;

/** @throws InvalidArgumentError */
export function checkShape(name: string, option: unknown): { bytes: number; count: number; fallback: boolean } {
  const shape = Array.isArray(option) ? { bytes: option[0], count: option[1] } : (option as PoolShape);
  SHAPE_OPTIONS.check(shape);
  const bytes = wholeNumber(`pool "${name}" bytes`, sizeIn(shape.bytes), 0, 8, BLOCK_MOST);
  const count = wholeNumber(`pool "${name}" count`, shape.count, 0, 1, COUNT_MOST);
  if (bytes === 0 || count === 0) throw new InvalidArgumentError(`pool "${name}" needs bytes and count`);
  if (bytes % 8 !== 0) throw new InvalidArgumentError(`pool "${name}" bytes is ${bytes}; expected a multiple of 8`);
  if (bytes * count > 2 ** 32) throw new InvalidArgumentError(`pool "${name}" would have ${bytes * count} bytes`);
  const { whenExhausted = "throw" } = shape as PoolShape;
  if (whenExhausted !== "throw" && whenExhausted !== "fallback") {
    throw new InvalidArgumentError(
      `pool "${name}" whenExhausted is ${describe(whenExhausted)}; expected "throw" or "fallback"`,
    );
  }
  return { bytes, count, fallback: whenExhausted === "fallback" };
}

/** Blocks of one size, taken and given back by all threads. Made with the agents. */
export class BlockPool {
  /** As the agents were made with. */
  readonly name: string;
  /** Of a block. */
  readonly bytes: number;
  /** Blocks that there are. */
  readonly count: number;
  /** What happens when all are out. */
  readonly whenExhausted: WhenExhausted;
  /** @internal */
  readonly arena: Arena;
  /** @internal Of its header. */
  readonly address: number;
  private readonly data: number;
  private readonly words: ArenaWords;
  private readonly isLiving: (claim: number) => boolean;
  private readonly settle: () => void;
  private readonly views: Views;
  private doubleReleases = 0;

  /** @internal Use `agents.pools`. */
  constructor(name: string, arena: Arena, address: number, isLiving: (claim: number) => boolean, settle: () => void) {
    const words = ArenaWords.pool(arena.memory.buffer, address);
    this.name = name;
    this.arena = arena;
    this.address = address;
    this.words = words;
    this.bytes = words.get(layout.B_SIZE);
    this.count = words.get(layout.B_COUNT);
    this.data = words.get(layout.B_DATA);
    this.whenExhausted = words.get(layout.B_FALLBACK) === 0 ? "throw" : "fallback";
    this.isLiving = isLiving;
    this.settle = settle;
    this.views = new Views(arena.memory.buffer, this.bytes);
  }

  /** @internal Writes a pool into a piece of its own; its address. */
  static make(arena: Arena, address: number, shape: ReturnType<typeof checkShape>): void {
    arena.kernels.makeBlocks(address, shape.count, shape.bytes);
    arena.view.setUint32(address + layout.B_FALLBACK, shape.fallback ? 1 : 0, true);
  }

  /**
   * A block of this thread's: until it is released, or the thread ends. What is in it is what its last user left there.
   *
   * @throws PoolExhaustedError when all are out; with whenExhausted "fallback", OutOfMemoryError when the arena has no room either
   */
  acquire(): Block {
    const block = this.acquireFor(null, 0);
    if (block === undefined) throw this.exhausted();
    return block;
  }

  /** The same, or undefined when there is none to be had. */
  tryAcquire(): Block | undefined {
    return this.acquireFor(null, 0);
  }

  /** @internal Charged to an agent before it is taken. */
  acquireFor(budget: BudgetLine | null, group: number): Block | undefined {
    budget?.charge(this.bytes);
    const { kernels, claim } = this.arena;
    let index = kernels.takeBlock(this.address, claim);
    if (index < 0) {
      this.words.add(layout.B_EXHAUSTED, 1);
      this.settle();
      index = kernels.takeBlock(this.address, claim);
    }
    if (index >= 0) {
      if (group !== 0) kernels.chargeBlock(this.address, index, group);
      if (budget !== null) budget.blocks++;
      return new Block(this, index, this.data + index * this.bytes, this.views, budget);
    }
    budget?.refund(this.bytes);
    return this.whenExhausted === "fallback" ? this.fallBack(budget, group) : undefined;
  }

  private fallBack(budget: BudgetLine | null, group: number): Block | undefined {
    const taken = this.arena.unitsOf(this.bytes) * UNIT;
    budget?.charge(taken);
    try {
      const address = this.arena.takeCharged(this.bytes, `${this.name} block`, group);
      this.words.add(layout.B_FALLBACKS, 1);
      if (budget !== null) budget.blocks++;
      return new Block(this, -1, address, this.views, budget);
    } catch (error) {
      budget?.refund(taken);
      if (error instanceof OutOfMemoryError) return undefined;
      throw error;
    }
  }

  /** @internal */
  giveBack(index: number, address: number, budget: BudgetLine | null): void {
    const { arena } = this;
    if (budget !== null) budget.blocks--;
    if (index < 0) {
      const freed = arena.give(address, 0);
      budget?.refund(freed);
      return;
    }
    if (arena.kernels.giveBlock(this.address, index, arena.claim) === 0) {
      throw new ClosedError(`a block of pool "${this.name}" is not this thread's any more: it was taken for dead`);
    }
    budget?.refund(this.bytes);
  }

  /** @internal Blocks of this thread that are charged to a group. */
  giveBackChargedTo(group: number): void {
    const { kernels, claim, memory } = this.arena;
    const charged = new Uint32Array(memory.buffer, this.words.get(layout.B_CHARGED), this.count);
    for (const [index, owner] of this.owners().entries()) {
      if (owner === claim >>> 0 && charged[index] === group) kernels.giveBlock(this.address, index, claim);
    }
  }

  /** @internal */
  noteDoubleRelease(): void {
    this.doubleReleases++;
  }

  /** @internal */
  exhausted(): PoolExhaustedError {
    const owners = this.stats()
      .byOwner.map(({ worker, blocks }) => `${blocks} by worker ${worker}`)
      .join(", ");
    return new PoolExhaustedError(
      `all ${this.count} blocks of pool "${this.name}" (${this.bytes} bytes each) are out: ${owners}; release some, or make the pool larger`,
    );
  }

  /** @internal Claims of the owners, a word a block. */
  owners(): Uint32Array {
    return new Uint32Array(this.arena.memory.buffer, this.words.get(layout.B_OWNERS), this.count);
  }

  /** Its counts, as of now. */
  stats(): PoolStats {
    const held = new Map<number, number>();
    let inUse = 0;
    for (const claim of this.owners()) {
      if (claim === 0) continue;
      inUse++;
      held.set(claim, (held.get(claim) ?? 0) + 1);
    }
    const { words } = this;
    return {
      bytes: this.bytes,
      count: this.count,
      inUse,
      peak: Math.min(this.count, Math.max(inUse, words.get(layout.B_PEAK))),
      utilisation: inUse / this.count,
      exhausted: words.get(layout.B_EXHAUSTED),
      fallbacks: words.get(layout.B_FALLBACKS),
      doubleReleases: this.doubleReleases,
      byOwner: [...held].map(([claim, blocks]) => ({
        worker: (claim & layout.CLAIM_SLOT_MASK) - 1,
        alive: this.isLiving(claim),
        blocks,
      })),
    };
  }
}

/** Views of blocks, made once for each place. */
class Views {
  private readonly buffer: ArrayBufferLike;
  private readonly size: number;
  private readonly u8 = new Map<number, Uint8Array>();
  private readonly f32 = new Map<number, Float32Array>();
  private readonly f64 = new Map<number, Float64Array>();
  private readonly u32 = new Map<number, Uint32Array>();

  constructor(buffer: ArrayBufferLike, size: number) {
    this.buffer = buffer;
    this.size = size;
  }

  bytesAt(address: number): Uint8Array {
    return this.u8.get(address) ?? kept(this.u8, address, new Uint8Array(this.buffer, address, this.size));
  }

  f32At(address: number): Float32Array {
    return this.f32.get(address) ?? kept(this.f32, address, new Float32Array(this.buffer, address, this.size / 4));
  }

  f64At(address: number): Float64Array {
    return this.f64.get(address) ?? kept(this.f64, address, new Float64Array(this.buffer, address, this.size / 8));
  }

  u32At(address: number): Uint32Array {
    return this.u32.get(address) ?? kept(this.u32, address, new Uint32Array(this.buffer, address, this.size / 4));
  }
}

function kept<V>(views: Map<number, V>, address: number, view: V): V {
  views.set(address, view);
  return view;
}

/** A block that this thread has. A `Disposable`: it is released at the end of a `using` block. */
export class Block implements Disposable {
  /** Where it goes back to. */
  readonly pool: BlockPool;
  private readonly index: number;
  private readonly address: number;
  private readonly views: Views;
  private readonly budget: BudgetLine | null;
  private out = true;

  /** @internal Use `pool.acquire()`. */
  constructor(pool: BlockPool, index: number, address: number, views: Views, budget: BudgetLine | null) {
    this.pool = pool;
    this.index = index;
    this.address = address;
    this.views = views;
    this.budget = budget;
  }

  /** Views of it. Not to be kept beyond `release`: the block may be another's then. @throws ClosedError after it */
  get bytes(): Uint8Array {
    return this.views.bytesAt(this.place());
  }

  /** Its bytes as float32. */
  get f32(): Float32Array {
    return this.views.f32At(this.place());
  }

  /** Its bytes as float64. */
  get f64(): Float64Array {
    return this.views.f64At(this.place());
  }

  /** Its bytes as whole numbers of 32 bits. */
  get u32(): Uint32Array {
    return this.views.u32At(this.place());
  }

  /** Whether it was given back: then it has no bytes any more. */
  get released(): boolean {
    return !this.out;
  }

  /** False when it was given back before: that changes nothing, and is counted. */
  release(): boolean {
    if (!this.out || this.pool.arena.closed) {
      this.pool.noteDoubleRelease();
      return false;
    }
    this.out = false;
    this.pool.giveBack(this.index, this.address, this.budget);
    return true;
  }

  [Symbol.dispose](): void {
    if (this.out) this.release();
  }

  private place(): number {
    if (!this.out) throw new ClosedError(`a block of pool "${this.pool.name}" was used after it was released`);
    if (this.pool.arena.closed)
      throw new ClosedError(`a block of pool "${this.pool.name}" was used after the agents were closed`);
    return this.address;
  }
}
