/**
 * Records in a file that several processes may have open at once: mapped into memory, so that a field is read where it lies, or read and
 * written at positions where there is no mapping. Its head says which records these are; what is not what was asked for is refused.
 *
 * Nothing keeps another process from cutting a file short that is mapped here, and whoever then reads past its end is ended by a signal
 * that JavaScript cannot catch. So the length is looked at before every batch of reads (`at`, `read`, `write`, `slice`): a cut that is seen
 * then is an error. For files that others may cut at any moment there is `mapped: false`.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, ftruncateSync, linkSync, openSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, KnownOptions, wholeNumber } from "../check.js";
import { ClosedError, InvalidArgumentError, NotMappedError } from "../errors.js";
import { cannotBeRead } from "../not-readable.js";
import { cannotBeWritten } from "../not-writable.js";
import { checkLength, flush, type MappedBytes, mapFile, readAt, writeAt } from "./file-bytes.js";
import { decodeHead, encodeHead, FIXED_BYTES, type Head, headBytes } from "./file-header.js";
import { type Field, type Fields, type FieldValue, Layout, type RecordOf, readField, writeField } from "./layout.js";
import { decodeRecord, encodeRecord, type RecordSource, type RecordView, viewClass } from "./record-view.js";
import { MAPPED_FILE } from "./settings.js";

const MOST_VERSION = 2 ** 32 - 1;
/** A file longer than that has positions that a number does not hold. */
const MOST_BYTES = Number.MAX_SAFE_INTEGER;

/** What a file of records is made with. */
export interface CreateMappedFileOptions {
  /** How many there are, all zero at first. */
  records: number;
  /** Of what the fields mean, 0 to 2³²-1; default 0. */
  version?: number;
  /** False: read and write at positions, though the file could be mapped. Default true. */
  mapped?: boolean;
}

/** How a file of records is opened. */
export interface OpenMappedFileOptions {
  /** Default false: what is written is refused. */
  writable?: boolean;
  /** Refuse a file of another version; default: any. */
  version?: number;
  /** False: read and write at positions, though the file could be mapped. Default true. */
  mapped?: boolean;
}

const CREATE = new KnownOptions("MappedFile.create", ["records", "version", "mapped"]);
const OPEN = new KnownOptions("MappedFile.open", ["writable", "version", "mapped"]);

/** Names of the fields that hold whole numbers of 32 or 64 bits, which are changed in one piece whoever else writes. */
export type AtomicField<F extends Fields> = {
  [Name in keyof F]: F[Name] extends "i32" | "u32" | "i64" | "u64" ? Name : never;
}[keyof F];

/** A file of records of one layout, in memory where the machine can map it. docs/resources.md has the whole of it. */
export class MappedFile<F extends Fields> implements AsyncDisposable {
  /** As it was given. */
  readonly path: string;
  /** What its records are. */
  readonly layout: Layout<F>;
  /** How many there are. */
  readonly records: number;
  /** Of what the fields mean. */
  readonly version: number;
  /** Whether this handle may write. */
  readonly writable: boolean;
  /** Why the file is read and written at positions; null: it is mapped. */
  readonly notMapped: string | null;
  readonly #fd: number;
  readonly #bytes: number;
  readonly #head: number;
  readonly #mapped: MappedBytes | null;
  readonly #source: RecordSource;
  #open = true;

