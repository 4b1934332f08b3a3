/**
 * The entries of a backup's snapshot. An entry belongs to epoch E iff it was born, in E or before, and had not died by
 * then; links and hashes in the file mean nothing. The directory of namespaces is among the entries, so it is read first.
 */
import {
  expiresOf,
  isLargeEntry,
  keyLengthOf,
  keyStart,
  layout,
  namespaceIdOf,
  readNamespaceRecord,
  regionOf,
  slabStart,
  spanOf,
  valueLengthOf,
  valueStart,
} from "../core/index.js";
import { CorruptBackupError } from "../errors.js";
import { type EncodingName, encodingOf, type WhenFull, whenFullOf } from "../store/index.js";
import { belongs, chunkBytes, spanFault } from "./chunk.js";
import { FORMAT_VERSION, isCut, layoutOf, REGION, SPAN_CLASS } from "./format.js";
import { type BackedUpGrant, grantsIn, type KeptValue, readSystemEntry, type SystemEntry } from "./grants.js";
import type { BackupImage } from "./read.js";

export interface BackedUpNamespace {
  readonly name: string;
  readonly id: number;
  readonly encoding: EncodingName;
  readonly whenFull: WhenFull;
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export interface BackedUpEntry {
  readonly namespaceId: number;
  /** Views into the image. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Unix time, ms; undefined for an entry that stays. */
  readonly expiresAt: number | undefined;
}

/** Something a partial reading could not keep. */
export interface Loss {
  /** Path of the file it was in. */
  readonly file: string;
  /** First byte in the file, and how many. */
  readonly byte: number;
  /** Bytes from there on that were lost. */
  readonly bytes: number;
  /** What they were, and what is wrong with them, in a sentence. */
  readonly what: string;
}

export class SnapshotEntries {
  private readonly image: BackupImage;
  private readonly words: Uint32Array;
  private readonly regionsAt: number;
  readonly namespaces = new Map<number, BackedUpNamespace>();
  readonly grants: readonly BackedUpGrant[];
  /** Names of the channels that there were: messages under way are not in a backup. */
  readonly channels: string[] = [];
  /** Configuration and shared data. Of a whole backup's directory: those that are small, for the others' slabs are not in it. */
  readonly kept: KeptValue[] = [];
  readonly losses: Loss[] = [];

  /** @throws CorruptBackupError when an entry contradicts its chunk, unless the image was read in part */
  constructor(
    image: BackupImage,
    private readonly partial = false,
  ) {
    this.image = image;
    this.words = new Uint32Array(image.pool.buffer, image.pool.byteOffset, image.pool.length / 4);
    this.regionsAt = layoutOf(image.header.slabCapacity).regions;
    for (const region of image.damaged) {
      const slabClass = image.slabClasses[Math.floor((region * REGION) / layout.SLAB_SIZE)];
      const what =
        slabClass === SPAN_CLASS
          ? "a region of a large value's slab: the value is lost"
          : slabClass === 0
            ? "a region of a slab not in use"
            : `a region of ${16 << slabClass}-byte chunks: entries in it are lost`;
      this.lose(region * REGION, REGION, what);
    }
    if (image.missing > 0) {
      const { length } = image.pool;
      this.lose(
        length,
        image.missing * layout.SLAB_SIZE,
        `the last ${image.missing} slabs: the file ends before their checksums`,
      );
    }
    const granted: Extract<SystemEntry, { grant: BackedUpGrant }>[] = [];
    for (const entry of this.walk(layout.DIRECTORY_ID, layout.SYSTEM_ID)) {
      if (entry.namespaceId !== layout.SYSTEM_ID) this.addNamespace(entry);
      else granted.push(...this.readOwn(entry));
    }
    this.grants = grantsIn(granted, new Set([...this.namespaces.values()].map(({ name }) => name)));
  }

  /** All entries in namespaces that were there at the cut, expired ones included. */
  *[Symbol.iterator](): IterableIterator<BackedUpEntry> {
    let orphans = 0;
    for (const entry of this.walk(layout.FIRST_ID, 0xffff)) {
      if (this.namespaces.has(entry.namespaceId)) yield entry;
      else orphans++;
    }
    // in a whole file: of a namespace that had been cleared or dropped, unreachable, and not swept yet
    if (orphans === 0 || this.image.damaged.size === 0) return;
    this.lose(0, 0, `${orphans} entries are of namespaces that were cleared, or whose names are lost`);
  }

  private *walk(fromId: number, toId: number): IterableIterator<BackedUpEntry> {
    const { slabClasses } = this.image;
    for (let slab = 0; slab < slabClasses.length; slab++) {
      if (!isCut(slabClasses[slab])) continue;
      const size = chunkBytes(slabClasses[slab]);
      const end = slabStart(slab + 1);
      for (let chunk = slabStart(slab); chunk < end; chunk += size) {
        if (!belongs(this.words, chunk >>> 2, this.image.header.epoch)) continue;
        const id = namespaceIdOf(this.words, chunk >>> 2);
        if (id < fromId || id > toId) continue;
        const entry = this.entryAt(chunk, size, id);
        if (entry !== null) yield entry;
      }
    }
  }

