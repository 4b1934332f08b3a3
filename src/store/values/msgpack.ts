/**
 * Values as MessagePack, exactly or not at all: each property is read once, and what was read is what is written or refused, by its path.
 *
 * Plain MessagePack for what it has a form for, so that any reader of the bytes understands it; extensions of its own kind for the rest
 * (`EXT_*`, numbers that never change): each is one length and the bytes that belong to it, so that any reader can pass over it.
 * The bytes of a typed array are its bytes, and nothing that lay in the buffer before is ever part of a value.
 *
 * Getters, proxies and toJSON are the caller's code and may come back here: such a call gets a buffer of its own (`msgpack`).
 */
import { describe } from "../../check.js";
import { EngramError, InvalidArgumentError } from "../../errors.js";
import {
  arrayCode,
  EXT_ARRAY,
  EXT_BIGINT,
  EXT_MAP,
  EXT_NO_PROTOTYPE,
  EXT_REGEXP,
  EXT_SET,
  EXT_TIME,
  EXT_UNDEFINED,
  EXT_UTF16,
} from "./extensions.js";
import {
  DEEP,
  type KeptKind,
  keptKind,
  NESTING_MAX,
  nameOf,
  oddPlainObject,
  ownForm,
  Refused,
  refusal,
  tooDeep,
} from "./kinds.js";
import { NO_STORE, roomier, type ValueLimit } from "./room.js";

/** Bytes of the buffer that is kept; a longer value's is dropped again. */
const KEPT = 65_536;
/** Free bytes behind `room`: what is written between two looks at it. */
const SLACK = 32;
/** Longer texts cost least through the platform's own writer. */
const SHORT_TEXT = 40;
const FORM = "MessagePack";

let bytes: Buffer = Buffer.allocUnsafeSlow(KEPT);
let view = new DataView(bytes.buffer);
let room = KEPT - SLACK;
let position = 0;
let path: (string | number)[] = [];
let depth = 0;
let busy = false;
let limit = NO_STORE;

/**
 * The value's bytes: a view of this codec's buffer, good until the next call.
 *
 * @param most where it is given up
 * @throws InvalidArgumentError naming what it holds that has no such form, ValueTooLargeError
 */
export function msgpack(value: unknown, most: ValueLimit = NO_STORE): Uint8Array {
  if (busy) return aside(value, most);
  busy = true;
  limit = most;
  position = 0;
  depth = 0;
  try {
    // inside a value it is kept; alone it would be the same as no value
    if (value === undefined) throw new Refused("undefined", "use null");
    write(value);
    return bytes.subarray(0, position);
  } catch (fault) {
    throw asError(fault, value);
  } finally {
    busy = false;
    if (bytes.length > KEPT) useBuffer(Buffer.allocUnsafeSlow(KEPT));
  }
}

/** In the middle of another value, whose getter or toJSON has called: with a buffer of its own. */
function aside(value: unknown, most: ValueLimit): Uint8Array {
  const outer = { bytes, view, room, position, path, depth, limit };
  useBuffer(Buffer.allocUnsafeSlow(KEPT));
  path = [];
  busy = false;
  try {
    return msgpack(value, most);
  } finally {
    ({ bytes, view, room, position, path, depth, limit } = outer);
    busy = true;
  }
}

function useBuffer(buffer: Buffer): void {
  bytes = buffer;
  view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  room = buffer.length - SLACK;
}

function grow(more: number): void {
  useBuffer(roomier(bytes, position, more, SLACK, FORM, limit));
}

function asError(fault: unknown, value: unknown): unknown {
  const where = path.slice(0, depth);
  if (fault === DEEP) return refusal(tooDeep(value, where), where, FORM);
  if (fault instanceof Refused) return refusal(fault, where, FORM);
  if (fault instanceof EngramError) return fault; // what the caller's own code asked of a store and did not get
  const said = fault instanceof Error ? String(fault.message).split("\n")[0] : "it threw";
  return new InvalidArgumentError(`a value has no MessagePack form: reading it threw: ${said}`, { cause: fault });
}

// ---------------------------------------------------------------- the walk

const { prototype: plain } = Object;
const { prototype: array } = Array;
const { getPrototypeOf, getOwnPropertySymbols, keys: keysOf } = Object;

type Members = { readonly [key: string]: unknown };

