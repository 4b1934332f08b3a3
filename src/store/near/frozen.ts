/**
 * Values that several readers are given share no change: what JavaScript can freeze is frozen, as deep as it goes. Maps, sets and dates keep
 * their contents where freezing does not reach, so each gets methods of its own that refuse to change it. Bytes can be protected in no
 * way at all; they are named to whoever asks.
 */

const MAP = ["set", "delete", "clear"];
const SET = ["add", "delete", "clear"];
const DATE = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith("set"));

function refuse(this: unknown): never {
  throw new TypeError("this value is read-only, because all who read it are given the same one; change a copy");
}

/**
 * Freezes a decoded value. Without recursion: how deep a value goes is for those who wrote it to say, and the stack is not theirs.
 *
 * @param bytes gets the parts that are bytes, which stay as changeable as they are
 */
export function freeze(value: unknown, bytes: Uint8Array[]): void {
  if (typeof value !== "object" || value === null) return;
  const left: object[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) freezeOne(next, left, bytes);
}

function freezeOne(value: object, left: object[], bytes: Uint8Array[]): void {
  if (ArrayBuffer.isView(value)) {
    bytes.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return;
  }
  if (value instanceof ArrayBuffer) {
    bytes.push(new Uint8Array(value));
    return;
  }
  if (Array.isArray(value)) for (const element of value) add(element, left);
  else addMembers(value, left);
  Object.freeze(value);
}

function addMembers(value: object, left: object[]): void {
  const made = Object.getPrototypeOf(value);
  if (made === Object.prototype || made === null) {
    for (const name in value) add((value as Record<string, unknown>)[name], left);
  } else if (value instanceof Map) {
    for (const [key, its] of value) {
      add(key, left);
      add(its, left);
    }
    forbid(value, MAP);
  } else if (value instanceof Set) {
    for (const member of value) add(member, left);
    forbid(value, SET);
  } else if (value instanceof Date) {
    forbid(value, DATE);
  } else {
    for (const name of Reflect.ownKeys(value)) add((value as Record<PropertyKey, unknown>)[name], left);
  }
}

function add(part: unknown, left: object[]): void {
  if (typeof part === "object" && part !== null) left.push(part);
}

function forbid(value: object, methods: readonly string[]): void {
  for (const name of methods) Object.defineProperty(value, name, { value: refuse });
}
