/**
 * Many requests, one write: what comes in one turn of the event loop, or while the disk is busy with the last group, is written together,
 * made durable together where the policy is "always", and only then answered.
 */
import { JournalError } from "../errors.js";
import type { Journal } from "./journal.js";

interface Waiting {
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class GroupCommit {
  private chunks: Uint8Array[] = [];
  private bytes = 0;
  private lines = 0;
  private waiting: Waiting[] = [];
  private committing: Promise<void> | null = null;

  /**
   * @param maxWaiting bytes that may wait for the disk: what comes on top of them is refused
   * @param onWritten there is more to read: these lines
   */
  constructor(
    private readonly journal: Journal,
    private readonly maxWaiting = 64 * 2 ** 20,
    private readonly onWritten: (chunks: readonly Uint8Array[]) => void = () => {},
  ) {}

  /** Bytes that wait. */
  get length(): number {
    return this.bytes;
  }

  /**
   * @param chunk whole lines
   * @param lines how many
   * @throws JournalError when they were not written, or not made durable, or too much waits already: nothing is acknowledged then
   */
  put(chunk: Uint8Array, lines: number): Promise<void> {
    if (this.bytes + chunk.length > this.maxWaiting && this.bytes > 0) {
      return Promise.reject(new JournalError("too much waits for the journal"));
    }
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    this.lines += lines;
    return new Promise((done, failed) => {
      this.waiting.push({ done, failed });
      this.committing ??= this.commitAll();
    });
  }

  /** When nothing waits any more. */
  async settled(): Promise<void> {
    while (this.committing !== null) await this.committing;
  }

  private async commitAll(): Promise<void> {
    await new Promise(setImmediate); // all that this turn brings goes together
    while (this.waiting.length > 0) {
      const { chunks, lines, waiting } = this;
      this.chunks = [];
      this.bytes = 0;
      this.lines = 0;
      this.waiting = [];
      try {
        this.journal.append(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), lines);
        if (this.journal.options.sync === "always") await this.journal.sync();
        for (const { done } of waiting) done();
        this.onWritten(chunks);
      } catch (error) {
        for (const { failed } of waiting) failed(error);
      }
    }
    this.committing = null;
  }
}
