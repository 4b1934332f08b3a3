/**
 * Values that say what they are: whose key, which writer, which of its writes, how long, with a checksum over all of it and a
 * body that only this combination has. A value put together from two, or of another key, is recognised.
 *
 *   key length u16 | key | writer u32 | number u32 | length u32 | checksum u32 | body
 */
const HEADER = 16;

export function makeValue(key, writer, number, bodyLength) {
  const value = Buffer.alloc(2 + key.length + HEADER + bodyLength);
  value.writeUInt16LE(key.length, 0);
  value.write(key, 2, "latin1");
  const at = 2 + key.length;
  value.writeUInt32LE(writer, at);
  value.writeUInt32LE(number, at + 4);
  value.writeUInt32LE(bodyLength, at + 8);
  let state = (writer * 2654435761 + number * 40503 + bodyLength) >>> 0;
  for (let i = at + HEADER; i < value.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    value[i] = state >>> 24;
  }
  value.writeUInt32LE(checksum(value, at + 12), at + 12);
  return value;
}

/** @throws when the bytes are not one value that was written for this key */
export function readValue(key, bytes) {
  const value = Buffer.from(bytes); // a copy: of a borrowed view, as it is now
  const fail = (what) => {
    throw new Error(`the value of "${key}" ${what}: ${value.subarray(0, 64).toString("hex")} (${value.length} bytes)`);
  };
  if (value.length < 2 + HEADER) fail("is too short");
  const length = value.readUInt16LE(0);
  const at = 2 + length;
  if (value.length < at + HEADER) fail("is cut off");
  if (value.toString("latin1", 2, at) !== key) fail(`was written for "${value.toString("latin1", 2, at)}"`);
  if (value.readUInt32LE(at + 8) !== value.length - at - HEADER) fail("has another length than it says");
  if (value.readUInt32LE(at + 12) !== checksum(value, at + 12)) fail("has a wrong checksum");
  return { writer: value.readUInt32LE(at), number: value.readUInt32LE(at + 4) };
}

function checksum(value, except) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < value.length; i++) if (i < except || i >= except + 4) sum = Math.imul(sum ^ value[i], 16777619);
  return sum >>> 0;
}
