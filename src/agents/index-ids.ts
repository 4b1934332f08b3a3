/**
 * What a program calls its vectors, in the block beside them: as f64 numbers, or as texts: u32 where each begins, and one more, then their
 * UTF-8 bytes. Without ids a vector is called by its place.
 */
import { describe } from "../check.js";
import { CorruptIndexError, InvalidArgumentError } from "../errors.js";
import { IDS_NUMBERS, IDS_POSITIONS, IDS_TEXTS, type IndexHeader, type VectorId } from "./index-block.js";

/** What UTF-8 has no bytes for. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export interface EncodedIds {
  readonly idKind: number;
  readonly bytes: Uint8Array;
}

/** @throws InvalidArgumentError for too few or too many, numbers and texts together, one that is neither, and one that is there twice */
export function encodeIds(ids: readonly VectorId[] | undefined, count: number): EncodedIds {
  if (ids === undefined) return { idKind: IDS_POSITIONS, bytes: new Uint8Array(0) };
  if (!Array.isArray(ids)) throw new InvalidArgumentError(`ids is ${describe(ids)}; expected an array`);
  if (ids.length !== count) {
    throw new InvalidArgumentError(`ids has ${ids.length} of them for ${count} vectors; expected one for each`);
  }
  const type = typeof ids[0];
  const seen = new Map<VectorId, number>();
  for (let i = 0; i < ids.length; i++) {
    const id: unknown = ids[i];
    if (!(typeof id === "string" ? !LONE_SURROGATE.test(id) : Number.isSafeInteger(id))) {
      throw new InvalidArgumentError(`ids[${i}] is ${describe(id)}; expected a whole number within 2^53, or text`);
    }
    if (typeof id !== type) {
      throw new InvalidArgumentError(
        `ids[${i}] is ${describe(id)} and ids[0] is ${describe(ids[0])}; expected all numbers, or all texts`,
      );
    }
    const before = seen.get(id as VectorId);
    if (before !== undefined) {
      throw new InvalidArgumentError(`ids[${i}] is ${describe(id)}, as is ids[${before}]; expected each once`);
    }
    seen.set(id as VectorId, i);
  }
  if (type === "number")
    return { idKind: IDS_NUMBERS, bytes: new Uint8Array(Float64Array.from(ids as number[]).buffer) };
  return { idKind: IDS_TEXTS, bytes: encodeTexts(ids as readonly string[]) };
}

function encodeTexts(texts: readonly string[]): Uint8Array {
  const starts = new Uint32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) starts[i + 1] = starts[i] + Buffer.byteLength(text);
  const bytes = Buffer.alloc(starts.byteLength + starts[texts.length]);
  bytes.set(new Uint8Array(starts.buffer));
  for (const [i, text] of texts.entries()) bytes.write(text, starts.byteLength + starts[i]);
  return bytes;
}

export type IdReader = (position: number) => VectorId;

/** @param block all of it; @throws CorruptIndexError when the ids are none */
export function idReader(what: string, block: Uint8Array, header: IndexHeader): IdReader {
  const { idKind, ids, idBytes, count } = header;
  const at = block.byteOffset + ids;
  if (idKind === IDS_POSITIONS) return (position) => position;
  if (idKind === IDS_NUMBERS) {
    if (idBytes !== count * 8) throw noIds(what);
    const numbers = new Float64Array(block.buffer, at, count);
    return (position) => numbers[position];
  }
  const tableBytes = (count + 1) * 4;
  if (idBytes < tableBytes) throw noIds(what);
  const starts = new Uint32Array(block.buffer, at, count + 1);
  const texts = Buffer.from(block.buffer as ArrayBuffer, at + tableBytes, idBytes - tableBytes);
  return (position) => texts.toString("utf8", starts[position], starts[position + 1]);
}

/** Of a block that came from outside: each id, not only how many. @throws CorruptIndexError */
export function checkIds(what: string, block: Uint8Array, header: IndexHeader): void {
  const { idKind, ids, idBytes, count } = header;
  const at = block.byteOffset + ids;
  if (idKind === IDS_NUMBERS) {
    if (!new Float64Array(block.buffer, at, count).every(Number.isSafeInteger)) throw noIds(what);
  } else if (idKind === IDS_TEXTS) {
    const starts = new Uint32Array(block.buffer, at, count + 1);
    const inOrder = starts.every((start, i) => i === 0 || start >= starts[i - 1]);
    if (starts[0] !== 0 || !inOrder || starts[count] !== idBytes - starts.byteLength) throw noIds(what);
  }
}

function noIds(what: string): CorruptIndexError {
  return new CorruptIndexError(`${what}: the table of ids is damaged`);
}
