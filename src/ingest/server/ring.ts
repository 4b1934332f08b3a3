/**
 * The way from an accepting thread to the one that writes the journal: a channel of the store with one sender and one receiver, a request a
 * message. The sender hears of what was written, where that is to be acknowledged; a full ring is told to whoever sends.
 */
import { OutOfMemoryError, ValueTooLargeError } from "../../errors.js";
import type { Channel, Store } from "../../store/index.js";
import { BadBodyError } from "../errors.js";
import type { GroupCommit } from "../journal/index.js";
import { type Intake, IntakeFullError } from "./intake.js";

/** Messages. */
const CAPACITY = 1024;
/** Taken out at once. */
const TAKEN = 64;
/** Before the number of lines. */
const HEAD = 4;
/** Between two tries to write what was acknowledged already. */
const AGAIN_MS = 100;
/** Tries when it is to end. */
const LAST_TRIES = 10;

export function openRing(store: Store, thread: number): Channel {
  return store.channel(`engram:ingest:${thread}`, { kind: "spsc", capacity: CAPACITY, whenFull: "refuse" });
}

/** What the writer tells of: so many messages, in order, were written, or were not, and why. */
export interface Written {
  readonly messages: number;
  readonly failure: string | null;
}

/** The sender's end. */
export class RingIntake implements Intake {
  private readonly waiting: { done: () => void; failed: (error: Error) => void }[] = [];

  /**
   * @param waits whether to wait for the writer
   * @param health one word that the writer keeps: 0 while the journal cannot be written
   */
  constructor(
    private readonly ring: Channel,
    private readonly waits: boolean,
    private readonly health: Int32Array,
  ) {}

  get healthy(): boolean {
    return Atomics.load(this.health, 0) !== 0;
  }

  async put(chunk: Uint8Array, lines: number): Promise<void> {
    const message = Buffer.allocUnsafe(HEAD + chunk.length);
    message.writeUInt32LE(lines);
    message.set(chunk, HEAD);
    let sent: boolean;
    try {
      sent = this.ring.trySend(message);
    } catch (error) {
      if (error instanceof ValueTooLargeError) throw new BadBodyError("more than a ring takes: send it in parts", 413);
      if (error instanceof OutOfMemoryError) throw new IntakeFullError("there is no memory left for the ring");
      throw error;
    }
    if (!sent) throw new IntakeFullError("the ring is full");
    if (this.waits) await new Promise<void>((done, failed) => this.waiting.push({ done, failed }));
  }

  hear({ messages, failure }: Written): void {
    for (const { done, failed } of this.waiting.splice(0, messages)) {
      if (failure === null) done();
      else failed(new Error(failure));
    }
  }
}

/** The receiver's end: everything into the journal. */
export class RingDrain {
  /** Lines that were acknowledged and could not be written before the end. */
  lost = 0;
  private closed = false;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  /** @param tell the sender waits for it; null: it has acknowledged already, so nothing may be given up */
  constructor(
    private readonly ring: Channel,
    private readonly commit: GroupCommit,
    private readonly health: Int32Array,
    private readonly tell: ((written: Written) => void) | null,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** Messages that wait. */
  get length(): number {
    return this.closed ? 0 : this.ring.length;
  }

  /** Ends when the ring is empty: its sender sends no more. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.closed = true;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      const messages = this.ring.receiveMany(TAKEN);
      if (messages.length > 0) await this.write(messages);
      else if (signal.aborted) return;
      else {
        const message = await this.ring.receiveWait({ signal }).catch((error) => {
          if (!signal.aborted) throw error;
        });
        if (message !== undefined) await this.write([message]);
      }
    }
  }

  private async write(messages: readonly Uint8Array[]): Promise<void> {
    const chunks = messages.map((message) => message.subarray(HEAD));
    const lines = messages.reduce(
      (sum, message) => sum + Buffer.from(message.buffer, message.byteOffset).readUInt32LE(),
      0,
    );
    for (let tries = 0; ; tries++) {
      try {
        await this.commit.put(Buffer.concat(chunks), lines);
        Atomics.store(this.health, 0, 1);
        this.tell?.({ messages: messages.length, failure: null });
        return;
      } catch (error) {
        Atomics.store(this.health, 0, 0);
        if (this.tell !== null) {
          this.tell({ messages: messages.length, failure: (error as Error).message });
          return;
        }
        if (this.stopping.signal.aborted && tries >= LAST_TRIES) {
          this.lost += lines;
          return;
        }
      }
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}
