/** Where an accepting thread puts what it has read. */
import type { GroupCommit } from "../journal/index.js";

export interface Intake {
  /**
   * @param chunk whole lines
   * @returns when they may be acknowledged
   * @throws IntakeFullError when there is no room, JournalError when they could not be written: nothing may be acknowledged then
   */
  put(chunk: Uint8Array, lines: number): Promise<void>;
  /** Whether the last write went well. */
  readonly healthy: boolean;
}

/** There is no room for it now. */
export class IntakeFullError extends Error {}

/** The accepting thread writes for itself: one write a turn of its event loop. */
export class JournalIntake implements Intake {
  healthy = true;

  constructor(private readonly commit: GroupCommit) {}

  async put(chunk: Uint8Array, lines: number): Promise<void> {
    try {
      await this.commit.put(chunk, lines);
      this.healthy = true;
    } catch (error) {
      this.healthy = false;
      throw error;
    }
  }
}