function write(value: unknown): void {
  if (position > room) grow(0);
  switch (typeof value) {
    case "string":
      writeText(value);
      return;
    case "number":
      writeNumber(value);
      return;
    case "boolean":
      bytes[position++] = value ? 0xc3 : 0xc2;
      return;
    case "object":
      if (value !== null) {
        writeObject(value);
        return;
      }
      bytes[position++] = 0xc0;
      return;
    case "undefined":
      bytes[position++] = 0xd4;
      bytes[position++] = EXT_UNDEFINED;
      bytes[position++] = 0;
      return;
    case "bigint":
      writeBigInt(value);
      return;
    default:
      throw new Refused(describe(value), "values hold data, not code");
  }
}

function writeObject(value: object): void {
  if (depth >= NESTING_MAX) throw DEEP;
  const made = getPrototypeOf(value);
  if (made === array && Array.isArray(value)) {
    writeArray(value);
    return;
  }
  if (made !== plain) {
    writeOther(value, made);
    return;
  }
  const symbols = getOwnPropertySymbols(value);
  if (symbols.length > 0) refuseOdd(value, symbols);
  writeMembers(value as Members, keysOf(value), false);
}

function refuseOdd(value: object, symbols: readonly symbol[]): void {
  const odd = oddPlainObject(value, symbols);
  if (odd !== null) throw new Refused(odd, "");
}

/** @param form the object is what a toJSON gave, so that its own is not asked again */
function writeMembers(object: Members, keys: readonly string[], form: boolean): void {
  const start = position;
  const level = depth++;
  writeHead(keys.length, 0x80, 0xde);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const value = object[key];
    path[level] = key;
    if (key === "toJSON" && typeof value === "function") {
      position = start;
      depth = level;
      if (!form) {
        writeForm(object, value as (key: string) => unknown);
        return;
      }
      writeMembers(
        object,
        keys.filter((name) => name !== key),
        true,
      );
      return;
    }
    writeText(key);
    write(value);
  }
  depth = level;
}

/** What an object's toJSON gives, in its place. It is asked once: what it gives may have the same method. */
function writeForm(object: object, toJSON: (key: string) => unknown): void {
  const key = depth === 0 ? "" : String(path[depth - 1]);
  const form: unknown = Reflect.apply(toJSON, object, [key]);
  if (typeof form === "object" && form !== null && !Array.isArray(form) && getOwnPropertySymbols(form).length === 0) {
    const made = getPrototypeOf(form);
    if (made === plain || form === object) {
      if (depth >= NESTING_MAX) throw DEEP;
      writeMembers(form as Members, keysOf(form), true);
      return;
    }
  }
  write(form);
}

function writeArray(elements: readonly unknown[]): void {
  const { length } = elements;
  const keys = keysOf(elements).length;
  const level = depth++;
  writeHead(length, 0x90, 0xdc);
  for (let i = 0; i < length; i++) {
    path[level] = i;
    const value = elements[i];
    if (value === undefined && !Object.hasOwn(elements, i)) throw new Refused("a hole in an array", "use null");
    write(value);
  }
  depth = level;
  // there was no hole, so any more keys than elements are names
  if (keys > length) throw new Refused("an array with properties besides its elements", "take an object for them");
}

/** The head of a map or an array. */
function writeHead(length: number, few: number, many: number): void {
  if (position > room) grow(0);
  if (length < 16) {
    bytes[position++] = few | length;
  } else if (length < 0x10000) {
    bytes[position++] = many;
    view.setUint16(position, length);
    position += 2;
  } else {
    bytes[position++] = many + 1;
    view.setUint32(position, length);
    position += 4;
  }
}

// ---------------------------------------------------------------- built-ins

function writeOther(value: object, made: object | null): void {
  const toJSON = ownForm(value);
  if (toJSON !== null) {
    writeForm(value, toJSON);
    return;
  }
  if (made === null) {
    refuseOdd(value, getOwnPropertySymbols(value));
    writeExtension(EXT_NO_PROTOTYPE, () => writeMembers(value as Members, keysOf(value), true));
    return;
  }
  const kind = keptKind(value, made);
  if (kind === undefined) throw new Refused(nameOf(value), "pass what of it is data");
  writeKept(value, kind);
}

const timeOf = uncurried(Date.prototype.getTime);
const membersOf = uncurried(Map.prototype.entries);
const elementsOf = uncurried(Set.prototype.values);

function uncurried<T>(method: (this: never) => T): (object: unknown) => T {
  return (object) => Reflect.apply(method, object as never, []);
}

