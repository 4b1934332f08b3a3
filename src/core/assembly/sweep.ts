/**
 * Walking the table from outside a key: the sweep of entries that expired, where their bounds tell that there are any (expiry.ts), the
 * whole sweep that finds those of cleared namespaces too, and weakly consistent scans for iteration. All walk like readers do, without
 * storing, and start a bucket over when it changed under them.
 *
 * Every walk ends, whatever it finds: it goes over a number of buckets that is known beforehand, once. Of a chain that keeps changing
 * the sweeps and `survey` see what they can in a few attempts; `list` alone starts over until it has seen a chain whole, which every time
 * takes another thread's finished write to prevent.
 */
import {
  C_EXPIRED,
  C_SWEPT,
  E_EXPIRES,
  E_HASH,
  E_META,
  E_NEXT,
  E_VERSION,
  FIRST_ID,
  EXPIRY_SHIFT,
  H_EXPIRY,
  H_ID_COUNT,
  ID_CLEARED,
  I_ENTRIES,
  I_STATE,
  LOG_ALIVE,
  LOG_INSERT,
  LOG_RECORD_SIZE,
} from "../layout";
import { findEntry, removeEntry } from "./evict";
import { load32, load64, racy32, swap64 } from "./memory";
import {
  begun,
  earlier,
  earliestOf,
  boundCount,
  boundWord,
  isDue,
  isExpired,
  isExpiredAt,
  now,
  withEarliest,
} from "./expiry";
import { isChunk } from "./pool";
import { forgetGroup, forgetGroupOfAll, forgetSection, groupEnd, groupStart, isBare, nextOf, sectionEnd, sectionStart } from "./presence";
import { idKind, idLine, isCleared } from "./quota";
import { clearHazards } from "./reclaim";
import { beginWrite, bucketMask, buckets, count, endWrite } from "./worker";

/** Removes what is dead in `n` buckets from bucket `from` on; returns how many entries went. */
export function sweep(from: u32, n: u32): u32 {
  let swept: u32 = 0;
  for (let i: u32 = 0; i < n; ) {
    const first = (from + i) & bucketMask;
    const end = min<u32>(groupEnd(first), first + n - i);
    if (!isBare(first)) swept += sweepGroup(first, end);
    i += end - first;
  }
  return swept;
}

/** Whether entries of a cleared namespace are in the table still. */
export function holdsCleared(): bool {
  const total = load<u32>(H_ID_COUNT);
  for (let id = FIRST_ID; id < total; id++) {
    const line = idLine(id);
    if (idKind(load32(line + I_STATE)) == ID_CLEARED && load32(line + I_ENTRIES) != 0) return true;
  }
  return false;
}

// ------------------------------------------------------------------ what has expired

/** Attempts at a chain that changes under the sweep, removals by the sweep itself included. */
const DUE_PATIENCE: u32 = 64;

/** Whether the walk of a group has left something out, and the earliest expiry of what it has seen and left there; 0 = none. */
let leftOut: bool = false;
let earliestLeft: u32 = 0;

/**
 * Takes out what has expired: in the groups of buckets whose bounds say that there is something, `limit` entries at most. How
 * many went: 0 when there is nothing, or others are at it. The caller is within a write.
 */
export function sweepDue(limit: u32): u32 {
  const time = now();
  const word = load64(H_EXPIRY);
  if (!isDue(word, time)) return 0;
  const mine = begun(word);
  let whole = swap64(H_EXPIRY, word, mine); // else the bound stays as it is, which is too early and no harm
  let swept: u32 = 0;
  let earliest: u32 = 0;
  const groups = boundCount();
  for (let group: u32 = 0; group < groups; group++) {
    const at = boundWord(group);
    if (isDue(load64(at), time)) {
      if (swept >= limit) {
        whole = false;
        break;
      }
      swept += sweepDueIn(group, time, limit - swept);
    }
    earliest = earlier(earliest, earliestOf(load64(at)));
  }
  if (whole) swap64(H_EXPIRY, mine, withEarliest(mine, earliest));
  return swept;
}

function sweepDueIn(group: u32, time: u32, limit: u32): u32 {
  const at = boundWord(group);
  const word = load64(at);
  const mine = begun(word);
  leftOut = !swap64(at, word, mine);
  earliestLeft = 0;
  let swept: u32 = 0;
  const first = group << EXPIRY_SHIFT;
  const end = min<u32>(first + (1 << EXPIRY_SHIFT), bucketMask + 1);
  for (let bucket = first; bucket < end; bucket++) {
    const chain = buckets + (bucket << 2);
    // atomic: an entry that was noted before the bounds were begun anew is seen
    if (load32(chain) != 0) swept += sweepChain(chain, time, limit - swept);
  }
  if (FAULT == 44) swap64(at, load64(at), withEarliest(mine, earliestLeft));
  else if (!leftOut) swap64(at, mine, withEarliest(mine, earliestLeft));
  return swept;
}

