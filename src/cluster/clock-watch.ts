/** Two clocks held against each other: what a wall clock jumped by, and how long this process was not awake. */
import type { ClusterClock } from "./engine.js";

/** What a correction of the clock by NTP stays below. */
const JUMP_MS = 1000;

export class ClockWatch {
  private wallMs = 0;
  private elapsedMs = 0;

  constructor(private readonly clock: ClusterClock) {
    this.reset();
  }

  reset(): void {
    this.wallMs = this.clock.now();
    this.elapsedMs = this.clock.elapsed();
  }

  /**
   * Since the last look, which was to be `expectedMs` ago.
   *
   * @returns sleptMs: how much longer ago it was, if that is more than another `expectedMs`; jumpedMs: by how much the wall clock went ahead of
   *   (or, below 0, behind) the one that only goes forward
   */
  look(expectedMs: number): { readonly sleptMs: number; readonly jumpedMs: number } {
    const elapsedMs = this.clock.elapsed() - this.elapsedMs;
    const wallMs = this.clock.now() - this.wallMs;
    this.reset();
    const late = elapsedMs - expectedMs;
    const jumped = Math.round(wallMs - elapsedMs);
    return { sleptMs: late > expectedMs ? late : 0, jumpedMs: Math.abs(jumped) > JUMP_MS ? jumped : 0 };
  }
}
