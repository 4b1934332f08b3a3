/**
 * Values as JSON, exactly or not at all. `JSON.stringify` alters what JSON has no form for without a word: undefined goes, NaN becomes null,
 * -0 becomes 0, a Date a text, a Map an empty object. A check before it would read every property twice, and a getter or proxy may
 * answer twice differently. So the value is written here, in one walk: each property is read once, and what was read is what is
 * written or refused, by its path. The bytes are those of JSON.stringify.
 *
 * Getters, proxies and toJSON are the caller's code and may come back here: such a call gets a buffer of its own (`json`).
 */
import { describe } from "../../check.js";
import { EngramError, InvalidArgumentError } from "../../errors.js";
import { DEEP, isKept, NESTING_MAX, nameOf, oddPlainObject, ownForm, Refused, refusal, tooDeep } from "./kinds.js";
import { NO_STORE, roomier, type ValueLimit } from "./room.js";

/** Bytes of the buffer that is kept; a longer value's is dropped again. */
const KEPT = 65_536;
/** Free bytes behind `room`: what is written between two looks at it. */
const SLACK = 32;
/** Longer texts cost least through the platform's own writer. */
const SHORT_TEXT = 48;
/** From here on an array of fractions costs least through the platform's own writer. */
const MANY_NUMBERS = 8;
const FORM = "JSON";
const KEEPS = "a msgpack namespace keeps it";
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

let bytes: Buffer = Buffer.allocUnsafeSlow(KEPT);
let room = KEPT - SLACK;
let position = 0;
let path: (string | number)[] = [];
let depth = 0;
let busy = false;
let limit = NO_STORE;

/**
 * The value's text in UTF-8: a view of this codec's buffer, good until the next call.
 *
 * @param most where it is given up
 * @throws InvalidArgumentError naming what it holds that JSON cannot, ValueTooLargeError
 */
export function json(value: unknown, most: ValueLimit = NO_STORE): Uint8Array {
  if (busy) return aside(value, most);
  busy = true;
  limit = most;
  position = 0;
  depth = 0;
  try {
    write(value);
    return bytes.subarray(0, position);
  } catch (fault) {
    throw asError(fault, value);
  } finally {
    busy = false;
    if (bytes.length > KEPT) renew();
  }
}

/** In the middle of another value, whose getter or toJSON has called: with a buffer of its own. */
function aside(value: unknown, most: ValueLimit): Uint8Array {
  const outer = { bytes, room, position, path, depth, limit };
  renew();
  path = [];
  busy = false;
  try {
    return json(value, most);
  } finally {
    ({ bytes, room, position, path, depth, limit } = outer);
    busy = true;
  }
}

function renew(): void {
  bytes = Buffer.allocUnsafeSlow(KEPT);
  room = KEPT - SLACK;
}

function asError(fault: unknown, value: unknown): unknown {
  const where = path.slice(0, depth);
  if (fault === DEEP) return refusal(tooDeep(value, where), where, FORM);
  if (fault instanceof Refused) return refusal(fault, where, FORM);
  if (fault instanceof EngramError) return fault; // what the caller's own code asked of a store and did not get
  const said = fault instanceof Error ? String(fault.message).split("\n")[0] : "it threw";
  return new InvalidArgumentError(`a value has no JSON form: reading it threw: ${said}`, { cause: fault });
}

// ---------------------------------------------------------------- the walk

const { prototype: plain } = Object;
const { prototype: array } = Array;
const { getPrototypeOf, getOwnPropertySymbols, keys: keysOf } = Object;

