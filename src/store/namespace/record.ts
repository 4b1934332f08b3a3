/** A namespace's entry in the store's directory, and the words that the engine keeps for each namespace id. */
import { layout } from "../../core/index.js";
import type { EncodingName } from "../encoding.js";
import type { WorkerConnection } from "../worker.js";
import type { WhenFull } from "./word.js";

/** The namespace's directory entry as this thread last saw it. */
export interface Record {
  entry: number;
  version: number;
  id: number;
  encoding: EncodingName;
  whenFull: WhenFull;
  maxEntries: number;
  maxBytes: number;
}

/** Finds a namespace's directory entry again after it changed. */
export type Lookup = (name: string) => Record;

/** One of the words kept for a namespace id: `field` is one of the layout's I_ offsets. */
export function idWord(worker: WorkerConnection, id: number, field: number): number {
  const line = worker.header[layout.H_IDS / 4] + id * layout.ID_STRIDE;
  return new Uint32Array(worker.currentBuffer(), line + field, 1)[0];
}
