/** An eventual write as it is told to the peers, on its way to the log too: u16 bytes of the key, the key, the version. */
import { type ClusterEntry, CorruptEntryError, decodeEntry, encodeEntry } from "./entry.js";

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const KEY_AT = 2;

export function encodeWrite(key: string, entry: ClusterEntry): Uint8Array {
  const name = utf8.encode(key);
  const bytes = encodeEntry(entry);
  const message = new Uint8Array(KEY_AT + name.length + bytes.length);
  message[0] = name.length & 0xff;
  message[1] = name.length >>> 8;
  message.set(name, KEY_AT);
  message.set(bytes, KEY_AT + name.length);
  return message;
}

/** @throws CorruptEntryError for anything else */
export function decodeWrite(message: Uint8Array): { key: string; entry: ClusterEntry } {
  const end = KEY_AT + message[0] + (message[1] << 8);
  if (!(end <= message.length)) throw new CorruptEntryError(`a write of ${message.length} bytes is cut in its key`);
  try {
    return { key: text.decode(message.subarray(KEY_AT, end)), entry: decodeEntry(message.subarray(end)) };
  } catch (error) {
    if (error instanceof CorruptEntryError) throw error;
    throw new CorruptEntryError("a write's key is no UTF-8");
  }
}