/** Removes what has expired in a chain, and sees all of it, or says that it has left something out. */
function sweepChain(bucket: u32, time: u32, room: u32): u32 {
  let swept: u32 = 0;
  let patience = DUE_PATIENCE;
  let owner: u32 = 0;
  let ownerVersion: u32 = 0;
  let link = bucket;
  let entry = load32(bucket);
  while (entry != 0) {
    let again = true;
    if (isChunk(entry)) {
      const version = load32(entry + E_VERSION);
      if (load32(link) == entry && (owner == 0 || load32(owner + E_VERSION) == ownerVersion)) {
        const expires = racy32(entry + E_EXPIRES);
        const next = load32(entry + E_NEXT);
        if (load32(entry + E_VERSION) == version) {
          if (next & 1) {
            helpUnlink(entry, version);
          } else if (isExpiredAt(expires, time)) {
            if (swept == room) {
              leftOut = true;
              return swept;
            }
            if (removeEntry(entry, version, true)) {
              swept++;
              count(C_EXPIRED);
            }
          } else {
            earliestLeft = earlier(earliestLeft, expires);
            owner = entry;
            ownerVersion = version;
            link = entry + E_NEXT;
            entry = next;
            again = false;
          }
        }
      }
    }
    if (again) {
      if (--patience == 0) {
        leftOut = true;
        return swept;
      }
      owner = 0;
      link = bucket;
      entry = load32(bucket);
    }
  }
  return swept;
}

// ------------------------------------------------------------------ the whole sweep

/** The buckets of a group, or some of them. One that is empty is told so, and the next sweep passes over it. */
function sweepGroup(first: u32, end: u32): u32 {
  let swept: u32 = 0;
  let any = false;
  for (let i = first; i < end; i++) {
    const bucket = buckets + (i << 2);
    if (load<u32>(bucket) == 0) continue;
    any = true;
    swept += sweepBucket(bucket);
  }
  if (!any && first == groupStart(first) && end == groupEnd(first)) forgetGroupOfAll(first);
  return swept;
}

function sweepBucket(bucket: u32): u32 {
  let swept: u32 = 0;
  let patience: u32 = 64;
  let entry = load32(bucket);
  while (entry != 0 && isChunk(entry)) {
    const version = load32(entry + E_VERSION);
    const expired = isExpired(racy32(entry + E_EXPIRES));
    const cleared = isCleared(racy32(entry + E_META) & 0xffff);
    const next = load32(entry + E_NEXT);
    if (load32(entry + E_VERSION) != version) break; // recycled under us: the next round will come by again
    if (!(next & 1) && (expired || cleared)) {
      beginWrite();
      const gone = removeEntry(entry, version, true);
      clearHazards();
      endWrite();
      if (gone) {
        swept++;
        count(expired ? C_EXPIRED : C_SWEPT);
      }
      if (--patience == 0) break;
      entry = load32(bucket);
      continue;
    }
    entry = next & ~1;
  }
  return swept;
}

/**
 * Lists (address, version) of the living entries of a namespace id, in buckets `from` to `to` - 1, until there is no room for more
 * than `room` of them at `target` (8 bytes each). A bucket is listed whole or not at all. Only buckets that may hold any are looked
 * at (presence.ts); what turns out to hold none is noted for the next lister.
 *
 * That the id is a namespace's own is for the caller to prove, afterwards: it may have been given to another one meanwhile.
 *
 * @returns the next bucket to look at in the low word, the number listed in the high word
 */
export function list(id: u32, from: u32, to: u32, target: u32, room: u32): u64 {
  let n: u32 = 0;
  let sectionsEnd = from; // of the section that is being listed
  let fromItsStart = false;
  let before: u32 = 0; // listed before that section
  let bucket = from;
  const time = now();
  while (true) {
    const next = nextOf(id, bucket, to);
    if (next >= to && to < sectionsEnd) break;
    if (next >= sectionsEnd) {
      if (fromItsStart && n == before) forgetSection(id, sectionsEnd - 1);
      if (next >= to) break;
      fromItsStart = sectionStart(next) >= bucket && sectionEnd(next) <= to;
      sectionsEnd = sectionEnd(next);
      before = n;
    }
    bucket = next;
    const end = min<u32>(groupEnd(bucket), to);
    const whole = bucket == groupStart(bucket) && end == groupEnd(bucket);
    const had = n;
    for (; bucket < end; bucket++) {
      if (load<u32>(buckets + (bucket << 2)) == 0) continue;
      const after = listBucket(id, buckets + (bucket << 2), target, n, room, time);
      if (after > room) return <u64>bucket | (<u64>n << 32);
      n = after;
    }
    if (whole && n == had) forgetGroup(id, bucket - 1);
  }
  return <u64>to | (<u64>n << 32);
}

