/**
 * One generation's file, open for writing: either mapped (M-005) or written at positions. Both copy a run of live memory
 * first and take the checksums from the copy, never from memory that others are writing.
 *
 * A mapped page that has no room on the disk, or no file under it any more, kills the process when it is touched. So a new
 * file is written at positions from end to end, which takes its room (an error then is an error), and is mapped from its
 * second backup on; and the file is looked at before each backup, every few runs of one, and before its commit: still there,
 * still ours, still as long. What is left is a file cut in the microseconds between a look and the last byte it was for.
 *
 * Nor is a file ever made shorter here: somebody may have it mapped, and would be killed. A new layout is written under another
 * name, `….new`, and takes the old one's place when it is whole.
 *
 * A file is ours when its first bytes are those that we wrote last: the header, or none while it is being written, and
 * behind it a mark that is drawn anew for each layout. Asked with the looks before a backup and before its commit.
 */
import { randomBytes } from "node:crypto";
import * as nodeFs from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { BackupError } from "../errors.js";
import type { Mapper } from "../mapping.js";
import {
  type BackupHeader,
  decodeHeader,
  encodeHeader,
  type FileLayout,
  HEADER_BYTES,
  isFault,
  layoutOf,
  PAGE,
  REGION,
  REGIONS_PER_SLAB,
  ZERO_REGION_CHECKSUM,
} from "./format.js";

/** The calls a backup makes to the file system: tests hand in ones that fail. */
export type FileSystem = Pick<
  typeof nodeFs,
  | "openSync"
  | "closeSync"
  | "readSync"
  | "writeSync"
  | "fdatasyncSync"
  | "fsyncSync"
  | "fstatSync"
  | "statSync"
  | "renameSync"
  | "rmSync"
>;

/** What a finished backup survives: "process" the end of the process by any means, "disk" also that of the operating system and of power. */
export type Durability = "process" | "disk";