  private entryAt(chunk: number, size: number, namespaceId: number): BackedUpEntry | null {
    const { image, words } = this;
    if (image.damaged.size > 0 && image.damaged.has(regionOf(chunk))) return null; // told with its region
    const keyLength = keyLengthOf(words, chunk >>> 2);
    const valueLength = valueLengthOf(words, chunk >>> 2);
    const keyAt = keyStart(chunk);
    const valueAt = valueStart(chunk, keyLength);
    if (keyLength === 0 || keyLength > layout.KEY_MAX || valueAt + valueLength > chunk + size) {
      this.lose(
        chunk,
        size,
        `an entry with a key of ${keyLength} and a value of ${valueLength} bytes in a chunk of ${size}`,
      );
      return null;
    }
    const last = regionOf(valueAt + valueLength - 1);
    for (let region = regionOf(chunk) + 1; region <= last; region++) {
      if (!image.damaged.has(region)) continue;
      const key = image.pool.toString("utf8", keyAt, keyAt + keyLength);
      this.lose(chunk, size, `the value of key ${JSON.stringify(key)} reaches into a damaged region`);
      return null;
    }
    const isLarge = isLargeEntry(words, chunk >>> 2);
    if (isLarge && image.isDirectory) return null;
    const value = isLarge
      ? this.largeValue(chunk, size, keyLength)
      : image.pool.subarray(valueAt, valueAt + valueLength);
    if (value === null) return null;
    const expires = expiresOf(words, chunk >>> 2);
    return {
      namespaceId,
      key: image.pool.subarray(keyAt, keyAt + keyLength),
      value,
      expiresAt: expires === 0 ? undefined : this.expiryTime(expires),
    };
  }

  /** The value in an entry's span; null when it is lost. */
  private largeValue(chunk: number, size: number, keyLength: number): Uint8Array | null {
    const { image } = this;
    const span = spanOf(this.words, chunk >>> 2);
    const key = JSON.stringify(image.pool.toString("utf8", keyStart(chunk), keyStart(chunk) + keyLength));
    const fault = spanFault(span, image.slabClasses, image.header.slabCount);
    if (fault !== null) {
      this.lose(chunk, size, `key ${key} has ${fault}`);
      return null;
    }
    const start = slabStart(span.first);
    const end = start + span.bytes;
    if (end > image.pool.length) {
      this.lose(chunk, size, `the value of key ${key} is in slabs for which the file is too short`);
      return null;
    }
    for (let region = regionOf(start); region * REGION < end; region++) {
      if (!image.damaged.has(region)) continue;
      this.lose(chunk, size, `the value of key ${key} reaches into a damaged region`);
      return null;
    }
    return image.pool.subarray(start, end);
  }

  /** The grant that an entry of the store's own is, if it is one; channels are noted, and what is not known is a loss. */
  private readOwn(entry: BackedUpEntry): Extract<SystemEntry, { grant: BackedUpGrant }>[] {
    const found = readSystemEntry(entry);
    if ("grant" in found) return [found];
    if ("kept" in found) this.kept.push(found.kept);
    else if ("channel" in found) this.channels.push(found.channel);
    else if ("fault" in found)
      this.lose(entry.value.byteOffset - this.image.pool.byteOffset, entry.value.length, unknown(found.fault));
    return []; // a region, whose bytes are not in a backup, or the note of somebody who was loading a value
  }

  /** From what was left at the cut: ticks wrap around, and only two that are near each other can be compared. */
  private expiryTime(tick: number): number {
    const { header } = this.image;
    return header.takenMs + ((tick - header.tick) | 0) * layout.TICK_MS;
  }

  private addNamespace({ key, value }: BackedUpEntry): void {
    const name = Buffer.from(key).toString("utf8");
    if (value.length !== layout.N_SIZE) {
      this.lose(
        value.byteOffset - this.image.pool.byteOffset,
        value.length,
        `namespace ${JSON.stringify(name)} has a record of ${value.length} bytes`,
      );
      return;
    }
    const { id, word, maxEntries, maxBytes } = readNamespaceRecord(Buffer.from(value));
    const encoding = encodingOf(word);
    const whenFull = whenFullOf(word);
    if (encoding === undefined || whenFull === undefined || id < layout.FIRST_ID || id > 0xffff) {
      this.lose(
        value.byteOffset - this.image.pool.byteOffset,
        value.length,
        unknown(`namespace ${JSON.stringify(name)} has id ${id} and encoding word ${word}`),
      );
      return;
    }
    this.namespaces.set(id, {
      name,
      id,
      encoding,
      whenFull,
      maxEntries,
      maxBytes,
    });
  }

  private lose(poolOffset: number, bytes: number, what: string): void {
    const loss = { file: this.image.path, byte: this.regionsAt + poolOffset, bytes, what };
    if (!this.partial) throw new CorruptBackupError(`${loss.file}: byte ${loss.byte}: ${what}`);
    this.losses.push(loss);
  }
}

/** A number that this version does not know: of a later one, or of no engram at all. */
function unknown(what: string): string {
  return `${what}: not of format version ${FORMAT_VERSION}`;
}
