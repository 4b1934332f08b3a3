/**
 * Every kind of write there is, on keys of its own and unrecorded: so that a death falls not only on a hot key's put, but in the
 * middle of an allocation, an eviction, a clear, a send. Values say which write they are, so that a torn one is noticed.
 */

import type { ProgramRandom } from "../../../src/random.js";
import {
  type Channel,
  ClosedError,
  InvalidArgumentError,
  type Namespace,
  OutOfMemoryError,
  type Queue,
  type Store,
} from "../../../src/store/index.js";

export interface ChurnPlan {
  /** Keys they all share. */
  churnKeys: number;
  /** Bytes of a value at most, from 16. */
  maxLength: number;
  /** Of one in five, which lie in spans then. Default: there are none. */
  largeLength?: number;
}

export const CHURN_NAMESPACE = "churn";
const HEADER = 8;
const BRIEF_NAMESPACES = 10;
const BRIEF_CHANNELS = 4;
const MAILBOXES = 5;

export class Churn {
  private readonly values: Namespace;
  private readonly counters: Namespace;
  private readonly busy: Channel;
  private readonly mailbox: Channel;
  private readonly tasks: Queue;
  private readonly bytes: Buffer;
  private written = 0;

  constructor(
    private readonly store: Store,
    private readonly agent: number,
    private readonly plan: ChurnPlan,
    private readonly random: ProgramRandom,
  ) {
    this.values = store.namespace(CHURN_NAMESPACE);
    this.counters = store.namespace("churn counters");
    this.busy = store.channel("busy", { capacity: 8 });
    this.mailbox = store.channel(`mailbox ${agent % MAILBOXES}`, { capacity: 4 });
    this.tasks = store.queue("churn tasks", { capacity: 16, lease: 20, maxAttempts: 3 });
    this.bytes = Buffer.alloc(Math.max(plan.maxLength, plan.largeLength ?? 0));
  }

  step(): void {
    try {
      this.act();
    } catch (error) {
      // a full store is no fault, nor is a mailbox that another living agent receives from
      if (!(error instanceof OutOfMemoryError || error instanceof InvalidArgumentError)) throw error;
    }
  }

  private act(): void {
    const { random, values, plan } = this;
    const key = `key ${random.below(plan.churnKeys)}`;
    switch (random.below(15)) {
      case 0:
      case 1:
      case 2:
      case 3:
        values.set(key, this.value());
        return;
      case 4:
        values.set(key, this.value(), { ttl: 1 + random.below(20) });
        return;
      case 5:
      case 6:
        values.delete(key);
        return;
      case 7:
        this.counters.increment(`counter ${random.below(20)}`);
        return;
      case 8:
        values.borrow(key, checkValue);
        return;
      case 9:
        this.store.returnBuffer(this.store.buffer(1 + random.below(plan.largeLength ?? plan.maxLength)));
        return;
      case 10:
        this.busy.send(this.value());
        return;
      case 11:
        this.mailbox.send(this.value());
        this.mailbox.receive();
        return;
      case 12:
        if (random.below(10) === 0) this.useBriefNamespace();
        else if (random.below(5) === 0) this.useBriefChannel();
        else this.useQueue();
        return;
      case 13:
        for (const value of values.getMany([key, "key 1", "key 2"])) if (value !== undefined) checkValue(value);
        return;
      default: {
        const value = values.get(key);
        if (value !== undefined) checkValue(value);
      }
    }
  }

  private useBriefNamespace(): void {
    const brief = this.store.namespace(`brief ${this.random.below(BRIEF_NAMESPACES)}`);
    brief.set("k", this.value());
    if (this.random.chance(0.5)) brief.clear();
    else this.store.dropNamespace(brief.name);
  }

  /** One that others drop under it, and make again with another capacity. */
  private useBriefChannel(): void {
    const { random } = this;
    const name = `brief ${random.below(BRIEF_CHANNELS)}`;
    try {
      const brief = this.store.channel(name);
      brief.trySend(this.value());
      brief.trySend(this.value());
      const message = random.chance(0.3) ? brief.tryReceive() : undefined;
      if (message !== undefined) checkValue(message);
      brief.release();
    } catch (error) {
      if (!(error instanceof ClosedError && error.message.includes("was dropped"))) throw error;
    }
    if (random.chance(0.3)) this.store.dropChannel(name);
  }

  /** Tasks whose leases end soon, some of them never acknowledged. */
  private useQueue(): void {
    const { random, tasks } = this;
    if (random.chance(0.5)) tasks.trySend(this.value(), { delay: random.chance(0.2) ? 5 : 0 });
    const task = tasks.tryReceive();
    if (task !== undefined) {
      checkValue(task.value);
      if (random.chance(0.6)) task.ack();
      else if (random.chance(0.5)) task.nack();
    }
    if (random.below(20) === 0) tasks.clearDeadLetters();
  }

  private value(): Uint8Array {
    const { maxLength, largeLength } = this.plan;
    const most = largeLength !== undefined && this.random.chance(0.2) ? largeLength : maxLength;
    const value = this.bytes.subarray(0, this.random.between(HEADER, most));
    const number = this.agent * 1e6 + (++this.written % 1e6);
    value.writeDoubleLE(number, 0);
    value.fill(number % 251, HEADER);
    return value;
  }
}

/** @throws when the bytes are not those of one write */
export function checkValue(bytes: Uint8Array): void {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = value.length >= HEADER ? value.readDoubleLE(0) : Number.NaN;
  for (let i = HEADER; i < value.length || Number.isNaN(number); i++) {
    if (value[i] === number % 251) continue;
    throw new Error(
      `a value of ${value.length} bytes is not that of one write: byte ${i} does not belong to ${number}`,
    );
  }
}
