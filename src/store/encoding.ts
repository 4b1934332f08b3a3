/**
 * How a namespace's values are written: bytes as they are, text, JSON or MessagePack. What comes back is what went in, or `encode` refuses
 * it by name; what each encoding holds is said in docs/values.md.
 */
import { choice, describe } from "../check.js";
import { CorruptValueError, InvalidArgumentError } from "../errors.js";
import { byteCount, isBytes } from "./bytes.js";
import { json } from "./values/json.js";
import { msgpack } from "./values/msgpack.js";
import { readMsgpack } from "./values/msgpack-read.js";
import type { ValueLimit } from "./values/room.js";

/** How values are written: as their bytes, as UTF-8, as JSON, as MessagePack. docs/values.md tells what each can hold. */
export type EncodingName = "binary" | "string" | "json" | "msgpack";

/** All of them, in the order of their numbers. */
export const ENCODINGS: readonly EncodingName[] = ["binary", "string", "json", "msgpack"];

/** What a namespace of each encoding takes and gives. */
export interface Values {
  /** Bytes, copied in and out. */
  binary: Uint8Array;
  /** Text without lone surrogates. */
  string: string;
  /** What JSON can write. */
  json: unknown;
  /** What MessagePack can write: bytes, dates, bigints, maps and sets besides what JSON can. */
  msgpack: unknown;
}

export interface Codec {
  /**
   * The value's bytes: its own, or a view of a buffer that the next call overwrites. It may run the caller's code (getters, proxies,
   * toJSON), which may do anything to the store: what was asked of the connection before must be asked again.
   *
   * @param limit beyond which nobody need go on with it; how long the bytes are is still to be checked
   * @throws InvalidArgumentError when the value has no such form, ValueTooLargeError: nothing has been written then
   */
  encode(value: unknown, limit: ValueLimit): Uint8Array;
  /** The value whose bytes lie in the window from `start` on; it shares nothing with the window. */
  decode(window: Window, start: number, length: number): unknown;
}

/** Bytes of the shared memory, twice: plain for `slice`, which copies, and as a Buffer for its fast string decoders. */
export class Window {
  readonly bytes: Uint8Array;
  readonly text: Buffer;
  /** The same bytes, for numbers of any alignment. */
  readonly view: DataView;
  private readonly heads: Uint8Array[] = [];

  constructor(buffer: ArrayBufferLike, offset: number, length: number) {
    this.bytes = new Uint8Array(buffer, offset, length);
    this.text = Buffer.from(buffer as ArrayBuffer, offset, length);
    this.view = new DataView(buffer, offset, length);
  }

  /** The first bytes of the window; one view a length is kept, because making it costs as much as the copy. */
  head(length: number): Uint8Array {
    const view = this.heads[length];
    if (view !== undefined) return view;
    this.heads[length] = this.bytes.subarray(0, length);
    return this.heads[length];
  }
}

const utf8 = new TextEncoder();

/** Whether UTF-8 can write the text: it has no lone surrogates. (`isWellFormed` is ES2024; every Node since 20 has it.) */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** V8 keeps arrays up to here inside its own heap, where making one costs least. */
const SMALL = 64;
/** Longer ones cost an allocation outside of it, which a pool shared by several values spares, as Buffer's does. */
const POOLED = 4096;
const POOL_SIZE = 32768;
let pool = Buffer.allocUnsafeSlow(POOL_SIZE).buffer;
let poolUsed = 0;

/** From here on a new array's zeros would cost as much as the copy that overwrites them. */
const LARGE_COPY = 16_352;

function largeCopy(bytes: Uint8Array): Uint8Array {
  const value = new Uint8Array(Buffer.allocUnsafeSlow(bytes.length).buffer);
  value.set(bytes);
  return value;
}

/** A copy of a value: the cheapest of three ways for its length, measured by `npm run bench -- --only value-size`. */
function copy(window: Window, start: number, length: number): Uint8Array {
  if (length <= SMALL && start === 0) return new Uint8Array(window.head(length));
  if (length > LARGE_COPY) return largeCopy(window.bytes.subarray(start, start + length));
  if (length <= SMALL || length > POOLED) return window.bytes.slice(start, start + length);
  if (poolUsed + length > POOL_SIZE) {
    pool = Buffer.allocUnsafeSlow(POOL_SIZE).buffer;
    poolUsed = 0;
  }
  const value = new Uint8Array(pool, poolUsed, length);
  poolUsed = (poolUsed + length + 7) & ~7; // values stay aligned for views of wider numbers
  value.set(window.bytes.subarray(start, start + length));
  return value;
}

const CODECS: Record<EncodingName, Codec> = {
  binary: {
    encode(value) {
      if (isBytes(value)) {
        byteCount(value);
        return value;
      }
      throw new InvalidArgumentError(`a value is ${describe(value)}; a binary namespace takes a Uint8Array`);
    },
    decode: copy,
  },
  string: {
    encode(value) {
      if (typeof value === "string") {
        if (isWellFormed(value)) return utf8.encode(value);
        throw new InvalidArgumentError(
          "a value holds a lone surrogate, which UTF-8 cannot write; a json, msgpack or binary namespace can",
        );
      }
      throw new InvalidArgumentError(`a value is ${describe(value)}; a string namespace takes strings`);
    },
    decode: (window, start, length) => window.text.toString("utf8", start, start + length),
  },
  json: { encode: json, decode: readJson },
  msgpack: {
    encode: msgpack,
    decode: (window, start, length) => readMsgpack(window.text, window.view, start, length),
  },
};

function readJson(window: Window, start: number, length: number): unknown {
  const text = window.text.toString("utf8", start, start + length);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptValueError(`a json value is none: ${(cause as Error).message.split("\n")[0]}`, { cause });
  }
}

export function codecOf(encoding: EncodingName): Codec {
  return CODECS[encoding];
}

export function checkEncoding(encoding: unknown): EncodingName {
  return choice("encoding", encoding, ENCODINGS, "binary");
}
