/**
 * A table of what threads hold: connections, files, subscriptions, whatever has an end. A record is its owner's from the swap of its owner's
 * word, 0 -> claim, to the swap back; nobody else writes it meanwhile, and every thread may read it.
 *
 *   owner  u32   claim of the thread, 0 = free
 *   state  u32   how often the record was given back, and in the low bits its phase: in hand, held, idle, in use, ending
 *   …            kind, label, since, deadline: written while it is in hand, and by nobody after that
 *
 * Invariant: what a record says changes only while its phase is "in hand", and after it was given back, which moves the number in its state on. A
 * reader that copies a record between two looks at the same number, in another phase than in hand, has what one owner wrote, whole.
 *
 *   owner   swap 0 -> claim | fields             | state: held, by a release store
 *           state: in hand, number + 1           | swap claim -> 0
 *   reader  state, by an acquiring load          | fields | loadsFence | state
 *
 * The number moves on before the owner's word is free, so before anybody else's fields: a reader that has seen one of those finds the number moved
 * on as well. It runs over after 2^29 lives of one record within one read.
 *
 * A death leaves a record under a dead claim, which is never given out again. Whoever reaps takes it over by a swap, so it is its own while it clears
 * what hangs on it, and if it dies of that, the record is found under its own claim. RESOURCES_REACH is raised before a record is taken: a record that
 * somebody has is never beyond where reapers look.
 */
import {
  RESOURCES_COUNT,
  RESOURCES_HEADER,
  RESOURCES_REACH,
  RESOURCE_CHANGED,
  RESOURCE_DEADLINE,
  RESOURCE_IN_HAND,
  RESOURCE_KIND,
  RESOURCE_LABEL,
  RESOURCE_OWNER,
  RESOURCE_PHASE_BITS,
  RESOURCE_SINCE,
  RESOURCE_SIZE,
  RESOURCE_STATE,
} from "../layout";
import { copyRacy, load32, loadsFence, racy32, raise32, release32, store32, swap32 } from "./memory";

/** Where this thread found its last record. Threads that start at different places seldom meet. */
let hint: u32 = 0;

/** Records of a table of so many bytes, all zero; whoever comes first says how many, and all say the same. */
export function makeResources(at: u32, bytes: u32): void {
  store32(at + RESOURCES_COUNT, (bytes - RESOURCES_HEADER) / RESOURCE_SIZE);
}

// @ts-ignore: decorator
@inline
function recordAt(at: u32, index: u32): u32 {
  return at + RESOURCES_HEADER + index * RESOURCE_SIZE;
}

/** Index of a record that is `claim`'s now, and in hand; -1 when all are taken. */
export function takeRecord(at: u32, claim: u32): i32 {
  const count = load<u32>(at, RESOURCES_COUNT);
  let index = hint < count ? hint : 0;
  for (let seen: u32 = 0; seen < count; seen++) {
    const owner = recordAt(at, index) + RESOURCE_OWNER;
    if (racy32(owner) == 0) {
      if (FAULT != 163) raise32(at + RESOURCES_REACH, index + 1); // before the swap: who has it may die at once
      if (swap32(owner, 0, claim)) {
        if (FAULT == 163) raise32(at + RESOURCES_REACH, index + 1);
        hint = index + 1;
        return index;
      }
    }
    if (++index == count) index = 0;
  }
  return -1;
}

/** Writes the record in hand, and shows it in a phase. */
export function showRecord(
  at: u32,
  index: u32,
  kind: u32,
  label: u32,
  since: f64,
  deadline: u32,
  now: u32,
  phase: u32,
): void {
  const record = recordAt(at, index);
  const state = load<u32>(record, RESOURCE_STATE);
  if (FAULT == 160) release32(record + RESOURCE_STATE, state | phase);
  store<u32>(record, kind, RESOURCE_KIND);
  store<u32>(record, label, RESOURCE_LABEL);
  store<f64>(record, since, RESOURCE_SINCE);
  store<u32>(record, deadline, RESOURCE_DEADLINE);
  store<u32>(record, now, RESOURCE_CHANGED);
  if (FAULT != 160) release32(record + RESOURCE_STATE, state | phase); // the fields before the phase: partner, a reader's first look
}

/** It is in another phase from now on. Its owner's to call. */
export function movePhase(at: u32, index: u32, now: u32, phase: u32): void {
  const record = recordAt(at, index);
  store<u32>(record, now, RESOURCE_CHANGED);
  release32(record + RESOURCE_STATE, (load<u32>(record, RESOURCE_STATE) & ~((1 << RESOURCE_PHASE_BITS) - 1)) | phase);
}

/** False when the record is not `claim`'s: it was taken for dead, or given back before. */
export function giveRecord(at: u32, index: u32, claim: u32): bool {
  if (index >= load<u32>(at, RESOURCES_COUNT)) return false;
  const record = recordAt(at, index);
  if (load32(record + RESOURCE_OWNER) != claim) return false;
  takeInHand(record);
  if (!swap32(record + RESOURCE_OWNER, claim, 0)) return false;
  hint = index;
  return true;
}

/** Nobody sees it any more, nor takes what the next one writes for this. */
// @ts-ignore: decorator
@inline
function takeInHand(record: u32): void {
  const state = load<u32>(record, RESOURCE_STATE);
  const number = (state >> RESOURCE_PHASE_BITS) + (FAULT == 161 ? 0 : 1);
  store32(record + RESOURCE_STATE, (number << RESOURCE_PHASE_BITS) | RESOURCE_IN_HAND);
}

/** A copy of the record as one owner has it: false when nobody has it, or it changed hands meanwhile. */
export function readRecord(at: u32, index: u32, to: u32): bool {
  const record = recordAt(at, index);
  const before = load32(record + RESOURCE_STATE);
  if ((before & ((1 << RESOURCE_PHASE_BITS) - 1)) == RESOURCE_IN_HAND) return false;
  copyRacy(to, record, RESOURCE_SIZE);
  loadsFence(); // the copy before the second look: partner, the store of a state before its record is free
  const after = load32(record + RESOURCE_STATE);
  return FAULT == 162 || before >> RESOURCE_PHASE_BITS == after >> RESOURCE_PHASE_BITS;
}

/**
 * The next record from `from` on that a dead claim has: it is `claim`'s now, and in hand, to be given back once what hangs on it is cleared. -1
 * when there is none.
 */
export function reapRecord(at: u32, from: u32, dead: u32, claim: u32): i32 {
  const reach = load32(at + RESOURCES_REACH);
  for (let index = from; index < reach; index++) {
    const record = recordAt(at, index);
    if (racy32(record + RESOURCE_OWNER) != dead) continue;
    if (FAULT == 164) {
      if (!swap32(record + RESOURCE_OWNER, dead, 0)) continue;
      takeInHand(record);
      return index;
    }
    if (!swap32(record + RESOURCE_OWNER, dead, claim)) continue;
    takeInHand(record);
    return index;
  }
  return -1;
}

/** Who has the record: a claim, 0 = nobody. */
export function ownerOfRecord(at: u32, index: u32): u32 {
  return racy32(recordAt(at, index) + RESOURCE_OWNER);
}
