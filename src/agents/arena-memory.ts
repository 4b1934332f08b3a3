/** What a structure of this room needs of the arena that it lies in. */
import type { Kernels } from "./kernels.js";

/** Shared memory that hands out pieces: an arena, or what is charged to an agent. */
export interface ArenaMemory {
  /** The memory itself. */
  readonly memory: WebAssembly.Memory;
  /** This thread's instance over that memory. */
  readonly kernels: Kernels;
  /**
   * @param bytes at least 1; an arena rounds them up to its units
   * @param purpose what they are for, in a word or two: it is listed by the arena's layout
   * @returns the address of the first byte, a multiple of 64; all of them are zero
   * @throws OutOfMemoryError when the arena has no such room, BudgetExceededError when the agent that is charged may not have it
   */
  take(bytes: number, purpose: string): number;
  /** Gives back what `take` gave, whole. */
  give(address: number): void;
  /** For what is this thread's alone, whoever is charged for the rest: its copies of rows, say. Default: the same memory. */
  readonly own?: ArenaMemory;
}
