/**
 * MessagePack back into values. It reads where the bytes lie, in this thread's own window of the shared memory, and everything it gives
 * is a copy. It reads what `msgpack` writes, and what msgpackr wrote before (without records: plain maps, Set and Error as arrays).
 *
 * What the bytes claim is checked against how many there are before memory is taken for it.
 */
import { CorruptValueError } from "../../errors.js";
import {
  arrayOf,
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

/** Texts up to here are put together here, longer ones by the platform. */
const SHORT_TEXT = 8;
/** Keys up to here are looked for among those seen before. */
const SHORT_KEY = 32;
const KEYS_SEEN = 1024;
/** Arrays and maps inside each other: more than any writer of values nests, and far less than the stack holds. */
const DEEPEST = 2000;

let bytes: Buffer = Buffer.alloc(0);
let view = new DataView(bytes.buffer);
let position = 0;
let end = 0;
let depth = 0;
/** Texts that were keys of objects, by length and first and last byte: a reader mostly meets the same ones again. */
const seen: (string | undefined)[] = new Array(KEYS_SEEN).fill(undefined);

/** The value that `length` bytes from `start` on are. @throws CorruptValueError when they are none */
export function readMsgpack(source: Buffer, sourceView: DataView, start: number, length: number): unknown {
  bytes = source;
  view = sourceView;
  position = start;
  end = start + length;
  depth = 0;
  const value = read();
  if (position !== end) throw corrupt(`${end - position} bytes are left over`);
  return value;
}

/** The value that some bytes are, whole. @throws CorruptValueError when they are none */
export function readMsgpackBytes(source: Buffer): unknown {
  return readMsgpack(source, new DataView(source.buffer, source.byteOffset, source.length), 0, source.length);
}

/** One value after another, until the bytes end. @throws CorruptValueError; what came before it has been handed out */
export function* readMsgpackAll(source: Buffer): IterableIterator<{ value: unknown; start: number }> {
  const sourceView = new DataView(source.buffer, source.byteOffset, source.length);
  for (let at = 0; at < source.length; ) {
    bytes = source;
    view = sourceView;
    position = at;
    end = source.length;
    depth = 0;
    const value = read();
    const start = at;
    at = position;
    yield { value, start };
  }
}

function corrupt(what: string): CorruptValueError {
  return new CorruptValueError(`the bytes of a msgpack value are none: ${what}`);
}

/** Moves past `length` bytes; where they began. */
function pass(length: number): number {
  const at = position;
  if (length > end - at) throw corrupt(`they end ${length - (end - at)} bytes too early`);
  position = at + length;
  return at;
}

function read(): unknown {
  const token = bytes[pass(1)];
  if (token < 0x80) return token;
  if (token < 0x90) return readMembers(token & 15, {});
  if (token < 0xa0) return readElements(token & 15);
  if (token < 0xc0) return readText(token & 31);
  if (token >= 0xe0) return token - 0x100;
  switch (token) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return new Uint8Array(copied(readLength(token - 0xc4)));
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return readExtension(readLength(token - 0xc7));
    case 0xca:
      return view.getFloat32(pass(4));
    case 0xcb:
      return view.getFloat64(pass(8));
    case 0xcc:
      return bytes[pass(1)];
    case 0xcd:
      return view.getUint16(pass(2));
    case 0xce:
      return view.getUint32(pass(4));
    case 0xcf:
      return view.getBigUint64(pass(8));
    case 0xd0:
      return view.getInt8(pass(1));
    case 0xd1:
      return view.getInt16(pass(2));
    case 0xd2:
      return view.getInt32(pass(4));
    case 0xd3:
      return view.getBigInt64(pass(8));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return readExtension(1 << (token - 0xd4));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return readText(readLength(token - 0xd9));
    case 0xdc:
    case 0xdd:
      return readElements(readLength(token - 0xdb));
    case 0xde:
    case 0xdf:
      return readMembers(readLength(token - 0xdd), {});
    default:
      throw corrupt(`a value begins with byte ${token}`);
  }
}

/** A length of 1, 2 or 4 bytes: width 0, 1 or 2. */
function readLength(width: number): number {
  if (width === 0) return bytes[pass(1)];
  return width === 1 ? view.getUint16(pass(2)) : view.getUint32(pass(4));
}

function readElements(length: number): unknown[] {
  if (length > end - position) throw corrupt(`an array of ${length} has ${end - position} bytes`);
  descend();
  const array: unknown[] = [];
  for (let i = 0; i < length; i++) array.push(read());
  depth--;
  return array;
}

function descend(): void {
  if (++depth > DEEPEST) throw corrupt(`arrays and maps nest deeper than ${DEEPEST}`);
}

function readMembers<T extends Record<string, unknown>>(length: number, object: T): T {
  if (length > (end - position) / 2) throw corrupt(`a map of ${length} has ${end - position} bytes`);
  descend();
  for (let i = 0; i < length; i++) {
    const key = readKey();
    const value = read();
    if (key === "__proto__") {
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
    } else {
      (object as Record<string, unknown>)[key] = value;
    }
  }
  depth--;
  return object;
}

