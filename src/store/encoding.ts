/** How a namespace's values are written: bytes as they are, text, JSON or MessagePack. */
import { Packr } from "msgpackr";
import { InvalidArgumentError } from "./errors.js";
import { describe } from "./sizes.js";

export type EncodingName = "binary" | "string" | "json" | "msgpack";

export const ENCODINGS: readonly EncodingName[] = ["binary", "string", "json", "msgpack"];

/** What a namespace of each encoding takes and gives. */
export interface Values {
  binary: Uint8Array;
  string: string;
  json: unknown;
  msgpack: unknown;
}

export interface Codec {
  /** @throws InvalidArgumentError when the value has no such form: nothing has been written then */
  encode(value: unknown): Uint8Array;
  /** The value whose bytes lie in the window from `start` on; it shares nothing with the window. */
  decode(window: Window, start: number, length: number): unknown;
}

/** Bytes of the shared memory, twice: plain for `slice`, which copies, and as a Buffer for its fast string decoders. */
export class Window {
  readonly bytes: Uint8Array;
  readonly text: Buffer;
  private readonly heads: Uint8Array[] = [];

  constructor(buffer: ArrayBufferLike, offset: number, length: number) {
    this.bytes = new Uint8Array(buffer, offset, length);
    this.text = Buffer.from(buffer as ArrayBuffer, offset, length);
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

// records: plain MessagePack maps, so that any reader of the bytes understands them
const packr = new Packr({ useRecords: false, moreTypes: false });

/** V8 keeps arrays up to here inside its own heap, where making one costs least. */
const SMALL = 64;
/** Longer ones cost an allocation outside of it, which a pool shared by several values spares, as Buffer's does. */
const POOLED = 4096;
const POOL_SIZE = 32768;
let pool = Buffer.allocUnsafeSlow(POOL_SIZE).buffer;
let poolUsed = 0;

/** A copy of a value: the cheapest of three ways for its length, measured by `npm run bench -- --only value-size`. */
function copy(window: Window, start: number, length: number): Uint8Array {
  if (length <= SMALL && start === 0) return new Uint8Array(window.head(length));
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
      if (value instanceof Uint8Array) return value;
      throw new InvalidArgumentError(`a value is ${describe(value)}; a binary namespace takes a Uint8Array`);
    },
    decode: copy,
  },
  string: {
    encode(value) {
      if (typeof value === "string") {
        if (isWellFormed(value)) return utf8.encode(value);
        throw new InvalidArgumentError(
          "a value holds a lone surrogate, which UTF-8 cannot write; a binary namespace can",
        );
      }
      throw new InvalidArgumentError(`a value is ${describe(value)}; a string namespace takes strings`);
    },
    decode: (window, start, length) => window.text.toString("utf8", start, start + length),
  },
  json: {
    encode(value) {
      let text: string | undefined;
      try {
        text = JSON.stringify(value);
      } catch (error) {
        throw new InvalidArgumentError(`a value has no JSON form: ${(error as Error).message.split("\n")[0]}`, {
          cause: error,
        });
      }
      if (text === undefined) throw new InvalidArgumentError(`a value is ${describe(value)}, which has no JSON form`);
      return utf8.encode(text);
    },
    decode: (window, start, length) => JSON.parse(window.text.toString("utf8", start, start + length)),
  },
  msgpack: {
    encode(value) {
      if (typeof value === "function" || typeof value === "symbol" || value === undefined) {
        throw new InvalidArgumentError(`a value is ${describe(value)}, which has no MessagePack form`);
      }
      try {
        return packr.pack(value);
      } catch (error) {
        throw new InvalidArgumentError(`a value has no MessagePack form: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
    decode: (window, start, length) => packr.unpack(copy(window, start, length)),
  },
};

export function codecOf(encoding: EncodingName): Codec {
  return CODECS[encoding];
}

export function checkEncoding(encoding: unknown): EncodingName {
  if (typeof encoding !== "string" || !ENCODINGS.includes(encoding as EncodingName)) {
    throw new InvalidArgumentError(`encoding is ${describe(encoding)}; expected one of ${ENCODINGS.join(", ")}`);
  }
  return encoding as EncodingName;
}
