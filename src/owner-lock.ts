/**
 * What one thread at a time may have, of this process or another: a directory that a store is backed up into, the file of a monitor's history (decision 0016).
 * Whoever has it has a lock file: locked by the kernel where the addon loads and the file system can, and in any case with a record in it of who that is.
 *
 * With the kernel's lock: open the file, lock it, and only then look whether the name still leads to the file that was
 * locked; if not, the one before removed it on leaving, and we begin anew. The lock is on the open file, so it ends with the
 * thread or the process that has it, and nothing is left to be cleaned up: a file without a lock means nothing. Whoever leaves in
 * good order removes the name first and closes the file after it, so a lock is never had on a file that has a successor.
 *
 * Without it: the record is put under the name with `link`, which one of many can do. A record whose holder is certainly gone is
 * succeeded by whoever first links `<the lock file>.after-<its id>`, and then renames its own record into place if that
 * id is still there. The successor may die at any point: its link is then succeeded in the same way. Only the last link of such a
 * chain may rename, so two never hold the directory. Where a holder cannot be seen (another container, another machine)
 * it counts as there, and the message says which file to remove if it is not.
 *
 * The two meet: a record that says `kernel: false` is heeded by those who have the kernel's lock too.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { hasNoLocks, type KernelLock } from "./kernel-lock.js";
import { describeHolder, type HolderRecord, mayLive, ownRecord, parseRecord, readRecord } from "./lock-holder.js";

/** A byte far behind the record: on Windows a locked byte cannot be read by others. */
const LOCKED_BYTE = 2 ** 30;
/** The record is one write of this length, so that a shorter one leaves nothing of the last. */
const RECORD_BYTES = 1024;
/** How often the name may lead to another file than the one that was locked: each time somebody else came and went. */
const TRIES = 1000;
/** How long a holder may take from its lock to its record. */
const NAPS = 100;
/** A file without a record that is older than this was left by one that died before it wrote it, or is damaged. */
const YOUNG_MS = 10_000;
const napping = new Int32Array(new SharedArrayBuffer(4));

/** What is thrown when somebody else has it. `who` is for messages; `holder` null where nobody knows. */
export type Refusal = (who: string, holder: HolderRecord | null) => Error;

export class OwnerLock {
  private fd = -1;

  private constructor(
    private readonly path: string,
    private readonly kernel: KernelLock | null,
    private readonly refusal: Refusal,
  ) {}

  /**
   * Takes it for this thread.
   *
   * @param path of the lock file
   * @throws the refusal, naming who has it; what the file system throws
   */
  static take(path: string, kernel: KernelLock | null, refusal: Refusal): OwnerLock {
    const lock = new OwnerLock(path, kernel !== null && hasLocks(path, kernel) ? kernel : null, refusal);
    lock.acquire();
    return lock;
  }

  /**
   * Whether it is still ours. If the lock file was removed, it is taken again.
   *
   * @throws the refusal when somebody else has it now
   */
  confirm(): void {
    const named = fs.statSync(this.path, { throwIfNoEntry: false });
    const open = fs.fstatSync(this.fd);
    if (named !== undefined && named.ino === open.ino && named.dev === open.dev) return;
    const before = this.fd;
    this.acquire();
    fs.closeSync(before);
  }

  release(): void {
    if (this.fd < 0) return;
    const { fd } = this;
    this.fd = -1;
    try {
      const named = fs.statSync(this.path, { throwIfNoEntry: false });
      if (named?.ino === fs.fstatSync(fd).ino) fs.rmSync(this.path, { force: true });
    } catch {
      // a file that stays is not locked any more once it is closed
    } finally {
      fs.closeSync(fd);
    }
  }

  // ---------------------------------------------------------------- inside

  private acquire(): void {
    const { kernel } = this;
    for (let tries = 0; tries < TRIES; tries++) {
      const done = kernel === null ? this.link() : this.lock(kernel);
      if (done) return;
    }
    throw this.refusal("others, who take and leave it all the time", null);
  }

