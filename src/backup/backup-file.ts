/**
 * One generation's file, open for writing: either mapped (ADR-005) or written at positions. Both copy a run of live memory
 * first and take the checksums from the copy, never from memory that others are writing.
 *
 * A mapped page that has no room on the disk, or no file under it any more, kills the process when it is touched. So a new
 * file is written at positions from end to end, which takes its room (an error then is an error), and is mapped from its
 * second backup on; and the file is looked at before each backup, every few runs of one, and before its commit: still there,
 * still ours, still as long. What is left is a file cut in the microseconds between a look and the last byte it was for.
 */
import * as nodeFs from "node:fs";
import { crc32 } from "node:zlib";
import { BackupError } from "../store/errors.js";
import {
  type BackupHeader,
  encodeHeader,
  type FileLayout,
  layoutOf,
  PAGE,
  REGION,
  REGIONS_PER_SLAB,
  ZERO_REGION_CHECKSUM,
} from "./format.js";
import type { Mapper } from "./mapping.js";

/** The calls a backup makes to the file system: tests hand in ones that fail. */
export type FileSystem = Pick<
  typeof nodeFs,
  "openSync" | "closeSync" | "writeSync" | "ftruncateSync" | "fdatasyncSync" | "fsyncSync" | "fstatSync" | "statSync"
>;

export type Durability = "process" | "disk";

const STAGE_BYTES = 1 << 20;
/** Runs, or so many bytes, between two looks at a mapped file: some 50 microseconds; a look takes two. */
const RUNS_PER_LOOK = 16;
const BYTES_PER_LOOK = 256 * 1024;
export const MOST_REGIONS = STAGE_BYTES / REGION;
const zeros = new Uint8Array(STAGE_BYTES);

export class BackupFile {
  readonly path: string;
  private readonly fs: FileSystem;
  private readonly mapper: Mapper | null;
  private readonly stage: Buffer;
  private fd = -1;
  private slabCapacity = 0;
  private map: Buffer | null = null;
  /** Every byte of the file has been written once. */
  private filled = false;
  private places: FileLayout = layoutOf(0);
  private checksums = new Uint32Array(0);
  /** Bytes handed to the file since the last `begin`. */
  written = 0;
  /** What may still be copied before the next look at a mapped file. */
  private runsLeft = 0;
  private bytesLeft = 0;

  constructor(path: string, mapper: Mapper | null, fs: FileSystem = nodeFs, stage = Buffer.allocUnsafe(STAGE_BYTES)) {
    this.path = path;
    this.mapper = mapper;
    this.fs = fs;
    this.stage = stage;
  }

  /**
   * Opens the file for a backup of `slabCount` slabs and takes back its commit: from here until `commit` it is no
   * generation. True when the file is new or was laid out anew: then every region has to be written.
   */
  begin(slabCount: number): boolean {
    this.written = 0;
    if (this.fd >= 0 && slabCount <= this.slabCapacity) {
      this.checkStillOurs();
      if (this.mapper !== null && this.map === null && this.filled) this.map = this.mapWhole(this.mapper);
      this.write(Buffer.alloc(PAGE), 0);
      return false;
    }
    this.lay(slabCount);
    return true;
  }

  /**
   * Copies regions `from` to `to` - 1 of the pool, at most MOST_REGIONS. `pool` is live: its bytes may change while they are read.
   *
   * @param settle is handed the copy before its checksums are taken
   */
  copyRun(pool: Uint8Array, from: number, to: number, settle: (copy: Uint32Array) => void): void {
    const at = this.places.regions + from * REGION;
    const bytes = (to - from) * REGION;
    if (this.map !== null) this.lookNowAndThen(bytes);
    const copy = this.map?.subarray(at, at + bytes) ?? this.stage.subarray(0, bytes);
    copy.set(pool.subarray(from * REGION, to * REGION));
    settle(new Uint32Array(copy.buffer, copy.byteOffset, bytes / 4));
    this.sum(copy, from, to);
    if (this.map === null) this.writeAll(copy, at);
    this.written += bytes;
  }

  private sum(bytes: Buffer, from: number, to: number): void {
    for (let region = from, at = 0; region < to; region++, at += REGION) {
      this.checksums[region] = crc32(bytes.subarray(at, at + REGION));
    }
  }

