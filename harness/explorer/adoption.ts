/**
 * Slabs of a backup as a restore has them: read to their places in a new store, whose threads then adopt them
 * (src/core/assembly/loader.ts). Each adoption of a program has a slab of its own, counted from the pool's end; what its chunks
 * hold of links and hashes is garbage, as it is in a file.
 */
import { layout as L } from "../../src/core/index.js";
import { checkOf, type Op, type Program, rowValue } from "./program.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

/** Of chunks of 64 bytes: a key, and a value of 8. */
export const ADOPTED_CLASS = 1;
const CHUNK = (1 << L.CLASS_MIN_SHIFT) << ADOPTED_CLASS;
/** Adoptions of a thread at most. */
const MOST = 2;
const GARBAGE = 0x2b5;
/** Of the cut that the slabs are of. */
export const CUT_EPOCH = 1;

export function hasAdoptions({ threads }: Program): boolean {
  return threads.some((ops) => ops.some(({ kind }) => kind === "adopt"));
}

/** The slab of a thread's nth operation. */
export function slabOf(slabs: number, thread: number, at: number): number {
  return slabs - 1 - (thread * MOST + at);
}

/** Keeps the slabs that a program adopts, and lets entries of its namespace in. */
export function prepareAdoptions({ threads, settings }: Program, words: Uint32Array, record: number): void {
  threads.forEach((ops, thread) => {
    ops.forEach((_, at) => {
      words[(T.SLABS >> 2) + slabOf(settings.slabs, thread, at)] = ADOPTED_CLASS + 1;
    });
  });
  const line = (T.IDS + L.FIRST_ID * L.ID_STRIDE) >> 2;
  words[line + L.I_LOAD / 4] = 1;
  words[line + L.I_SEED / 4] = words[(record + L.E_KEY + 16 + L.N_SEED) >> 2];
}

/** Reads the slab to its place, so to speak: an entry a key, the other chunks free. */
export function fillSlab(
  words: Uint32Array,
  slabs: number,
  keyWords: Uint32Array,
  thread: Thread,
  value: number,
): void {
  const keys = thread.ops[thread.at].keys ?? [];
  for (let row = 0; row < T.SLAB_SIZE / CHUNK; row++) {
    const chunk = chunkOf(slabs, thread, row) >> 2;
    words.fill(GARBAGE, chunk, chunk + CHUNK / 4);
    words[chunk + L.E_VERSION / 4] = 0;
    words[chunk + L.E_DEATH / 4] = 0;
    words[chunk + L.E_EXPIRES / 4] = 0;
    words[chunk + L.E_BIRTH / 4] = row < keys.length ? CUT_EPOCH : 0;
    if (row >= keys.length) continue;
    words[chunk + L.E_META / 4] = (1 << 16) | L.FIRST_ID;
    words[chunk + L.E_VALUE_LENGTH / 4] = 8;
    words.fill(0, chunk + L.E_KEY / 4, chunk + L.E_KEY / 4 + 4);
    words[chunk + L.E_KEY / 4] = keyWords[keys[row]];
    words[chunk + L.E_KEY / 4 + 4] = rowValue(value, row);
    words[chunk + L.E_KEY / 4 + 5] = checkOf(rowValue(value, row));
  }
}

/** Where the entry of a row of the thread's adoption lies. */
export function chunkOf(slabs: number, thread: Thread, row: number): number {
  return T.POOL + slabOf(slabs, thread.number, thread.at) * T.SLAB_SIZE + row * CHUNK;
}

/** An adoption is a setIfAbsent of each of its entries. */
export function rowsOf(op: Op): Op[] {
  return (op.keys ?? []).map((key) => ({ kind: "setIfAbsent", key }));
}
