/**
 * An episode on its way, in a block of the trajectory pool: transitions as a replay buffer has them, behind a head of 32 bytes that counts them.
 * At its end it moves there as a whole, and the block is somebody else's.
 */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { blankTransition, RECORD_BYTES, Records, type Transition, wantTransition } from "./transition.js";

/** Transitions of one episode, in their order, in a block of bytes. */
export class Trajectory {
  /** The bytes that it lies in. */
  readonly block: Uint8Array;
  /** Transitions that fit. */
  readonly capacity: number;
  readonly #count: Uint32Array;
  readonly #records: Records;

  /** @param block of any memory, its first byte at a multiple of 8. What it holds goes on if it was a trajectory's; a new block is zero. */
  constructor(block: Uint8Array) {
    if (!(block instanceof Uint8Array)) {
      throw new InvalidArgumentError(`a trajectory is written into a Uint8Array, not ${describe(block)}`);
    }
    const capacity = Math.floor(block.byteLength / RECORD_BYTES) - 1;
    if (capacity < 1)
      throw new InvalidArgumentError(`a trajectory needs a block of 64 bytes or more, not ${block.byteLength}`);
    if (block.byteOffset % 8 !== 0)
      throw new InvalidArgumentError(
        `a trajectory's block begins at a multiple of 8 bytes, not at ${block.byteOffset}`,
      );
    this.block = block;
    this.capacity = capacity;
    this.#count = new Uint32Array(block.buffer, block.byteOffset, 1);
    this.#records = new Records(block.buffer, block.byteOffset + RECORD_BYTES, capacity);
    if (this.#count[0] > capacity)
      throw new InvalidArgumentError(
        `the block is no trajectory's: it counts ${this.#count[0]} of ${capacity} transitions`,
      );
  }

  /** Transitions that are in it. */
  get length(): number {
    return this.#count[0];
  }

  /** @returns false when the block is full: nothing was added */
  push(transition: Transition): boolean {
    wantTransition(transition);
    const count = this.#count[0];
    if (count === this.capacity) return false;
    this.#records.write(count, transition);
    this.#count[0] = count + 1;
    return true;
  }

  /** @param into is filled and returned; default: a new one */
  at(index: number, into: Transition = blankTransition()): Transition {
    if (!(Number.isInteger(index) && index >= 0 && index < this.length))
      throw new InvalidArgumentError(`the trajectory has transitions 0 to ${this.length - 1}, not ${String(index)}`);
    return this.#records.read(index, into);
  }

  /** Empties it. */
  clear(): void {
    this.#count[0] = 0;
  }
}