const STAGE_BYTES = 1 << 20;
/** Runs, or so many bytes, between two looks at a mapped file: some 50 microseconds; a look takes two. */
const RUNS_PER_LOOK = 16;
const BYTES_PER_LOOK = 256 * 1024;
export const MOST_REGIONS = STAGE_BYTES / REGION;
const zeros = new Uint8Array(STAGE_BYTES);
/** A layout's mark follows the header, in the same page. */
const MARK_BYTES = 16;
const HEAD_BYTES = HEADER_BYTES + MARK_BYTES;
const EXPLAINED = "the next backup writes a new one";

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
  /** What the file under our name began with when it was last seen or written; null when there was none. */
  private known: Buffer | null;
  /** What the open file begins with, and the name it has: another one until its first commit. */
  private head = Buffer.alloc(HEAD_BYTES);
  /** What it began with before, while and after a write that failed: it may be either. */
  private headBefore: Buffer | null = null;
  private named: string;
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
    this.named = path;
    this.known = this.lookAt();
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
      this.writeHead(null);
      return false;
    }
    this.layOut(slabCount);
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

  /**
   * Everything but the header, synced if asked for; then the header, which makes it a generation; then its name, if it has another
   * one yet.
   */
  commit(
    header: Omit<BackupHeader, "slabCapacity" | "slabTableChecksum" | "checksumTableChecksum">,
    slabClasses: Uint8Array,
    durability: Durability,
  ): void {
    const { places } = this;
    this.checkStillOurs();
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
    this.writeHead(encodeHeader(complete));
    if (durability === "disk") this.sync(PAGE);
    this.filled = true;
    if (this.named === this.path) return;
    this.checkPlace();
    this.fs.renameSync(this.named, this.path);
    this.named = this.path;
    this.known = this.head;
    if (durability === "disk") this.syncDirectory();
  }

  close(): void {
    // the mapping goes when the buffer is collected: mmap-io has no other way
    this.map = null;
    this.slabCapacity = 0;
    if (this.fd < 0) return;
    const { fd } = this;
    this.fd = -1;
    try {
      if (this.named !== this.path) this.fs.rmSync(this.named, { force: true });
    } catch {
      // its directory is gone, or not to be written to: then so be it
    } finally {
      this.named = this.path;
      this.fs.closeSync(fd);
    }
  }

  // ---------------------------------------------------------------- inside

  /**
   * A new layout. Where there is no room for it beside the file it shall replace, that one is given up first: there is a
   * newer generation, or it is none.
   */
  private layOut(slabCount: number): void {
    this.close();
    this.checkPlace();
    try {
      this.lay(slabCount);
    } catch (error) {
      this.close();
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!["ENOSPC", "EDQUOT"].includes(code) || this.known === null) throw error;
      this.fs.rmSync(this.path, { force: true });
      this.known = null;
      this.lay(slabCount);
    }
  }

  /** With room to grow. The regions in use are for the caller to write, all else is zero. */
  private lay(slabCount: number): void {
    const capacity = slabCount + Math.max(16, Math.ceil(slabCount / 8));
    const places = layoutOf(capacity);
    this.named = `${this.path}.new`;
    this.fs.rmSync(this.named, { force: true }); // of one that died
    this.fd = this.fs.openSync(this.named, "wx+", 0o600);
    this.places = places;
    this.filled = false;
    this.fillWithZeros(0, places.regions);
    this.fillWithZeros(places.regions + slabCount * REGIONS_PER_SLAB * REGION, places.length);
    this.headBefore = null;
    this.head = Buffer.concat([Buffer.alloc(HEADER_BYTES), randomBytes(MARK_BYTES)]);
    this.writeHead(null);
    this.checksums = new Uint32Array(capacity * REGIONS_PER_SLAB).fill(ZERO_REGION_CHECKSUM);
    this.slabCapacity = capacity;
  }

  /** The first page: a header, or none, and the mark. */
  private writeHead(header: Buffer | null): void {
    const page = Buffer.alloc(PAGE);
    const head = Buffer.from(this.head);
    head.fill(0, 0, HEADER_BYTES);
    if (header !== null) head.set(header);
    page.set(head);
    this.headBefore = this.head;
    this.head = head;
    this.write(page, 0);
    this.headBefore = null;
    if (this.named === this.path) this.known = head;
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

  /** Someone may have removed, replaced, cut or rewritten the file since. */
  private checkStillOurs(): void {
    const open = this.fs.fstatSync(this.fd);
    const named = this.fs.statSync(this.named, { throwIfNoEntry: false });
    if (named === undefined) this.giveUp("is gone");
    else if (named.ino !== open.ino || named.dev !== open.dev) this.giveUp("was replaced by another file");
    this.checkLength();
    const found = this.readHead(this.fd);
    if (!found.equals(this.head) && !(this.headBefore !== null && found.equals(this.headBefore))) {
      this.giveUp("was written to by someone else");
    }
  }

  private giveUp(fault: string): never {
    this.close();
    const found = this.lookAt();
    if (isForeign(found, this.known)) throw this.foreign();
    this.known = found;
    throw new BackupError("file-gone", `${this.path}: the file ${fault}; ${EXPLAINED}`);
  }

  /** What a new file would replace is what we know. A generation that is not is never replaced, anything else is after this was told. */
  private checkPlace(): void {
    const found = this.lookAt();
    if (found === null || (this.known !== null && found.equals(this.known))) return;
    if (isForeign(found, this.known)) throw this.foreign();
    this.known = found;
    throw new BackupError("file-gone", `${this.path}: the file was written to by someone else; ${EXPLAINED}`);
  }

  private foreign(): BackupError {
    return new BackupError(
      "in-use",
      `${this.path}: someone else has written a generation here since these backups were opened; it is not overwritten: close these backups, and move it away or restore it`,
    );
  }

  /** The first bytes of the file under our name, null when there is none. */
  private lookAt(): Buffer | null {
    if (this.fs.statSync(this.path, { throwIfNoEntry: false }) === undefined) return null;
    const fd = this.fs.openSync(this.path, "r");
    try {
      return this.readHead(fd);
    } finally {
      this.fs.closeSync(fd);
    }
  }

  private readHead(fd: number): Buffer {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, this.fs.readSync(fd, head, 0, HEAD_BYTES, 0));
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

  /** A new file's name is on the disk once its directory is. */
  private syncDirectory(): void {
    const fd = this.fs.openSync(dirname(this.path), "r");
    try {
      this.fs.fsyncSync(fd);
    } finally {
      this.fs.closeSync(fd);
    }
  }

  private sync(bytes: number): void {
    if (this.map !== null) this.mapper?.sync(this.map, 0, bytes, true, false);
    else this.fs.fdatasyncSync(this.fd);
  }
}

/** Whether what was found is a generation, and not the one that is known. */
function isForeign(found: Buffer | null, known: Buffer | null): boolean {
  if (found === null || isFault(decodeHeader(found))) return false;
  return known === null || !found.subarray(0, HEADER_BYTES).equals(known.subarray(0, HEADER_BYTES));
}
