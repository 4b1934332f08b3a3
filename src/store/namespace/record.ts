/** A namespace's entry in the store's directory, and the words that the engine keeps for each namespace id. */
import { layout } from "../../core/index.js";
import type { EncodingName } from "../encoding.js";
import type { WorkerConnection } from "../worker.js";
import type { WhenFull } from "./word.js";

/** The namespace's directory entry as this thread last saw it. While it is current, all of this is so. */
export interface Record {
  entry: number;
  version: number;
  id: number;
  /**
   * Two numbers that are never given twice, while ids are: which emptying of which namespace this is (it changes with every clear),
   * and which namespace of its name (it changes with a drop only).
   */
  life: number;
  made: number;
  /** Of the hashes of its keys: the same for all namespaces of its name. */
  seed: number;
  encoding: EncodingName;
  whenFull: WhenFull;
  maxEntries: number;
  maxBytes: number;
}

/** Finds a namespace's directory entry again after it changed. */
export interface Lookup {
  /** Null when it was dropped. */
  find(name: string): Record | null;
  /** @throws as Directory.findOrMake */
  findOrMake(name: string): Record;
}

/** One of the words kept for a namespace id: `field` is one of the layout's I_ offsets. */
export function idWord(worker: WorkerConnection, id: number, field: number): number {
  const line = worker.header[layout.H_IDS / 4] + id * layout.ID_STRIDE;
  return new Uint32Array(worker.currentBuffer(), line + field, 1)[0];
}

/** The same for a u64 that stays below 2^53. */
export function idNumber(worker: WorkerConnection, id: number, field: number): number {
  return idWord(worker, id, field) + idWord(worker, id, field + 4) * 2 ** 32;
}