  /** Everything but the header, synced if asked for; then the header, which makes it a generation. */
  commit(
    header: Omit<BackupHeader, "slabCapacity" | "slabTableChecksum" | "checksumTableChecksum">,
    slabClasses: Uint8Array,
    durability: Durability,
  ): void {
    const { places } = this;
    if (this.map !== null) this.checkStillOurs();
    const slabTable = Buffer.alloc(places.slabTableBytes);
    slabTable.set(slabClasses);
    const table = Buffer.alloc(places.checksumBytes);
    table.set(new Uint8Array(this.checksums.buffer, 0, this.checksums.byteLength));
    this.write(slabTable, places.slabTable);
    this.write(table, places.checksums);
    if (durability === "disk") this.sync(places.length);
    const complete: BackupHeader = {
      ...header,
      slabCapacity: this.slabCapacity,
      slabTableChecksum: crc32(slabTable.subarray(0, header.slabCount)),
      checksumTableChecksum: crc32(table.subarray(0, header.slabCount * REGIONS_PER_SLAB * 4)),
    };
    const page = Buffer.alloc(PAGE);
    page.set(encodeHeader(complete));
    this.write(page, 0);
    if (durability === "disk") this.sync(PAGE);
    this.filled = true;
  }

  close(): void {
    // the mapping goes when the buffer is collected: mmap-io has no other way
    this.map = null;
    this.slabCapacity = 0;
    if (this.fd < 0) return;
    const { fd } = this;
    this.fd = -1;
    this.fs.closeSync(fd);
  }

  // ---------------------------------------------------------------- inside

  /** A new layout with room to grow. The regions in use are for the caller to write, all else is zero. */
  private lay(slabCount: number): void {
    this.close();
    const capacity = slabCount + Math.max(16, Math.ceil(slabCount / 8));
    const places = layoutOf(capacity);
    this.fd = this.fs.openSync(this.path, "w+", 0o600);
    this.places = places;
    this.filled = false;
    this.fillWithZeros(0, places.regions);
    this.fillWithZeros(places.regions + slabCount * REGIONS_PER_SLAB * REGION, places.length);
    this.checksums = new Uint32Array(capacity * REGIONS_PER_SLAB).fill(ZERO_REGION_CHECKSUM);
    this.slabCapacity = capacity;
  }

  private fillWithZeros(from: number, to: number): void {
    for (let at = from; at < to; at += STAGE_BYTES) {
      this.writeAll(zeros.subarray(0, Math.min(STAGE_BYTES, to - at)), at);
    }
  }

  private mapWhole({ map, PROT_READ, PROT_WRITE, MAP_SHARED }: Mapper): Buffer {
    return map(this.places.length, PROT_READ | PROT_WRITE, MAP_SHARED, this.fd, 0);
  }

  private lookNowAndThen(bytes: number): void {
    if (this.runsLeft > 0 && this.bytesLeft >= bytes) {
      this.runsLeft--;
      this.bytesLeft -= bytes;
      return;
    }
    this.checkLength();
    this.runsLeft = RUNS_PER_LOOK - 1;
    this.bytesLeft = Math.max(0, BYTES_PER_LOOK - bytes);
  }

  private checkLength(): void {
    const { size } = this.fs.fstatSync(this.fd);
    if (size !== this.places.length) this.giveUp(`has ${size} bytes; expected ${this.places.length}`);
  }

  /** Someone may have removed, replaced or cut the file since. */
  private checkStillOurs(): void {
    const open = this.fs.fstatSync(this.fd);
    const named = this.fs.statSync(this.path, { throwIfNoEntry: false });
    if (named === undefined) this.giveUp("is gone");
    else if (named.ino !== open.ino || named.dev !== open.dev) this.giveUp("was replaced by another file");
    this.checkLength();
  }

  private giveUp(fault: string): never {
    this.close();
    throw new BackupError("file-gone", `${this.path}: the file ${fault}; the next backup writes a new one`);
  }

  private write(bytes: Uint8Array, at: number): void {
    this.written += bytes.length;
    if (this.map !== null) this.map.set(bytes, at);
    else this.writeAll(bytes, at);
  }

  private writeAll(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += this.fs.writeSync(this.fd, bytes, done, bytes.length - done, at + done);
    }
  }

  private sync(bytes: number): void {
    if (this.map !== null) this.mapper?.sync(this.map, 0, bytes, true, false);
    else this.fs.fdatasyncSync(this.fd);
  }
}
