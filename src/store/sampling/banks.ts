/**
 * Where sampled operations are counted: shared memory beside the store's own, a place for each slot, which is for one thread at a time to
 * write and for anyone to read, while it is being written.
 *
 * Invariant: a count never goes down and is never read torn; nothing takes counts back, so that any number of readers may each keep what
 * they saw last and take the difference. A count is two words, low and high, with one writer. Low goes up to HALF; there it says for the moment that
 * high is about to change (MARK), high goes up, and low begins anew. A reader that meets the mark looks again, and one that
 * reads the same high before and after low has read both of one count. A thread that dies leaves its counts, at worst with a mark, which then reads as HALF
 * more; the next one in its slot counts on. Pages that nobody writes take no memory: the place of a slot that is never used costs
 * address space only.
 *
 * A place: a bank of counts for each kind of operation (count, largest value, then the buckets of the metrics room's histogram), and a ring
 * of the last samples. The ring's head is stored after the record it counts: a reader that sees the head sees the record. What a writer may
 * have begun to overwrite while a reader copied is left out by the head's second reading.
 */
import { BUCKET_COUNT, bucketIndex, Histogram, MAX_VALUE } from "../../metrics/index.js";

export const SAMPLED_KINDS = ["get", "set", "delete", "increment"] as const;
/** Operations that are timed, one in so many. */
export type SampledKind = (typeof SAMPLED_KINDS)[number];

/** Samples a slot's ring holds (M-010: the last 10,000). */
export const RING_LENGTH = 10_000;

// A bank, in 32-bit words; a line of its own for what heads it.
const BANK_USED = 0;
const BANK_MAX = 1;
const BANK_HEAD = 16;
const BANK_LOW = BANK_HEAD;
const BANK_WORDS = BANK_HEAD + 2 * BUCKET_COUNT;
/** What one of high is worth, and what low says while high changes. */
const HALF = 0xffff_ffff;
const MARK = HALF;
/** Looks at a count that is about to change before its writer is taken for dead: it is between two stores. */
const LOOKS = 1000;

// A ring, in 32-bit words: the head with a line of its own, then records.
const RING_HEAD_WORDS = 16;
const RECORD_WORDS = 6;
const RECORD_AT = 0;
const RECORD_NS = 1;
const RECORD_KIND = 2;
const RECORD_NAMESPACE = 3;
const RECORD_KEY = 4;
const RECORD_BYTES = 5;

const BANKS_BYTES = SAMPLED_KINDS.length * BANK_WORDS * 4;
const RING_BYTES = (RING_HEAD_WORDS + RING_LENGTH * RECORD_WORDS) * 4;
/** Bytes of one slot's place. */
export const PLACE_BYTES = Math.ceil((BANKS_BYTES + RING_BYTES) / 64) * 64;

/** One operation that was timed. */
export interface Sample {
  /** Milliseconds since the store was made. */
  readonly atMs: number;
  /** Which kind it was. */
  readonly operation: SampledKind;
  /** How long it took, nanoseconds, the cost of the clock subtracted. */
  readonly ns: number;
  /** The namespace's id, as the engine has it. */
  readonly namespaceId: number;
  /** xxHash32 of the key's bytes. */
  readonly keyHash: number;
  /** Of the value that was read or written; 0 where there is none. */
  readonly valueBytes: number;
}

/** Room for so many slots, all counts nought. */
export function makeBanks(slots: number, shared: boolean): ArrayBufferLike {
  return shared ? new SharedArrayBuffer(slots * PLACE_BYTES) : new ArrayBuffer(slots * PLACE_BYTES);
}

/** The writing side, of one slot. Allocates nothing. */
export class SampleWriter {
  private readonly banks: Uint32Array;
  private readonly ring: Uint32Array;

  constructor(buffer: ArrayBufferLike, slot: number) {
    const place = slot * PLACE_BYTES;
    this.banks = new Uint32Array(buffer, place, BANKS_BYTES / 4);
    this.ring = new Uint32Array(buffer, place + BANKS_BYTES, RING_BYTES / 4);
  }