function writeKept(value: object, kind: KeptKind): void {
  switch (kind) {
    case "Date":
      nothingElse(value, kind);
      writeTime(timeOf(value));
      return;
    case "Map":
      nothingElse(value, kind);
      writeExtension(EXT_MAP, () => writePairs([...membersOf(value)] as [unknown, unknown][]));
      return;
    case "Set":
      nothingElse(value, kind);
      writeExtension(EXT_SET, () => writeArray([...elementsOf(value)]));
      return;
    case "RegExp": {
      nothingElse(value, kind);
      const { source, flags, lastIndex } = value as RegExp;
      writeExtension(EXT_REGEXP, () => writeArray([source, flags, lastIndex]));
      return;
    }
    default:
      writeBinary(value as ArrayBufferView | ArrayBuffer, kind);
      return;
  }
}

/** Properties that somebody hung on a built-in are not part of its form. */
function nothingElse(value: object, kind: KeptKind): void {
  if (keysOf(value).length > 0 || getOwnPropertySymbols(value).length > 0) {
    throw new Refused(`a ${kind} with properties of its own`, "take an object for them");
  }
}

function writePairs(pairs: readonly [unknown, unknown][]): void {
  const level = depth++;
  writeHead(pairs.length, 0x80, 0xde);
  for (const [key, value] of pairs) {
    path[level] = typeof key === "string" ? key : `key ${describe(key)}`;
    write(key);
    write(value);
  }
  depth = level;
}

/** An extension around what `content` writes: its length is known, and put in front of it, afterwards. */
function writeExtension(type: number, content: () => void): void {
  if (depth >= NESTING_MAX) throw DEEP;
  if (position > room) grow(0);
  bytes[position] = 0xc9;
  bytes[position + 5] = type;
  position += 6;
  const start = position;
  content();
  view.setUint32(start - 5, position - start);
}

function writeBinary(value: ArrayBufferView | ArrayBuffer, kind: KeptKind): void {
  const content = bytesOf(value);
  const { length } = content;
  if (position + length > room) grow(length);
  if (kind === "Uint8Array") {
    bytes[position++] = length < 0x100 ? 0xc4 : length < 0x10000 ? 0xc5 : 0xc6;
    writeLength(length);
  } else {
    bytes[position++] = length + 1 < 0x100 ? 0xc7 : length + 1 < 0x10000 ? 0xc8 : 0xc9;
    writeLength(length + 1);
    bytes[position++] = EXT_ARRAY;
    bytes[position++] = arrayCode(kind);
  }
  bytes.set(content, position);
  position += length;
}

function writeLength(length: number): void {
  if (length < 0x100) {
    bytes[position++] = length;
  } else if (length < 0x10000) {
    view.setUint16(position, length);
    position += 2;
  } else {
    view.setUint32(position, length);
    position += 4;
  }
}

/** The bytes that a view or a buffer stands for, whatever its class says of itself. @throws Refused for one that was handed over */
function bytesOf(value: ArrayBufferView | ArrayBuffer): Uint8Array {
  if (!ArrayBuffer.isView(value)) {
    if ((value as { resizable?: boolean }).resizable) throw new Refused("a resizable ArrayBuffer", "slice() it");
    return whole(value, 0, value.byteLength);
  }
  return whole(value.buffer, value.byteOffset, value.byteLength);
}

function whole(buffer: ArrayBufferLike, start: number, length: number): Uint8Array {
  try {
    return new Uint8Array(buffer, start, length);
  } catch {
    throw new Refused("detached: its bytes were handed over to another thread", "");
  }
}

/** The timestamps of the MessagePack specification; one byte for an invalid date, which they have no form for. */
function writeTime(ms: number): void {
  if (position > room) grow(0);
  if (Number.isNaN(ms)) {
    bytes[position++] = 0xd4;
    bytes[position++] = EXT_TIME;
    bytes[position++] = 0xff;
    return;
  }
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = (ms - seconds * 1000) * 1_000_000;
  if (nanoseconds === 0 && seconds >= 0 && seconds < 2 ** 32) {
    bytes[position++] = 0xd6;
    bytes[position++] = EXT_TIME;
    view.setUint32(position, seconds);
    position += 4;
  } else if (seconds >= 0 && seconds < 2 ** 34) {
    bytes[position++] = 0xd7;
    bytes[position++] = EXT_TIME;
    view.setUint32(position, nanoseconds * 4 + Math.floor(seconds / 2 ** 32));
    view.setUint32(position + 4, seconds % 2 ** 32);
    position += 8;
  } else {
    bytes[position++] = 0xc7;
    bytes[position++] = 12;
    bytes[position++] = EXT_TIME;
    view.setUint32(position, nanoseconds);
    view.setBigInt64(position + 4, BigInt(seconds));
    position += 12;
  }
}

