/**
 * Where in the table a namespace has entries: what makes listing one cost about what it holds, and not what the store holds.
 *
 * Two filters, both of bits that may be set for nothing and are never missing:
 *
 *   of a group     32 buckets have a word in GROUPS; bit id % 31 is set if an entry of that id may be among them
 *   of a section   an id has 124 bits in its own line, one for each 1/128 of the table (four have two of them)
 *
 *   31         30                                   0
 *   | TOUCHED  | one bit for ids, or for sections    |
 *
 * An entry that replaces another is of the same id in the same bucket, so only an insert looks here, at a word of its bucket's
 * group and one of the line in which it counts its namespace's entries anyway; once the bits are there it stores to neither.
 *
 * Bits are taken out by whoever lists and finds a group or section empty of what its bit stands for: `forget`. An insert and a
 * forget of the same bit meet so:
 *
 *   insert                                      forget
 *   1 names its bucket in its slot (S_FILING)   a clears TOUCHED in the word
 *   2 sets bit and TOUCHED, if either lacks     b looks whether any slot names a bucket there: then the bit stays
 *   3 links the entry                           c walks the buckets: at an entry, or a doubt, the bit stays
 *   4 takes the bucket out of its slot          d swaps the word as it was after (a) for one without the bit
 *
 * If 2 finds both bits there before (a), then 1 came before (b): either (b) sees the name, or 4 came before it, thus 3, and (c)
 * meets the entry. If 2 comes after (a), it finds TOUCHED missing and sets it, and (d) fails. So that nothing else can bring the
 * word back to what (d) expects, one worker at a time forgets, store-wide (H_TIDY); another lets it be. At no moment is a bit
 * missing, so listers need no protocol at all.
 *
 * Death: an inserter's name in its slot keeps the bits until it is reaped, which also gives a dead forgetter's claim back. What
 * either left undone is a bit that is set for nothing.
 */
import {
  E_META,
  E_NEXT,
  E_VERSION,
  GROUP_SHIFT,
  H_SLOTS,
  H_SLOT_COUNT,
  H_TIDY,
  I_SECTIONS,
  SECTION_WORDS,
  SLOT_SIZE,
  S_FILING,
} from "../layout";
import { and32, load32, or32, racy32, release32, store32, swap32 } from "./memory";
import { isChunk } from "./pool";
import { idLine } from "./quota";
import { bucketMask, buckets, groups, slot, slotNumber } from "./worker";

const TOUCHED: u32 = 0x80000000;
/** The table is 2^7 sections at most, 32 of them a word; bit 31 being TOUCHED, the last two of each word share bit 30. */
const SECTION_BITS: u32 = 7;

// @ts-ignore: decorator
@inline
function groupWord(bucket: u32): u32 {
  return groups + ((bucket >> GROUP_SHIFT) << 2);
}

// @ts-ignore: decorator
@inline
function groupBit(id: u32): u32 {
  return 1 << (id % 31);
}

// @ts-ignore: decorator
@inline
function sectionShift(): u32 {
  const bits: u32 = 32 - clz<u32>(bucketMask);
  return bits > SECTION_BITS ? bits - SECTION_BITS : 0;
}

// @ts-ignore: decorator
@inline
function sectionWord(id: u32, bucket: u32): u32 {
  return idLine(id) + I_SECTIONS + (((bucket >> sectionShift()) >> 5) << 2);
}

// @ts-ignore: decorator
@inline
function sectionBit(bucket: u32): u32 {
  return 1 << min<u32>((bucket >> sectionShift()) & 31, 30);
}

// ------------------------------------------------------------------ inserts

/**
 * 1: before anything is looked at. A plain store where the order is strong: the insert's reservation, which follows, is a swap
 * and lets no later load overtake it.
 */
// @ts-ignore: decorator
@inline
export function announce(bucket: u32): void {
  release32(slot + S_FILING, bucket + 1);
}

/** 2: from here on, and until the entry is gone, listers of the id look into its bucket. */
// @ts-ignore: decorator
@inline
export function enrol(id: u32, bucket: u32): void {
  setBit(groupWord(bucket), groupBit(id));
  setBit(sectionWord(id, bucket), sectionBit(bucket));
}

// @ts-ignore: decorator
@inline
function setBit(word: u32, bit: u32): void {
  const wanted = FAULT == 47 ? bit : bit | TOUCHED;
  if ((load32(word) & wanted) != wanted) or32(word, wanted);
}

/** 4: the entry is linked, or will not be. */
// @ts-ignore: decorator
@inline
export function filed(): void {
  release32(slot + S_FILING, 0);
}

/** A new life of an id that has no entry and is in no directory entry: nobody inserts in it but to find out that it is too late. */
export function forgetLife(id: u32): void {
  for (let i: u32 = 0; i < SECTION_WORDS; i++) store32(idLine(id) + I_SECTIONS + (i << 2), 0);
}

// ------------------------------------------------------------------ listers

