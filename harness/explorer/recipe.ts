/** What a family of programs is drawn from: kinds of operations with their weights, keys, settings. */
import type { Op, OpKind, Program } from "./program.js";
import type { TinySettings } from "./tiny-layout.js";

export type Weights = Partial<Record<OpKind, number>>;

/** What programs of a family are drawn from; families.ts draws them by a seed, a test by fast-check. */
export interface Recipe {
  readonly name: string;
  readonly about: string;
  /** How often each kind is drawn, relative to the others. */
  readonly kinds: Weights;
  /** Keys in use: 0 to 2 in one bucket, 3 in the other. */
  readonly keys: readonly number[];
  /** Keys that are there in the beginning, each with this probability. */
  readonly present?: number;
  readonly presentTtl?: number;
  readonly threads?: readonly [number, number];
  readonly ops?: readonly [number, number];
  readonly wide?: number;
  readonly ttl?: number;
  /** Of the sets and sends, how many are of large values. */
  readonly large?: number;
  readonly settings?: Partial<TinySettings>;
  readonly counters?: boolean;
  /** 2: with a second namespace, whose keys are 4 and 5. */
  readonly spaces?: 2;
  readonly kills?: number;
  /** Backups copy everything. */
  readonly full?: boolean;
  readonly ends?: boolean;
  /** How many of its programs have each thread left once in the middle of something, with every store a step (RelaySchedule). */
  readonly relay?: number;
  readonly queue?: { readonly capacities: readonly number[] };
  /** lockBoth: how often the locks are taken in their order. */
  readonly inOrder?: number;
  readonly locks?: NonNullable<Program["locks"]>;
  readonly ring?: { readonly single: boolean; readonly capacities: readonly number[] };
  /** Kinds by thread, instead of `kinds`. */
  readonly roles?: readonly Weights[];
  /** Done by thread 0 before the schedule, after the keys were set. */
  readonly before?: readonly Op[];
}

export const DEFAULTS: TinySettings = {
  buckets: 2,
  slabs: 6,
  refill: 1,
  cacheLimit: 0,
  cacheReturn: 1,
  retireLimit: 1,
  evict: false,
  logRecords: 0,
  changeBytes: 256,
};