  private constructor(
    path: string,
    layout: Layout<F>,
    fd: number,
    head: Head,
    writable: boolean,
    mapping: MappedBytes | string,
  ) {
    this.path = path;
    this.layout = layout;
    this.records = head.records;
    this.version = head.version;
    this.writable = writable;
    this.#fd = fd;
    this.#head = head.bytes;
    this.#bytes = head.bytes + head.records * layout.recordBytes;
    this.#mapped = typeof mapping === "string" ? null : mapping;
    this.notMapped = typeof mapping === "string" ? mapping : null;
    this.#source = {
      view: this.#mapped?.view ?? null,
      readField: (field, at) => this.#readField(field, at),
      writeField: (field, at, value) => this.#writeField(field, at, value),
      assertOpen: () => this.#assertOpen(),
      assertWritable: () => this.#assertWritable(),
    };
  }

  /**
   * Makes a file of records, whole or not at all, and opens it for writing.
   *
   * @throws InvalidArgumentError for an option out of bounds, a file that is there already, or a folder that cannot be written
   */
  static async create<F extends Fields>(
    path: string,
    layout: Layout<F>,
    options: CreateMappedFileOptions,
  ): Promise<MappedFile<F>> {
    checkArguments(path, layout);
    CREATE.check(options);
    const records = wholeNumber("MappedFile records", options.records ?? null, 0, 1, MOST_BYTES);
    const version = wholeNumber("MappedFile version", options.version, 0, 0, MOST_VERSION);
    const head = encodeHead(layout as unknown as Layout<Fields>, records, version);
    const bytes = head.length + records * layout.recordBytes;
    if (bytes > MOST_BYTES) {
      throw new InvalidArgumentError(
        `${records} records of ${layout.recordBytes} bytes are too large a file; expected at most ${MOST_BYTES} bytes`,
      );
    }
    const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
    let fd: number;
    try {
      fd = openSync(temporary, "wx+");
    } catch (cause) {
      throw cannotBeWritten(path, cause);
    }
    try {
      ftruncateSync(fd, bytes);
      writeAt(fd, 0, head);
      flush(fd, null);
      linkSync(temporary, path); // fails where there is such a file: nobody's is replaced
    } catch (cause) {
      closeSync(fd);
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cannotBeWritten(path, cause);
      throw new InvalidArgumentError(`${path}: is there already; MappedFile.open opens it`, { cause });
    } finally {
      rmSync(temporary, { force: true });
    }
    return new MappedFile(
      path,
      layout,
      fd,
      { bytes: head.length, records, version },
      true,
      mappingOf(fd, bytes, true, options.mapped),
    );
  }

  /**
   * Opens a file of records that is there.
   *
   * @throws InvalidArgumentError for an option out of bounds or a file that is missing or may not be opened; CorruptFileError for one that
   *   is none, or was cut or changed; LayoutMismatchError for one of other fields or another version
   */
  static async open<F extends Fields>(
    path: string,
    layout: Layout<F>,
    options: OpenMappedFileOptions = {},
  ): Promise<MappedFile<F>> {
    checkArguments(path, layout);
    OPEN.check(options);
    const writable = MAPPED_FILE.writable.check("MappedFile writable", options.writable);
    const version =
      options.version === undefined ? null : wholeNumber("MappedFile version", options.version, 0, 0, MOST_VERSION);
    let fd: number;
    try {
      fd = openSync(path, writable ? "r+" : "r");
    } catch (cause) {
      throw cannotBeRead(path, cause, "a file of records");
    }
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new InvalidArgumentError(`${path}: is no regular file; expected a file of records`);
      const { size } = stat;
      const fixed = readAt(path, fd, 0, Buffer.alloc(Math.min(size, FIXED_BYTES)));
      const whole = readAt(path, fd, 0, Buffer.alloc(headBytes(path, fixed, size)));
      const head = decodeHead(path, whole, size, layout as unknown as Layout<Fields>, version);
      return new MappedFile(path, layout, fd, head, writable, mappingOf(fd, size, writable, options.mapped));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /**
   * A record where it lies: its fields are read from the file and written to it. In loops over many take a `slice`.
   *
   * @throws InvalidArgumentError for an index out of bounds; ClosedError; CorruptFileError when the file has been cut
   */
  at(index: number): RecordView<F> {
    return this.#view(this.#checked(index));
  }

  /** A record by value. @throws as `at` */
  read(index: number): RecordOf<F> {
    const at = this.#checked(index);
    if (this.#mapped !== null) return decodeRecord(this.layout, this.#mapped.view, at);
    return decodeRecord(this.layout, this.#load(at), 0);
  }

  /** Writes some of a record's fields, all of these or none. @throws as `at`, and InvalidArgumentError for a value that its field does not hold */
  write(index: number, values: Partial<RecordOf<F>>): void {
    this.#assertWritable();
    const at = this.#checked(index);
    if (this.#mapped !== null) {
      encodeRecord(this.layout, this.#mapped.view, at, values);
      return;
    }
    // the fields alone: whoever writes others of the record at the same time keeps what they wrote
    const trial = new DataView(new ArrayBuffer(this.layout.recordBytes));
    encodeRecord(this.layout, trial, 0, values);
    for (const name of Object.keys(values)) {
      const { offset, bytes } = this.layout.field(name);
      writeAt(this.#fd, at + offset, new Uint8Array(trial.buffer, offset, bytes));
    }
  }

  /** Records from one index to before another; the length of the file is looked at now, not at each of them. @throws as `at` */
  slice(from = 0, to: number = this.records): MappedSlice<F> {
    wholeNumber("slice from", from, 0, 0, this.records);
    wholeNumber("slice to", to, this.records, from, this.records);
    this.#assertOpen();
    checkLength(this.path, this.#fd, this.#bytes);
    return new MappedSlice(from, to, (index) => this.#view(this.#place(index)), this.layout.recordBytes);
  }

  /**
   * Adds to a field in one piece, whichever processes add to it at the same time.
   *
   * @returns what it was before
   * @throws NotMappedError where the file is not mapped; else as `write`
   */
  add<Name extends AtomicField<F>>(index: number, name: Name, by: FieldValue<F[Name]>): FieldValue<F[Name]> {
    return this.#atomic(index, name, (words, word) => Atomics.add(words as BigInt64Array, word, by as bigint), [by]);
  }

  /** Writes a field in one piece if it is still `expected`. @returns what it was before @throws as `add` */
  compareExchange<Name extends AtomicField<F>>(
    index: number,
    name: Name,
    expected: FieldValue<F[Name]>,
    value: FieldValue<F[Name]>,
  ): FieldValue<F[Name]> {
    const swap = (words: Words, word: number) =>
      Atomics.compareExchange(words as BigInt64Array, word, expected as bigint, value as bigint);
    return this.#atomic(index, name, swap, [expected, value]);
  }

  /** Reads a field in one piece, after whatever was written before it in another process. @throws as `add`, but no writable file is needed */
  load<Name extends AtomicField<F>>(index: number, name: Name): FieldValue<F[Name]> {
    return this.#atomic(index, name, (words, word) => Atomics.load(words as BigInt64Array, word), null);
  }

  /** What was written is on the disk when this returns. @throws ClosedError */
  sync(): void {
    this.#assertOpen();
    if (this.writable) flush(this.#fd, this.#mapped);
  }

  /** Ends this use of it; views must not be used any more. What was written is in the file, for all that have it open. Again: nothing. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#fd);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #view(at: number): RecordView<F> {
    return new (viewClass(this.layout, this.#mapped !== null))(this.#source, at);
  }

  #place(index: number): number {
    return this.#head + index * this.layout.recordBytes;
  }

  #checked(index: number): number {
    this.#assertOpen();
    if (!Number.isInteger(index) || index < 0 || index >= this.records) {
      throw new InvalidArgumentError(
        `${this.path}: no record ${describe(index)}; expected a whole number from 0 to ${this.records - 1}`,
      );
    }
    checkLength(this.path, this.#fd, this.#bytes);
    return this.#place(index);
  }

  #load(at: number): DataView {
    const bytes = readAt(this.path, this.#fd, at, Buffer.alloc(this.layout.recordBytes));
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #readField(field: Field, at: number): number | bigint {
    if (this.#mapped !== null) return readField(this.#mapped.view, at, field);
    this.#assertOpen();
    const bytes = readAt(this.path, this.#fd, at, Buffer.alloc(field.bytes));
    return readField(new DataView(bytes.buffer, bytes.byteOffset, field.bytes), 0, field);
  }

  #writeField(field: Field, at: number, value: unknown): void {
    const view = new DataView(new ArrayBuffer(field.bytes));
    writeField(view, 0, field, value);
    writeAt(this.#fd, at, new Uint8Array(view.buffer));
  }

  /** @param values that the field must be able to hold; null: it is only read */
  #atomic<Name extends AtomicField<F>>(
    index: number,
    name: Name,
    apply: (words: Words, word: number) => number | bigint,
    values: readonly unknown[] | null,
  ): FieldValue<F[Name]> {
    if (values !== null) this.#assertWritable();
    const at = this.#checked(index);
    const field = this.layout.field(name as string);
    const Kind = WORDS[field.type as keyof typeof WORDS];
    if (Kind === undefined) {
      throw new InvalidArgumentError(
        `field ${describe(name)} is ${field.type}; expected one of ${Object.keys(WORDS).join(", ")}, which are changed in one piece`,
      );
    }
    if (this.#mapped === null) {
      throw new NotMappedError(`${this.path}: ${describe(name)} cannot be changed in one piece: ${this.notMapped}`);
    }
    for (const value of values ?? []) writeField(new DataView(new ArrayBuffer(8)), 0, field, value);
    const { whole } = this.#mapped;
    const words = new Kind(whole.buffer as ArrayBuffer, whole.byteOffset + at + field.offset, 1);
    return apply(words, 0) as FieldValue<F[Name]>;
  }

  #assertOpen(): void {
    if (!this.#open) throw new ClosedError(`${this.path} is closed here; open it again with MappedFile.open`);
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (this.writable) return;
    throw new InvalidArgumentError(`${this.path}: was opened to be read; pass { writable: true } to write to it`);
  }
}

type Words = Int32Array | Uint32Array | BigInt64Array | BigUint64Array;
const WORDS = { i32: Int32Array, u32: Uint32Array, i64: BigInt64Array, u64: BigUint64Array } as const;

/** Records of a file from one index to before another, each where it lies. Made by `file.slice`, for one batch of reads. */
export class MappedSlice<F extends Fields> implements Iterable<RecordView<F>> {
  /** Of its first record in the file. */
  readonly from: number;
  /** Bytes of it. */
  readonly length: number;
  readonly #viewOf: (index: number) => RecordView<F>;
  readonly #recordBytes: number;

  /** @internal Use `file.slice()`. */
  constructor(from: number, to: number, viewOf: (index: number) => RecordView<F>, recordBytes: number) {
    this.from = from;
    this.length = to - from;
    this.#viewOf = viewOf;
    this.#recordBytes = recordBytes;
  }

  /** @param index from the slice's own start @throws InvalidArgumentError */
  at(index: number): RecordView<F> {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return this.#viewOf(this.from + index);
    throw new InvalidArgumentError(
      `no record ${describe(index)} in a slice of ${this.length}; expected a whole number below ${this.length}`,
    );
  }

  /** All of them in turn, by one view that moves: nothing is made for a record. Whoever keeps it keeps the last. */
  *cursor(): Generator<RecordView<F>, void, undefined> {
    if (this.length === 0) return;
    const view = this.#viewOf(this.from) as RecordView<F> & { at: number };
    for (let left = this.length; ; view.at += this.#recordBytes) {
      yield view;
      if (--left === 0) return; // it stays at the last
    }
  }

  *[Symbol.iterator](): Generator<RecordView<F>, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.#viewOf(this.from + i);
  }
}

function mappingOf(fd: number, bytes: number, writable: boolean, asked: boolean | undefined): MappedBytes | string {
  if (!MAPPED_FILE.mapped.check("MappedFile mapped", asked)) return "it was opened with { mapped: false }";
  return mapFile(fd, bytes, writable);
}

function checkArguments(path: unknown, layout: unknown): void {
  if (typeof path !== "string" || path === "") {
    throw new InvalidArgumentError(`a MappedFile has a path, not ${describe(path)}`);
  }
  if (!(layout instanceof Layout)) {
    throw new InvalidArgumentError(`${path}: expected a layout, made by layout({ … }), not ${describe(layout)}`);
  }
}
