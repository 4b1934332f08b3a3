/**
 * What stands after a sequence number, read from the stream itself: a few by asking its leader for one after the other, more through a
 * consumer that is made for this once. A consumer that lives is of no use: when the server that holds it dies, it falls silent for a
 * minute or for ever, and does not say so.
 */
import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/transport-node";
import { EngineUnknown, type LogKey, type ReadSince } from "../engine.js";
import type { Connection } from "./connection.js";
import type { Subjects } from "./subjects.js";

export interface Standing {
  readonly seq: number;
  readonly key: LogKey;
  readonly entry: Uint8Array;
}

export interface CaughtUp extends ReadSince {
  readonly standing: readonly Standing[];
}

/** Up to so many are asked for one by one: a consumer costs as much as that. */
const FEW = 16;
/** Of one pull. A server gives up on a client that has 64 MiB coming. */
const [PULL_MESSAGES, PULL_BYTES] = [2000, 16 << 20];
/** Nanoseconds of a millisecond. */
const NANOSECONDS = 1_000_000;
const API = "$JS.API";
/**
 * How long until the next pull after one that brought nothing, of a consumer that has something; after as many in a row the whole fails. Of
 * several servers the one that was asked may not have heard yet where the new consumer listens, and says that nobody does; and a pull's time
 * may be over before a busy server begins.
 */
const EMPTY_PAUSES_MS = [5, 20, 80, 320];
/** A consumer whose reader died is forgotten by the server. */
const FORGOTTEN_MS = 5000;

export async function catchUp(connection: Connection, subjects: Subjects, after: number): Promise<CaughtUp> {
  const { jsm } = connection;
  const { state, cluster } = await jsm.streams.info(subjects.stream);
  const last = state.last_seq;
  // After a change of leader it may be smaller than what was seen before.
  if (last <= after) return { last: after, end: after, standing: [] };
  const standing = last - after > FEW && state.messages > FEW ? await pullAll(connection, subjects, after, last) : [];
  // The consumer's server may be behind the stream's leader: what it has not, the leader has.
  let seen = standing.at(-1)?.seq ?? after;
  while (seen < last) {
    const next = await nextAfter(connection, subjects, seen);
    if (next === null) break;
    seen = next.seq;
    if (next.key !== null) standing.push({ ...next, key: next.key });
  }
  const to = Math.max(seen, last);
  if (standing.length === to - after) return { last: to, end: to, standing };
  // That nothing stands where nothing came is true if the leader that says so is the one that had written `last`.
  const again = await jsm.streams.info(subjects.stream);
  if (again.cluster?.leader !== cluster?.leader || again.state.last_seq < to) {
    throw new EngineUnknown("the stream's leader changed while it was read");
  }
  return { last: to, end: again.state.last_seq, standing };
}

async function nextAfter(
  { jsm }: Connection,
  subjects: Subjects,
  seq: number,
): Promise<{ seq: number; key: LogKey | null; entry: Uint8Array } | null> {
  // The client's types know the two other ways to ask; it passes this one on all the same.
  const query = { seq: seq + 1, next_by_subj: subjects.all } as { seq: number };
  const message = await jsm.streams.getMessage(subjects.stream, query);
  return message && { seq: message.seq, key: subjects.keyOf(message.subject), entry: message.data };
}

async function pullAll(connection: Connection, subjects: Subjects, after: number, to: number): Promise<Standing[]> {
  const { jsm } = connection;
  const consumer = await jsm.consumers.add(subjects.stream, {
    ack_policy: "none",
    deliver_policy: "by_start_sequence",
    opt_start_seq: after + 1,
    inactive_threshold: FORGOTTEN_MS * NANOSECONDS,
    mem_storage: true,
    num_replicas: 1,
  });
  try {
    return await new Pulling(connection, subjects, consumer, to).all();
  } finally {
    if (connection.up) jsm.consumers.delete(subjects.stream, consumer.name).catch(() => {});
  }
}

