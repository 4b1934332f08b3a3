/**
 * Access logs: what the store's workers tell the evictor, the one thread that runs an eviction policy. One ring a slot, written
 * by the slot's worker and read by the evictor, so neither ever waits for the other (Lamport's queue, TOPLAS 1983).
 *
 *   line 0        tail: next record to write. Written by the worker alone
 *   line 1        head: next record to read. Written by the evictor alone
 *   from 128 on   records of 16 bytes: key hash, entry | what happened, version, expiry tick
 *
 * Order: a record is stored, then the tail (release): whoever sees the tail sees the record. The evictor copies records, then
 * stores the head (release): a worker that sees the head may overwrite them. A worker that dies between record and tail never
 * logged; one that dies earlier changed the table and never logged. The worker that is given the slot next goes on at the tail.
 *
 * Everything here is a hint. Records of different workers are in no order, a full log drops them (counted), hits are left
 * out while it fills up (counted), and an entry may be gone by the time its record is read. So the evictor takes an entry for
 * its own only if it is still alive in the life the record names, and removes a victim only by address and version. What a
 * lost insertion or removal leaves behind is found by walking the table (survey, sweep.ts).
 *
 * `worker.log` is 0 in a store without a policy: reads and writes there pay one branch that always goes the same way.
 */
import {
  C_LOGGED,
  C_LOG_DROPS,
  C_LOG_SKIPPED,
  E_BIRTH,
  E_NEXT,
  E_VERSION,
  H_LOG,
  H_LOG_RECORDS,
  LOG_ALIVE,
  LOG_BITS,
  LOG_HIT,
  LOG_INSERT,
  LOG_RECORD_SIZE,
  LOG_REPLACE,
  L_HEAD,
  L_RECORDS,
  L_TAIL,
} from "../layout";
import { wakeMaintenance, wakeNow } from "./expiry";
import { load32, release32 } from "./memory";
import { isChunk } from "./pool";
import { count, log, logMask, nextRandom } from "./worker";

/** One hit in eight is logged while the log is between half and three quarters full, none above: the rest is for writes. */
const SAMPLE_MASK: u32 = 7;

/** Where the evictor was when we last looked; it is never behind that. */
let head: u32 = 0;

/** A worker takes over its slot's log where the one before it left it. */
export function joinLog(): void {
  if (log != 0) head = load32(log + L_HEAD);
}

/** Notes that an entry was read. A function of its own: readers without a log carry a call they never make, not its body. */
export function logHit(hash: u32, entry: u32, version: u32, expires: u32): void {
  const tail = load<u32>(log + L_TAIL);
  const half = (logMask + 1) >> 1;
  if (tail - head >= half) {
    head = load32(log + L_HEAD);
    const used = tail - head;
    if (used >= half && (used >= half + (half >> 1) || (nextRandom() & SAMPLE_MASK) != 0)) {
      count(C_LOG_SKIPPED);
      return;
    }
  }
  append(tail, hash, entry | LOG_HIT, version, expires);
}

/** Notes that an entry came or went. From half full on it wakes the evictor, before that if it sleeps; a full log drops the record. */
export function logWrite(kind: u32, hash: u32, entry: u32, version: u32, expires: u32): void {
  const tail = load<u32>(log + L_TAIL);
  if (tail - head >= (logMask + 1) >> 1) {
    head = load32(log + L_HEAD);
    if (tail - head >= (logMask + 1) >> 1) wakeNow();
    if (tail - head > logMask) {
      count(C_LOG_DROPS);
      return;
    }
  }
  append(tail, hash, entry | kind, version, expires);
}

// @ts-ignore: decorator
@inline
function append(tail: u32, hash: u32, what: u32, version: u32, expires: u32): void {
  const record = log + L_RECORDS + (tail & logMask) * LOG_RECORD_SIZE;
  if (FAULT == 23) release32(log + L_TAIL, tail + 1);
  store<u32>(record, hash);
  store<u32>(record, what, 4);
  store<u32>(record, version, 8);
  store<u32>(record, expires, 12);
  if (FAULT != 23) release32(log + L_TAIL, tail + 1);
  count(C_LOGGED);
  wakeMaintenance();
}

// ------------------------------------------------------------------ the evictor's side

function logOf(number: u32): u32 {
  return load<u32>(H_LOG) + number * (L_RECORDS + load<u32>(H_LOG_RECORDS) * LOG_RECORD_SIZE);
}

/** Records waiting in a slot's log. */
export function backlog(number: u32): u32 {
  const ring = logOf(number);
  return load32(ring + L_TAIL) - load<u32>(ring + L_HEAD);
}

/**
 * Moves up to `room` records of a slot's log to `target`, 16 bytes each, and returns how many. Insertions and replacements
 * whose entry is still there in that life come with LOG_ALIVE set.
 */
export function readLog(number: u32, target: u32, room: u32): u32 {
  const ring = logOf(number);
  const from = load<u32>(ring + L_HEAD);
  const n = min<u32>(load32(ring + L_TAIL) - from, room);
  const mask = load<u32>(H_LOG_RECORDS) - 1;
  if (FAULT == 22) release32(ring + L_HEAD, from + n);
  for (let i: u32 = 0; i < n; i++) {
    const record = ring + L_RECORDS + ((from + i) & mask) * LOG_RECORD_SIZE;
    const to = target + i * LOG_RECORD_SIZE;
    v128.store(to, v128.load(record));
    const what = load<u32>(to, 4);
    const kind = what & LOG_BITS;
    if ((kind == LOG_INSERT || kind == LOG_REPLACE) && isAlive(what & ~LOG_BITS, load<u32>(to, 8))) {
      store<u32>(to, what | LOG_ALIVE, 4);
    }
  }
  release32(ring + L_HEAD, from + n);
  return n;
}

/** Whether the entry is published, in this life, and neither replaced nor deleted: at some moment during the call. */
export function isAlive(entry: u32, version: u32): bool {
  if (!isChunk(entry)) return false;
  // between the two looks at the version the chunk was in that life; a stale birth is possible only in another
  if (load32(entry + E_VERSION) != version) return false;
  const alive = load<u32>(entry + E_BIRTH) != 0 && (load32(entry + E_NEXT) & 1) == 0;
  return alive && load32(entry + E_VERSION) == version;
}
