/** Namespaces as the host reads them: the usage line of an id, and the record in the directory. */
import type { Header } from "./header.js";
import * as L from "./layout.js";

/** The usage line of a namespace id. */
export class IdLine {
  private readonly words: Uint32Array;

  /** @param buffer the memory as it is now */
  constructor(buffer: ArrayBufferLike, header: Header, id: number) {
    this.words = new Uint32Array(buffer, header.ids + id * L.ID_STRIDE, L.ID_STRIDE / 4);
  }

  get entries(): number {
    return this.words[L.I_ENTRIES / 4];
  }

  /** Bytes of chunks. */
  get bytes(): number {
    return this.words[L.I_BYTES / 4] + (this.words[L.I_BYTES / 4 + 1] | 0) * 2 ** 32; // signed: counted by many, not in order
  }

  /** Tick of the last write, to the second. */
  get lastUsed(): number {
    return this.words[L.I_LAST_USED / 4];
  }

  /** How often this id was taken. */
  get takings(): number {
    return this.wide(L.I_LIFE);
  }

  /** The number of the namespace that has it now. */
  get made(): number {
    return this.wide(L.I_MADE);
  }

  /** While a backup is restored: entries of this id may be loaded, their keys hashed with `seed`. */
  letIn(seed: number): void {
    this.words[L.I_SEED / 4] = seed;
    this.words[L.I_LOAD / 4] = 1;
  }

  get letsIn(): boolean {
    return this.words[L.I_LOAD / 4] !== 0;
  }

  letNoMoreIn(): void {
    this.words[L.I_LOAD / 4] = 0;
  }

  /** A u64 that stays below 2^53. */
  private wide(field: number): number {
    return this.words[field / 4] + this.words[field / 4 + 1] * 2 ** 32;
  }
}

/** The value of a directory entry, as bytes. */
export interface NamespaceRecordFields {
  readonly id: number;
  /** Of the hashes of its keys. */
  readonly seed: number;
  /** Encoding and what happens when it is full: the host's numbering. */
  readonly word: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export function readNamespaceRecord(value: Buffer): NamespaceRecordFields {
  return {
    id: value.readUInt32LE(L.N_ID),
    seed: value.readUInt32LE(L.N_SEED),
    word: value.readUInt32LE(L.N_ENCODING),
    maxEntries: value.readUInt32LE(L.N_MAX_ENTRIES),
    maxBytes: Number(value.readBigUInt64LE(L.N_MAX_BYTES)),
  };
}