  /** True when it is ours, false to be tried again. */
  private lock(kernel: KernelLock): boolean {
    const fd = fs.openSync(this.path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    try {
      if (!kernel.tryLock(fd, LOCKED_BYTE, 1)) throw this.inUse(this.waitForRecord(true));
      const file = fs.fstatSync(fd);
      const named = fs.statSync(this.path, { throwIfNoEntry: false });
      if (named?.ino !== file.ino || named.dev !== file.dev) {
        fs.closeSync(fd);
        return false;
      }
      const before = parseRecord(readText(fd));
      if (before !== null && !before.kernel && mayLive(before, file, fd)) throw this.inUse(before);
      fs.writeSync(fd, encode(ownRecord(true)), 0, RECORD_BYTES, 0);
      this.fd = fd;
      return true;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  private link(): boolean {
    const own = ownRecord(false);
    const temporary = `${this.path}.${own.id}`;
    const fd = fs.openSync(temporary, "wx+", 0o600);
    let held = false;
    try {
      fs.writeSync(fd, encode(own), 0, RECORD_BYTES, 0);
      held = linkOnce(temporary, this.path) || this.succeed(temporary);
      if (held) this.fd = fd;
      return held;
    } finally {
      fs.rmSync(temporary, { force: true });
      if (!held) fs.closeSync(fd);
    }
  }

  /** In the place of one that is certainly gone. True when it is ours, false to be tried again. */
  private succeed(temporary: string): boolean {
    const links: string[] = [];
    let at = this.path;
    const first = this.waitForRecord(false);
    for (let dead = first; ; dead = readRecord(at)) {
      const file = fs.statSync(at, { throwIfNoEntry: false });
      if (file === undefined) return false;
      if (dead === null ? Date.now() - file.mtimeMs < YOUNG_MS : mayLive(dead, file)) throw this.inUse(dead);
      at = `${this.path}.after-${dead?.id ?? file.ino}`;
      links.push(at);
      if (linkOnce(temporary, at)) break;
    }
    const still = readRecord(this.path)?.id === first?.id;
    if (still) fs.renameSync(temporary, this.path);
    else links.splice(0, links.length - 1); // somebody has come: only our own link goes
    for (const link of links.reverse()) fs.rmSync(link, { force: true });
    return still;
  }

  /**
   * The record of whoever has the file; null when it has left, or never wrote one.
   *
   * @param locked somebody has the lock: a record of one that is gone is about to be overwritten
   */
  private waitForRecord(locked: boolean): HolderRecord | null {
    let record: HolderRecord | null = null;
    for (let naps = 0; naps < NAPS; naps++) {
      record = readRecord(this.path);
      const file = fs.statSync(this.path, { throwIfNoEntry: false });
      if (file === undefined || (record !== null && (!locked || mayLive(record, file)))) break;
      Atomics.wait(napping, 0, 0, 1);
    }
    return record;
  }

  private inUse(holder: HolderRecord | null): Error {
    const who = holder === null ? "another process" : describeHolder(holder);
    const unseen = holder === null || holder.kernel ? "" : ` (if it is gone, remove ${this.path})`;
    return this.refusal(`${who}${unseen}`, holder);
  }
}

/** Whether the file system has them: asked with a file of our own, since to ask with the lock file would be to make it. */
function hasLocks(path: string, kernel: KernelLock): boolean {
  const probe = `${path}.${randomUUID()}`;
  const fd = fs.openSync(probe, "wx+", 0o600);
  try {
    return kernel.tryLock(fd, LOCKED_BYTE, 1);
  } catch (error) {
    if (hasNoLocks(error)) return false;
    throw error;
  } finally {
    fs.closeSync(fd);
    fs.rmSync(probe, { force: true });
  }
}

function encode(record: HolderRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`.padEnd(RECORD_BYTES, " "), "utf8").subarray(0, RECORD_BYTES);
}

function readText(fd: number): string {
  const bytes = Buffer.alloc(RECORD_BYTES);
  return bytes.toString("utf8", 0, fs.readSync(fd, bytes, 0, RECORD_BYTES, 0));
}

/** False when there is such a file already. */
function linkOnce(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
