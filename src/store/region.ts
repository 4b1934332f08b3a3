/**
 * A region: bytes with a name that every thread of the store may read and write, of any size up to the pool's. What is in it is its
 * users' own business: nothing of it is locked, versioned, evicted or backed up. It stays where it is until it is dropped and
 * everyone has closed it, so views of it may be kept for as long as it is open.
 */
import { KnownOptions, wholeNumber } from "../check.js";
import { layout, REGION_HEADER, result, spanSlabs } from "../core/index.js";
import { ClosedError, InvalidArgumentError, OutOfMemoryError } from "../errors.js";
import { type Size, sizeIn } from "../units.js";
import { ownNames } from "./listing.js";
import { SYSTEM_KEYS } from "./system-keys.js";
import type { WorkerConnection } from "./worker.js";

/** What a region is made with. */
export interface RegionOptions {
  /**
   * Bytes it has, or text such as "1MiB". Needed to make one; when it exists, it must have this size, if given. Default: that of the one that
   * exists.
   */
  bytes?: Size;
}

const KEY_PREFIX = SYSTEM_KEYS.region;
const OPTIONS = new KnownOptions("region", ["bytes"]);

/** Made by `store.region()`. A `Disposable`: it is closed at the end of a `using` block. */
export class Region implements Disposable {
  /** As it was opened with. */
  readonly name: string;
  /** The bytes, shared with every thread that has the region open; zero when it was made. Valid until `close`, also after a drop. */
  readonly bytes: Uint8Array;
  private readonly worker: WorkerConnection;
  private readonly address: number;
  private readonly pin: number;
  private open = true;
  private owned = false;

  private constructor(worker: WorkerConnection, name: string, address: number, length: number, pin: number) {
    this.worker = worker;
    this.name = name;
    this.address = address;
    this.pin = pin;
    this.bytes = new Uint8Array(worker.currentBuffer(), address, length);
  }

  /** @internal Use `store.region()`. */
  static at(worker: WorkerConnection, name: string, address: number, length: number, pin: number): Region {
    return new Region(worker, name, address, length, pin);
  }

  /**
   * Makes this thread the region's one owner, unless a living thread is. Ownership binds nobody: it is for users who agree on it.
   *
   * @returns "held" by another thread; "mine"; or "inherited" from a thread that died or left without giving it up, so that what is in
   *   the region may be half done
   * @throws ClosedError
   */
  claim(): "mine" | "held" | "inherited" {
    this.assertOpen();
    const answer = (["held", "mine", "inherited"] as const)[this.worker.engine.claimRegion(this.address)];
    this.owned = answer !== "held";
    return answer;
  }

  /** Gives ownership up; false when this thread had it not. @throws ClosedError */
  release(): boolean {
    this.assertOpen();
    this.owned = false;
    return this.worker.engine.leaveRegion(this.address) !== 0;
  }

  /** Ends this thread's use of it: its views must not be touched any more, for the memory may become another's. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    if (this.worker.closed) return;
    if (this.owned) this.worker.engine.leaveRegion(this.address);
    this.worker.engine.closeRegion(this.pin);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private assertOpen(): void {
    this.worker.assertOpen();
    if (!this.open)
      throw new ClosedError(`region "${this.name}" is closed in this thread; open it again with store.region()`);
  }
}

/**
 * The region of this name, made when it does not exist and a size is given.
 *
 * @throws InvalidArgumentError for a size out of bounds or other than it has, or when there is none and no size; OutOfMemoryError
 */
export function openRegion(worker: WorkerConnection, name: string, options: RegionOptions): Region {
  OPTIONS.check(options);
  const most = worker.header.poolBytes - REGION_HEADER;
  // 0: none was given
  const asked = wholeNumber("region bytes", sizeIn(options.bytes), 0, 1, most);
  const bytes = asked === 0 ? undefined : asked;
  for (;;) {
    const found = findRegion(worker, name);
    if (found !== null) return sized(found, bytes);
    if (bytes === undefined) {
      throw new InvalidArgumentError(`there is no region "${name}"; pass { bytes } to make it`);
    }
    const status = worker.engine.makeRegion(worker.putKey(KEY_PREFIX + name), bytes);
    if (status === layout.NO_MEMORY) throw outOfMemory(worker, name, bytes);
    // made, by us or by another thread; it may even be dropped again: look once more
  }
}

/** Takes the name away; the memory is given back when every thread has closed it. False when there is none. */
export function dropRegion(worker: WorkerConnection, name: string): boolean {
  return worker.engine.dropRegion(worker.putKey(KEY_PREFIX + name)) !== 0;
}

function findRegion(worker: WorkerConnection, name: string): Region | null {
  const address = worker.engine.openRegion(worker.putKey(KEY_PREFIX + name)) >>> 0;
  if (address === layout.NOWHERE) return null;
  if (address === layout.NO_PIN) {
    throw new InvalidArgumentError(
      `this thread has ${layout.REGION_PINS} regions open, the most it can have; close one before opening "${name}"`,
    );
  }
  const length = worker.out[result.SIZE];
  const pin = worker.out[result.PIN];
  return Region.at(worker, name, address, length, pin);
}

function sized(region: Region, bytes: number | undefined): Region {
  const { length } = region.bytes;
  if (bytes === undefined || bytes === length) return region;
  region.close();
  throw new InvalidArgumentError(`region "${region.name}" was made with ${length} bytes, not ${bytes}`);
}

function outOfMemory(worker: WorkerConnection, name: string, bytes: number): OutOfMemoryError {
  const slabs = spanSlabs(bytes);
  const of = worker.header.slabMax;
  return new OutOfMemoryError(
    `no ${slabs} slabs of 64 KiB lie free side by side for region "${name}" of ${bytes} bytes, of the pool's ${of}; make regions before the pool fills, or the store larger`,
  );
}

/** Names of all regions, in no order. */
export function regionNames(worker: WorkerConnection): string[] {
  return ownNames(worker, KEY_PREFIX);
}
