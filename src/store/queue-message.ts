/** A message that was taken from a queue: its value, and what its taker says of it. */
import { KnownOptions } from "../check.js";
import type { Duration } from "../units.js";

/** @internal How the engine knows a delivery: its cell, and the halves of the cell's word, which no other delivery has. */
export interface Delivery {
  readonly cell: number;
  low: number;
  high: number;
}

/** @internal What a queue does for its messages: true unless the delivery is not this one's any more. */
export interface Settling {
  acknowledge(delivery: Delivery): boolean;
  giveBack(delivery: Delivery, delay: unknown): boolean;
  extend(delivery: Delivery, lease: unknown): boolean;
}

const NACK_OPTIONS = new KnownOptions("nack", ["delay"]);

/**
 * Made by a queue's verbs. Whoever has it is the only one, until its lease ends. A `Disposable`: at the end of a `using` block it is given
 * back if it was not acknowledged.
 */
export class QueueMessage<V> implements Disposable {
  /** The message, decoded. */
  readonly value: V;
  /** How often it was delivered, this time included. */
  readonly attempts: number;
  private readonly delivery: Delivery;
  private readonly settling: Settling;
  /** It was acknowledged or given back, by this very object. */
  private settled = false;

  private constructor(value: V, attempts: number, delivery: Delivery, settling: Settling) {
    this.value = value;
    this.attempts = attempts;
    this.delivery = delivery;
    this.settling = settling;
  }

  /** @internal */
  static of<V>(value: V, attempts: number, delivery: Delivery, settling: Settling): QueueMessage<V> {
    return new QueueMessage(value, attempts, delivery, settling);
  }

  /**
   * The work is done: the message goes.
   *
   * @returns false when it is not this delivery's to say: the lease has ended and another was given the message, the queue was dropped, or it
   *   was settled already. Nothing is changed then
   * @throws ClosedError once this thread has closed the store, or the view
   */
  ack(): boolean {
    if (this.settled) return false;
    const done = this.settling.acknowledge(this.delivery);
    this.settled = true;
    return done;
  }

  /**
   * Gives it back, to be delivered again, to anybody, after `delay` (milliseconds or text such as "5s", default 0); a dead letter when its attempts are used up.
   *
   * @returns as `ack`
   * @throws InvalidArgumentError; ClosedError as `ack`
   */
  nack(options: { delay?: Duration } = {}): boolean {
    const { delay } = NACK_OPTIONS.check(options);
    if (this.settled) return false;
    const done = this.settling.giveBack(this.delivery, delay);
    this.settled = true;
    return done;
  }

  /**
   * Keeps it for `lease` (milliseconds or text such as "5m"; default: the queue's) from now on.
   *
   * @returns false as `ack`: it is another's by now, or nobody's
   * @throws InvalidArgumentError; ClosedError as `ack`
   */
  extend(lease?: Duration): boolean {
    return !this.settled && this.settling.extend(this.delivery, lease);
  }

  /** Gives it back unless it is settled. Also where the store is closed by now: then it is another's already. */
  [Symbol.dispose](): void {
    if (this.settled) return;
    try {
      this.nack();
    } catch {
      this.settled = true;
    }
  }
}