// ---------------------------------------------------------------- numbers and texts

/** Whole numbers of 32 bits as such, all others as doubles: so -0 and NaN keep what they are. */
function writeNumber(value: number): void {
  if (value >>> 0 === value && !(value === 0 && 1 / value < 0)) {
    if (value < 0x80) {
      bytes[position++] = value;
    } else if (value < 0x100) {
      bytes[position++] = 0xcc;
      bytes[position++] = value;
    } else if (value < 0x10000) {
      bytes[position++] = 0xcd;
      view.setUint16(position, value);
      position += 2;
    } else {
      bytes[position++] = 0xce;
      view.setUint32(position, value);
      position += 4;
    }
  } else if ((value | 0) === value && value !== 0) {
    if (value >= -0x20) {
      bytes[position++] = value;
    } else if (value >= -0x80) {
      bytes[position++] = 0xd0;
      bytes[position++] = value;
    } else if (value >= -0x8000) {
      bytes[position++] = 0xd1;
      view.setInt16(position, value);
      position += 2;
    } else {
      bytes[position++] = 0xd2;
      view.setInt32(position, value);
      position += 4;
    }
  } else {
    bytes[position++] = 0xcb;
    view.setFloat64(position, value);
    position += 8;
  }
}

/** Always 64 bits and more: a bigint comes back as one. */
function writeBigInt(value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    bytes[position++] = 0xd3;
    view.setBigInt64(position, value);
    position += 8;
    return;
  }
  if (BigInt.asUintN(64, value) === value) {
    bytes[position++] = 0xcf;
    view.setBigUint64(position, value);
    position += 8;
    return;
  }
  const content = twosComplement(value);
  const { length } = content;
  if (position + length > room) grow(length);
  bytes[position++] = length < 0x100 ? 0xc7 : length < 0x10000 ? 0xc8 : 0xc9;
  writeLength(length);
  bytes[position++] = EXT_BIGINT;
  bytes.set(content, position);
  position += length;
}

/** Big-endian, with a first byte whose highest bit is the sign. */
function twosComplement(value: bigint): Buffer {
  const negative = value < 0n;
  let hex = (negative ? ~value : value).toString(16);
  hex = hex.length % 2 === 1 ? `0${hex}` : Number.parseInt(hex[0], 16) >= 8 ? `00${hex}` : hex;
  const content = Buffer.from(hex, "hex");
  if (negative) for (let i = 0; i < content.length; i++) content[i] ^= 0xff;
  return content;
}

function writeText(text: string): void {
  const { length } = text;
  if (length > SHORT_TEXT) {
    writeAnyText(text);
    return;
  }
  if (position + length > room) grow(length);
  let to = position + (length < 32 ? 1 : 2);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) {
      writeAnyText(text);
      return;
    }
    bytes[to++] = code;
  }
  if (length < 32) {
    bytes[position] = 0xa0 | length;
  } else {
    bytes[position] = 0xd9;
    bytes[position + 1] = length;
  }
  position = to;
}

/** In UTF-8, which is written first: how many bytes it took goes in front of it. */
function writeAnyText(text: string): void {
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) {
    writeUnits(text);
    return;
  }
  const most = text.length * 3;
  if (position + most > room) {
    const length = Buffer.byteLength(text);
    if (position + length > room) grow(length);
  }
  if (most < 0x100) {
    const length = bytes.write(text, position + 2, "utf8");
    bytes[position] = 0xd9;
    bytes[position + 1] = length;
    position += 2 + length;
  } else if (most < 0x10000) {
    const length = bytes.write(text, position + 3, "utf8");
    bytes[position] = 0xda;
    view.setUint16(position + 1, length);
    position += 3 + length;
  } else {
    const length = bytes.write(text, position + 5, "utf8");
    bytes[position] = 0xdb;
    view.setUint32(position + 1, length);
    position += 5 + length;
  }
}

/** Text with lone surrogates, which UTF-8 cannot write, as the 16-bit units it is. */
function writeUnits(text: string): void {
  const length = text.length * 2;
  if (position + length > room) grow(length);
  bytes[position++] = length < 0x100 ? 0xc7 : length < 0x10000 ? 0xc8 : 0xc9;
  writeLength(length);
  bytes[position++] = EXT_UTF16;
  position += bytes.write(text, position, "utf16le");
}
