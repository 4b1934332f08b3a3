/**
 * The bytes of messages between nodes: whole numbers in groups of seven bits (LEB128, as in protocol buffers), texts and bytes after their length.
 * What comes from another node may be cut, foreign or of a later version: a reader refuses it and never reads past its end.
 */

/** What arrived is no message of this kind. Nothing of it is used. */
export class MalformedMessage extends Error {}

const MORE = 0x80;
const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class WireWriter {
  private bytes = new Uint8Array(64);
  private length = 0;

  /** @param value a whole number from 0 to 2^53 - 1 */
  number(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no whole number of a message`);
    let rest = value;
    while (rest >= MORE) {
      this.byte((rest % MORE) | MORE);
      rest = Math.floor(rest / MORE);
    }
    return this.byte(rest);
  }

  text(value: string): this {
    return this.piece(utf8.encode(value));
  }

  piece(value: Uint8Array): this {
    this.number(value.length);
    this.room(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
    return this;
  }

  list<T>(values: readonly T[], write: (value: T) => void): this {
    this.number(values.length);
    for (const value of values) write(value);
    return this;
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private byte(value: number): this {
    this.room(1);
    this.bytes[this.length++] = value;
    return this;
  }

  private room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

/** Reads what a WireWriter wrote, in the same order. Every call may throw MalformedMessage. */
export class WireReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= MORE) {
      if (this.at === this.bytes.length) throw new MalformedMessage("a number is cut");
      const byte = this.bytes[this.at++];
      value += (byte % MORE) * scale;
      if (byte >= MORE) continue;
      if (!Number.isSafeInteger(value)) break;
      return value;
    }
    throw new MalformedMessage("a number above 2^53");
  }

  text(): string {
    const piece = this.piece();
    try {
      return text.decode(piece);
    } catch (error) {
      throw new MalformedMessage("a text that is no UTF-8", { cause: error });
    }
  }

  /** A view of the message, not a copy. */
  piece(): Uint8Array {
    const length = this.number();
    if (length > this.bytes.length - this.at) throw new MalformedMessage("a piece is cut");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  list<T>(read: () => T): T[] {
    const length = this.number();
    // each takes a byte at least: a list that claims more is not even begun
    if (length > this.bytes.length - this.at) throw new MalformedMessage("a list is cut");
    return Array.from({ length }, read);
  }

  /** @throws MalformedMessage when something follows */
  end(): void {
    if (this.at !== this.bytes.length) throw new MalformedMessage("something follows the message");
  }
}

/** What `read` makes of a message; null when it is none. */
export function readWhole<T>(bytes: Uint8Array, read: (reader: WireReader) => T): T | null {
  try {
    const reader = new WireReader(bytes);
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof MalformedMessage) return null;
    throw error;
  }
}
