/** Values as they go through the log: MessagePack, as the store writes it (docs/values.md). */
import { msgpack, readMsgpack } from "../store/index.js";

/** @returns bytes of its own. @throws InvalidArgumentError naming what has no such form */
export function writeValue(value: unknown): Uint8Array {
  return new Uint8Array(msgpack(value)); // a copy: what it gives is overwritten by the next one
}

/** @throws CorruptValueError */
export function readValue(bytes: Uint8Array): unknown {
  return readMsgpack(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