  write(kind: number, ns: number, atMs: number, namespaceId: number, keyHash: number, valueBytes: number): void {
    const value = ns <= 0 ? 0 : ns >= MAX_VALUE ? MAX_VALUE : Math.floor(ns);
    const { banks, ring } = this;
    const bank = kind * BANK_WORDS;
    countUp(banks, bank + BANK_LOW + bucketIndex(value));
    // one writer: between the look and the store nobody else raises it
    if (value > banks[bank + BANK_MAX]) banks[bank + BANK_MAX] = value;
    banks[bank + BANK_USED] = 1;

    const head = Atomics.load(ring, 0);
    const record = RING_HEAD_WORDS + (head % RING_LENGTH) * RECORD_WORDS;
    ring[record + RECORD_AT] = atMs;
    ring[record + RECORD_NS] = value;
    ring[record + RECORD_KIND] = kind;
    ring[record + RECORD_NAMESPACE] = namespaceId;
    ring[record + RECORD_KEY] = keyHash;
    ring[record + RECORD_BYTES] = valueBytes;
    Atomics.store(ring, 0, nextHead(head));
  }
}

/** The head counts records modulo a multiple of the ring's length, so that it names the same record after it has wrapped around. */
const HEAD_WRAP = RING_LENGTH * Math.floor(0xffff_ffff / RING_LENGTH);
/** Set once the head has wrapped: the ring has been full since. */
function nextHead(head: number): number {
  const next = head + 1;
  // never back to where it would seem that there are but a few
  return next === HEAD_WRAP ? RING_LENGTH : next;
}

/** Adds one to the count whose low word is at `low`. */
function countUp(words: Uint32Array, low: number): void {
  const next = words[low] + 1;
  if (next < HALF) {
    words[low] = next;
    return;
  }
  const high = low + BUCKET_COUNT;
  Atomics.store(words, low, MARK);
  Atomics.store(words, high, words[high] + 1);
  Atomics.store(words, low, 0);
}

function readCount(words: Uint32Array, low: number): number {
  const high = low + BUCKET_COUNT;
  for (let look = 0; look < LOOKS; look++) {
    const before = Atomics.load(words, high);
    const count = Atomics.load(words, low);
    if (count !== MARK && Atomics.load(words, high) === before) return before * HALF + count;
  }
  return Atomics.load(words, high) * HALF + HALF;
}

/** All counts of one kind of operation so far, over all slots. */
export function readCounts(buffer: ArrayBufferLike, kind: SampledKind): Histogram {
  const sum = new Histogram();
  const bank = SAMPLED_KINDS.indexOf(kind) * BANK_WORDS;
  for (let place = 0; place + PLACE_BYTES <= buffer.byteLength; place += PLACE_BYTES) {
    const banks = new Uint32Array(buffer, place, BANKS_BYTES / 4);
    if (Atomics.load(banks, bank + BANK_USED) === 0) continue;
    for (let index = 0; index < BUCKET_COUNT; index++) {
      const count = readCount(banks, bank + BANK_LOW + index);
      if (count !== 0) sum.add(index, count);
    }
    sum.raiseMax(Atomics.load(banks, bank + BANK_MAX));
  }
  return sum;
}

/** The last samples of all slots, oldest first. */
export function readSamples(buffer: ArrayBufferLike): Sample[] {
  const samples: Sample[] = [];
  for (let place = 0; place + PLACE_BYTES <= buffer.byteLength; place += PLACE_BYTES) {
    readRing(new Uint32Array(buffer, place + BANKS_BYTES, RING_BYTES / 4), samples);
  }
  return samples.sort((a, b) => a.atMs - b.atMs);
}

function readRing(ring: Uint32Array, into: Sample[]): void {
  const head = Atomics.load(ring, 0);
  if (head === 0) return;
  const copy = ring.slice(RING_HEAD_WORDS);
  // What was written since, and the record under way, may have overwritten as many of the oldest.
  const since = Atomics.load(ring, 0);
  const written = since >= head ? since - head : HEAD_WRAP - head + (since - RING_LENGTH);
  const known = Math.min(head, RING_LENGTH);
  for (let back = known; back > 0; back--) {
    if (back > RING_LENGTH - written - 1) continue;
    const record = ((head - back) % RING_LENGTH) * RECORD_WORDS;
    into.push({
      atMs: copy[record + RECORD_AT],
      operation: SAMPLED_KINDS[copy[record + RECORD_KIND]],
      ns: copy[record + RECORD_NS],
      namespaceId: copy[record + RECORD_NAMESPACE],
      keyHash: copy[record + RECORD_KEY],
      valueBytes: copy[record + RECORD_BYTES],
    });
  }
}
