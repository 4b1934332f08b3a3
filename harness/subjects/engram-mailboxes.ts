/** The agents' mailboxes as channels of the store. */
import type { Channel, Store } from "../../src/index.js";
import { type Mailboxes, MESSAGES_STARTED } from "./subject.js";

/** Messages one receive takes at most: what a worker that got behind may do at a stroke. */
const RECEIVED_AT_ONCE = 64;

export class EngramMailboxes {
  readonly #channels: ReadonlyArray<Channel | undefined>;
  readonly #next: Uint16Array;
  readonly #values: ReadonlyArray<Uint8Array | undefined>;
  /** Mailboxes whose agent has started its messages. */
  readonly #started = new Set<number>();

  /** @throws OutOfMemoryError when the store has no room for them */
  constructor(store: Store, mailboxes: Mailboxes, values: ReadonlyArray<Uint8Array | undefined>) {
    const channels: Array<Channel | undefined> = [];
    for (const mailbox of mailboxes.used) {
      channels[mailbox] = store.channel(`mailbox-${mailbox}`, { capacity: mailboxes.capacity });
    }
    this.#channels = channels;
    this.#next = mailboxes.next;
    this.#values = values;
  }

  send(mailbox: number, size: number): boolean {
    return this.#channel(mailbox).send(this.#values[size] as Uint8Array);
  }

  receive(mailbox: number): number {
    return this.#channel(mailbox).receiveMany(RECEIVED_AT_ONCE).length;
  }

  handOff(mailbox: number, size: number): number {
    const next = this.#channel(this.#next[mailbox]);
    if (!this.#started.has(mailbox)) {
      this.#started.add(mailbox);
      for (let i = 0; i < MESSAGES_STARTED; i++) next.send(this.#values[size] as Uint8Array);
      return 0;
    }
    const message = this.#channel(mailbox).receive();
    if (message === undefined) return 0;
    return next.send(message) ? 1 : -1;
  }

  #channel(mailbox: number): Channel {
    return this.#channels[mailbox] as Channel;
  }
}