function readKey(): string {
  const token = bytes[position];
  if (token >= 0xa0 && token < 0xc0) {
    position++;
    return readSeen(token & 31);
  }
  const key = read();
  if (typeof key === "object" && key !== null) throw corrupt("an object's key is an object");
  return String(key); // what other writers put there
}

function readSeen(length: number): string {
  const at = pass(length);
  if (length === 0) return "";
  const place =
    (length * 31 + bytes[at] * 7 + bytes[at + length - 1] * 131 + bytes[at + (length >> 1)]) & (KEYS_SEEN - 1);
  const known = seen[place];
  if (known !== undefined && known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
    if (i === length) return known;
  }
  const key = textAt(at, length);
  // only texts whose bytes are their characters can be compared with bytes
  if (length <= SHORT_KEY && key.length === length && isAscii(at, length)) seen[place] = key;
  return key;
}

function isAscii(at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] > 0x7f) return false;
  return true;
}

function readText(length: number): string {
  return textAt(pass(length), length);
}

function textAt(at: number, length: number): string {
  const last = at + length;
  if (length > SHORT_TEXT) return bytes.toString("utf8", at, last);
  for (let i = at; i < last; i++) if (bytes[i] > 0x7f) return bytes.toString("utf8", at, last);
  const { fromCharCode } = String;
  let text = "";
  let i = at;
  for (; i + 4 <= last; i += 4) text += fromCharCode(bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]);
  for (; i < last; i++) text += fromCharCode(bytes[i]);
  return text;
}

// ---------------------------------------------------------------- extensions

/** A copy of bytes, in a buffer of its own. */
function copied(length: number): ArrayBuffer {
  const at = pass(length);
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(at, at + length));
  return copy.buffer;
}

function readExtension(length: number): unknown {
  const type = bytes[pass(1)];
  if (length > end - position) throw corrupt(`an extension of ${length} bytes has ${end - position}`);
  const outer = end;
  end = position + length;
  const value = readContent(type, length);
  if (position !== end) throw corrupt(`an extension of type ${type} has ${end - position} bytes too many`);
  end = outer;
  return value;
}

function readContent(type: number, length: number): unknown {
  switch (type) {
    case EXT_UNDEFINED:
      pass(length);
      return undefined;
    case EXT_TIME:
      return readTime(length);
    case EXT_ARRAY: {
      const code = bytes[pass(1)];
      const array = arrayOf(code, copied(length - 1));
      if (array === undefined) throw corrupt(`an array of ${length - 1} bytes is of kind ${code}`);
      return array;
    }
    case EXT_BIGINT:
      return readBigInt(length);
    case EXT_UTF16: {
      const at = pass(length);
      return bytes.toString("utf16le", at, at + length);
    }
    case EXT_MAP:
      return readMap();
    case EXT_SET:
      return new Set(expected(Array.isArray, "a Set"));
    case EXT_NO_PROTOTYPE:
      return readMembers(readHead(), Object.create(null));
    case EXT_REGEXP: {
      const [source, flags, lastIndex] = expected(Array.isArray, "a RegExp");
      const pattern = new RegExp(source as string, flags as string);
      pattern.lastIndex = lastIndex as number;
      return pattern;
    }
    default:
      throw corrupt(`an extension is of type ${type}`);
  }
}

function expected(is: (value: unknown) => value is unknown[], what: string): unknown[] {
  const value = read();
  if (is(value)) return value;
  throw corrupt(`${what} is no array`);
}

/** How many members the map here has. */
function readHead(): number {
  const token = bytes[pass(1)];
  if (token >= 0x80 && token < 0x90) return token & 15;
  if (token === 0xde || token === 0xdf) return readLength(token - 0xdd);
  throw corrupt(`a map begins with byte ${token}`);
}

function readMap(): Map<unknown, unknown> {
  const length = readHead();
  if (length > (end - position) / 2) throw corrupt(`a map of ${length} has ${end - position} bytes`);
  const map = new Map();
  for (let i = 0; i < length; i++) map.set(read(), read());
  return map;
}

function readTime(length: number): Date {
  const at = pass(length);
  if (length === 4) return new Date(view.getUint32(at) * 1000);
  if (length === 8) {
    const high = view.getUint32(at);
    return dateOf((high & 3) * 2 ** 32 + view.getUint32(at + 4), high >>> 2);
  }
  if (length === 12) return dateOf(Number(view.getBigInt64(at + 4)), view.getUint32(at));
  return new Date(Number.NaN);
}

function dateOf(seconds: number, nanoseconds: number): Date {
  return new Date(seconds * 1000 + Math.floor(nanoseconds / 1_000_000));
}

function readBigInt(length: number): bigint {
  if (length === 0) return 0n;
  const at = pass(length);
  const hex = bytes.toString("hex", at, at + length);
  return BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
}