/** The first bucket from `bucket` on, before `to`, that may hold an entry of the id; `to` if there is none. */
export function nextOf(id: u32, from: u32, to: u32): u32 {
  const bit = groupBit(id);
  let bucket = from;
  while (bucket < to) {
    if (!(load32(sectionWord(id, bucket)) & sectionBit(bucket))) {
      bucket = sectionEnd(bucket);
    } else if (!(load32(groupWord(bucket)) & bit)) {
      bucket = groupEnd(bucket);
    } else {
      return bucket;
    }
  }
  return to;
}

/** Whether no bucket of the group has an entry. */
// @ts-ignore: decorator
@inline
export function isBare(bucket: u32): bool {
  return (load32(groupWord(bucket)) & ~TOUCHED) == 0;
}

// @ts-ignore: decorator
@inline
export function groupEnd(bucket: u32): u32 {
  return min<u32>(((bucket >> GROUP_SHIFT) + 1) << GROUP_SHIFT, bucketMask + 1);
}

// @ts-ignore: decorator
@inline
export function groupStart(bucket: u32): u32 {
  return (bucket >> GROUP_SHIFT) << GROUP_SHIFT;
}

/** The first bucket after those that share the section's bit. */
// @ts-ignore: decorator
@inline
export function sectionEnd(bucket: u32): u32 {
  const shift = sectionShift();
  const section = bucket >> shift;
  return min<u32>((section + ((section & 31) == 30 ? 2 : 1)) << shift, bucketMask + 1);
}

// @ts-ignore: decorator
@inline
export function sectionStart(bucket: u32): u32 {
  const shift = sectionShift();
  const section = bucket >> shift;
  return (section - ((section & 31) == 31 ? 1 : 0)) << shift;
}

// ------------------------------------------------------------------ forgetting

const ANY_ID: u32 = 0xffffffff;

/** A lister met no entry of the id in the bucket's group: takes its bit out, if that is so. */
export function forgetGroup(id: u32, bucket: u32): void {
  forget(groupWord(bucket), groupBit(id), groupStart(bucket), groupEnd(bucket), id, groupBit(id));
}

/** The same for all ids, of a group that was seen empty. */
export function forgetGroupOfAll(bucket: u32): void {
  forget(groupWord(bucket), ~TOUCHED, groupStart(bucket), groupEnd(bucket), ANY_ID, ~TOUCHED);
}

/** A lister met no entry of the id in the bucket's section. */
export function forgetSection(id: u32, bucket: u32): void {
  forget(sectionWord(id, bucket), sectionBit(bucket), sectionStart(bucket), sectionEnd(bucket), id, 0);
}

/** @param bits of groups that stand for whom the walk looks for; 0: for the id alone */
function forget(word: u32, taken: u32, from: u32, to: u32, id: u32, bits: u32): void {
  if (load32(H_TIDY) != 0 || !swap32(H_TIDY, 0, slotNumber + 1)) return;
  const now = and32(word, ~TOUCHED) & ~TOUCHED;
  if (!isFiling(from, to) && !holds(from, to, id, bits)) swap32(word, now, now & ~taken);
  swap32(H_TIDY, slotNumber + 1, 0);
}

/** Whether anyone may be putting an entry into these buckets. */
function isFiling(from: u32, to: u32): bool {
  if (FAULT == 46) return false;
  const slots = load<u32>(H_SLOTS);
  const end = slots + load<u32>(H_SLOT_COUNT) * SLOT_SIZE;
  for (let other = slots; other < end; other += SLOT_SIZE) {
    const filing = load32(other + S_FILING);
    if (filing > from && filing <= to) return true;
  }
  return false;
}

/**
 * Whether an entry that the bit stands for is, or may be, linked in these buckets; dead ones count, because a write may put a living
 * one in their place. Validated as a listing is (sweep.ts); at the first thing that moves the answer is yes.
 */
function holds(from: u32, to: u32, id: u32, bits: u32): bool {
  let bucket = from;
  while (bucket < to) {
    // for an id alone: groups without its bit hold nothing of it
    if (bits == 0 && !(load32(groupWord(bucket)) & groupBit(id))) {
      bucket = groupEnd(bucket);
      continue;
    }
    if (load32(buckets + (bucket << 2)) != 0 && chainHolds(buckets + (bucket << 2), id, bits)) return true;
    bucket++;
  }
  return false;
}

function chainHolds(bucket: u32, id: u32, bits: u32): bool {
  let link = bucket;
  let owner: u32 = 0;
  let ownerVersion: u32 = 0;
  let entry = load32(bucket);
  while (entry != 0) {
    if (!isChunk(entry)) return true;
    const version = load32(entry + E_VERSION);
    if (load32(link) != entry || (owner != 0 && load32(owner + E_VERSION) != ownerVersion)) return true;
    const its = racy32(entry + E_META) & 0xffff;
    const next = load32(entry + E_NEXT);
    if (load32(entry + E_VERSION) != version || (next & 1) != 0) return true;
    if (bits == 0 ? its == id : (groupBit(its) & bits) != 0) return true;
    owner = entry;
    ownerVersion = version;
    link = entry + E_NEXT;
    entry = next;
  }
  return false;
}

/** The claim and the name of a dead worker, whose chunk in hand is settled. */
export function settlePresence(dead: u32, number: u32): void {
  store32(dead + S_FILING, 0);
  swap32(H_TIDY, number + 1, 0);
}