function write(value: unknown): void {
  switch (typeof value) {
    case "string":
      writeText(value);
      return;
    case "number":
      writeNumber(value);
      return;
    case "boolean":
      writeAscii(value ? "true" : "false");
      return;
    case "object":
      if (value === null) writeAscii("null");
      else writeObject(value);
      return;
    case "undefined":
      throw new Refused("undefined", `leave it out or use null; ${KEEPS}`);
    case "bigint":
      throw new Refused(describe(value), KEEPS);
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
  if (symbols.length > 0) {
    const odd = oddPlainObject(value, symbols);
    if (odd !== null) throw new Refused(odd, "");
  }
  writeMembers(value as Members, keysOf(value), false);
}

type Members = { readonly [key: string]: unknown };

/** @param form the object is what a toJSON gave, so that its own is not asked again */
function writeMembers(object: Members, keys: readonly string[], form: boolean): void {
  const start = position;
  const level = depth++;
  put(OPEN_OBJECT);
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
    if (i > 0) put(COMMA);
    writeText(key);
    put(COLON);
    write(value);
  }
  put(CLOSE_OBJECT);
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

function writeOther(value: object, made: object | null): void {
  const toJSON = ownForm(value);
  if (toJSON !== null) {
    writeForm(value, toJSON);
    return;
  }
  if (made === null) throw new Refused("an object without a prototype", `copy it ({ ...it }); ${KEEPS}`);
  throw new Refused(nameOf(value), isKept(value, made) ? KEEPS : "pass what of it is data");
}

function writeArray(elements: readonly unknown[]): void {
  const { length } = elements;
  const keys = keysOf(elements).length;
  const level = depth++;
  put(OPEN_ARRAY);
  for (let i = length >= MANY_NUMBERS ? writeFractions(elements) : 0; i < length; i++)
    writeElement(elements, i, elements[i]);
  depth = level;
  // there was no hole, so any more keys than elements are names
  if (keys > length) throw new Refused("an array with properties besides its elements", "take an object for them");
  put(CLOSE_ARRAY);
}

/** @param value element `i`, which is read once */
function writeElement(elements: readonly unknown[], i: number, value: unknown): void {
  path[depth - 1] = i;
  if (value === undefined && !Object.hasOwn(elements, i)) throw new Refused("a hole in an array", "use null");
  if (i > 0) put(COMMA);
  write(value);
}

/** The numbers that an array begins with, if the first is a fraction; else the first element. How many elements were written. */
function writeFractions(elements: readonly unknown[]): number {
  const first = elements[0];
  const numbers: number[] = [];
  // who has taught all arrays a toJSON does not want them to be written by the platform
  if (!isFraction(first) || (numbers as { toJSON?: unknown }).toJSON !== undefined) {
    writeElement(elements, 0, first);
    return 1;
  }
  numbers.push(first);
  const { length } = elements;
  for (let i = 1; i < length; i++) {
    const value = elements[i];
    if (typeof value !== "number" || isOdd(value)) {
      writeAscii(JSON.stringify(numbers).slice(1, -1));
      writeElement(elements, i, value);
      return i + 1;
    }
    numbers.push(value);
  }
  writeAscii(JSON.stringify(numbers).slice(1, -1));
  return length;
}

function isFraction(value: unknown): value is number {
  return typeof value === "number" && !isOdd(value) && !Number.isInteger(value);
}

/** NaN, an infinity or -0, which JSON has no form for. */
function isOdd(value: number): boolean {
  return value - value !== 0 || (value === 0 && 1 / value < 0);
}

// ---------------------------------------------------------------- texts and numbers

function writeNumber(value: number): void {
  if (isOdd(value)) {
    throw new Refused(describe(value), `use null or a text; ${KEEPS}`);
  }
  if (position > room) grow(0);
  if ((value | 0) === value && value >= 0 && value < 10_000) {
    const digits = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
    let rest = value;
    for (let at = position + digits - 1; at >= position; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    position += digits;
    return;
  }
  writeAscii(`${value}`);
}

function writeText(text: string): void {
  const { length } = text;
  if (length > SHORT_TEXT) {
    writeAnyText(text);
    return;
  }
  if (position + length > room) grow(length);
  let to = position;
  bytes[to++] = QUOTE;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
      writeAnyText(text);
      return;
    }
    bytes[to++] = code;
  }
  bytes[to++] = QUOTE;
  position = to;
}

/** With escapes, lone surrogates among them, and in UTF-8. */
function writeAnyText(text: string): void {
  const quoted = JSON.stringify(text);
  if (position + quoted.length * 3 > room) {
    const length = Buffer.byteLength(quoted);
    if (position + length > room) grow(length);
  }
  position += bytes.write(quoted, position, "utf8");
}

function writeAscii(text: string): void {
  const { length } = text;
  if (position + length > room) grow(length);
  if (length > SHORT_TEXT) {
    position += bytes.write(text, position, "latin1");
    return;
  }
  let to = position;
  for (let i = 0; i < length; i++) bytes[to++] = text.charCodeAt(i);
  position = to;
}

function put(byte: number): void {
  if (position > room) grow(0);
  bytes[position++] = byte;
}

function grow(more: number): void {
  bytes = roomier(bytes, position, more, SLACK, FORM, limit);
  room = bytes.length - SLACK;
}