/** Pulls from a consumer until it has nothing more up to a number, each pull with a deadline; what is missing in between fails the whole. */
class Pulling {
  readonly #standing: Standing[] = [];
  readonly #connection: Connection;
  readonly #subjects: Subjects;
  readonly #pull: string;
  readonly #to: number;
  readonly #inbox: string;
  #pending: number;
  #delivered = 0;
  #pulls = 0;
  /** Of the pull under way: what is still to come. */
  #left = 0;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(connection: Connection, subjects: Subjects, { name, num_pending }: ConsumerInfo, to: number) {
    this.#connection = connection;
    this.#subjects = subjects;
    this.#pending = num_pending;
    this.#to = to;
    this.#inbox = connection.inbox();
    this.#pull = `${API}.CONSUMER.MSG.NEXT.${subjects.stream}.${name}`;
  }

  async all(): Promise<Standing[]> {
    const { nc, clock } = this.#connection;
    const callback = (error: Error | null, message: Msg): void => this.#told(error, message);
    const subscription = nc.subscribe(`${this.#inbox}.*`, { callback });
    try {
      for (let empty = 0; this.#pending > 0; ) {
        const before = this.#delivered;
        await this.#once();
        if (this.#delivered > before) empty = 0;
        else if (empty === EMPTY_PAUSES_MS.length) throw new EngineUnknown("the servers had nothing to read");
        else await new Promise<void>((go) => void clock.after(EMPTY_PAUSES_MS[empty++], go));
      }
      return this.#standing;
    } finally {
      subscription.unsubscribe();
    }
  }

  /** An inbox of its own tells a pull's status from that of an earlier one. */
  get #reply(): string {
    return `${this.#inbox}.${this.#pulls}`;
  }

  async #once(): Promise<void> {
    const { nc, clock, timeoutMs } = this.#connection;
    this.#pulls++;
    this.#left = Math.min(PULL_MESSAGES, this.#pending);
    const answered = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const request = {
      batch: this.#left,
      max_bytes: PULL_BYTES,
      expires: timeoutMs * NANOSECONDS,
    };
    nc.publish(this.#pull, JSON.stringify(request), { reply: this.#reply });
    let arrived = -1;
    let cancel = (): void => {};
    // As long as something comes, it goes on.
    const look = (): void => {
      if (this.#delivered === arrived) this.#reject(new EngineUnknown("the servers stopped in the middle of reading"));
      else {
        arrived = this.#delivered;
        cancel = clock.after(2 * timeoutMs, look);
      }
    };
    look();
    try {
      await answered;
    } finally {
      cancel();
    }
  }

  #told(error: Error | null, message: Msg): void {
    const place = error ? null : placeOf(message.reply);
    if (error) this.#reject(error);
    // A pull that ends early says why: its time is over, or its bytes are used up.
    else if (place === null) {
      if (message.subject === this.#reply) this.#resolve();
    } else if (place.delivered !== ++this.#delivered) {
      this.#reject(new EngineUnknown("a part of what was read was lost on its way"));
    } else this.#take(place, message);
  }

  #take({ seq, pending }: Place, message: Msg): void {
    const key = this.#subjects.keyOf(message.subject);
    // Copied: the client's message is a piece of a larger buffer.
    if (key !== null) this.#standing.push({ seq, key, entry: new Uint8Array(message.data) });
    // What was written since is told by itself.
    this.#pending = seq >= this.#to ? 0 : pending;
    this.#left--;
    if (this.#pending === 0 || this.#left === 0) this.#resolve();
  }
}

interface Place {
  readonly seq: number;
  readonly delivered: number;
  readonly pending: number;
}

/** `$JS.ACK.STREAM.CONSUMER.TIMES.SEQ.DELIVERED.TIME.PENDING`; newer servers put two tokens before the stream, and may put more at the end. */
function placeOf(reply: string | undefined): Place | null {
  const tokens = reply?.split(".") ?? [];
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || tokens.length < 9) return null;
  const first = tokens.length === 9 ? 4 : 6;
  const [, seq, delivered, , pending] = tokens.slice(first).map(Number);
  return { seq, delivered, pending };
}