/** Times a bucket is walked again because it changed under the walk, before what was seen of it has to do. */
const SURVEY_PATIENCE: u32 = 4;

/**
 * Lists what readers of a namespace may find, in all namespaces of users, from bucket `from` on, until `room` entries are at
 * `target` or the table ends: for an evictor that lost its place. The records are those of an access log, as insertions. What
 * comes and goes meanwhile is in the logs, so a bucket that keeps changing is left as it was seen.
 *
 * @returns the next bucket to look at in the low word, the number listed in the high word
 */
export function survey(from: u32, target: u32, room: u32): u64 {
  let n: u32 = 0;
  let bucket = from;
  const time = now();
  for (; bucket <= bucketMask; bucket++) {
    if (isBare(bucket)) {
      bucket = groupEnd(bucket) - 1;
      continue;
    }
    if (load<u32>(buckets + (bucket << 2)) == 0) continue;
    const before = n;
    let patience = SURVEY_PATIENCE;
    do {
      n = surveyBucket(buckets + (bucket << 2), target, before, room, time);
    } while (cutShort && --patience > 0);
    // no room for all of a chain: it comes first next time, unless it alone fills the room
    if (n > room) {
      n = before == 0 ? room : before;
      if (before != 0) break;
    }
  }
  return <u64>bucket | (<u64>n << 32);
}

/** Whether the last bucket's chain was left before its end, because it changed. */
let cutShort: bool = false;

/** Lists a chain from record `from` on; the number of records then, more than `room` when there was none for all. */
function surveyBucket(bucket: u32, target: u32, from: u32, room: u32, time: u32): u32 {
  let n = from;
  let entry = load32(bucket);
  cutShort = true;
  while (entry != 0) {
    if (!isChunk(entry)) return n;
    const version = load32(entry + E_VERSION);
    const hash = racy32(entry + E_HASH);
    const id = racy32(entry + E_META) & 0xffff;
    const expires = racy32(entry + E_EXPIRES);
    const next = load32(entry + E_NEXT);
    if (load32(entry + E_VERSION) != version) return n;
    if (!(next & 1) && id >= FIRST_ID && !isExpiredAt(expires, time) && !isCleared(id)) {
      if (n == room) {
        cutShort = false;
        return room + 1;
      }
      const record = target + n * LOG_RECORD_SIZE;
      store<u32>(record, hash);
      store<u32>(record, entry | LOG_INSERT | LOG_ALIVE, 4);
      store<u32>(record, version, 8);
      store<u32>(record, expires, 12);
      n++;
    }
    entry = next & ~1;
  }
  cutShort = false;
  return n;
}

function listBucket(id: u32, bucket: u32, target: u32, from: u32, room: u32, time: u32): u32 {
  let n = from;
  let owner: u32 = 0;
  let ownerVersion: u32 = 0;
  let link = bucket;
  let entry = load32(bucket);
  while (entry != 0) {
    let again = !isChunk(entry);
    if (!again) {
      const version = load32(entry + E_VERSION);
      again = load32(link) != entry || (owner != 0 && load32(owner + E_VERSION) != ownerVersion);
      if (!again) {
        const meta = racy32(entry + E_META);
        const expires = racy32(entry + E_EXPIRES);
        const next = load32(entry + E_NEXT);
        // a marked entry is on its way out; its writer or we will find the chain without it
        again = load32(entry + E_VERSION) != version || (next & 1) != 0;
        if (!again) {
          if ((meta & 0xffff) == id && !isExpiredAt(expires, time)) {
            if (n >= room) return room + 1;
            store<u32>(target + (n << 3), entry);
            store<u32>(target + (n << 3), version, 4);
            n++;
          }
          owner = entry;
          ownerVersion = version;
          link = entry + E_NEXT;
          entry = next;
          continue;
        }
        if (next & 1 && load32(entry + E_VERSION) == version) helpUnlink(entry, version);
      }
    }
    n = from;
    owner = 0;
    link = bucket;
    entry = load32(bucket);
  }
  return n;
}

/** A marked entry whose writer died before unlinking would keep us from ever listing its bucket: take it out. */
function helpUnlink(entry: u32, version: u32): void {
  findEntry(entry, version);
  clearHazards();
}
