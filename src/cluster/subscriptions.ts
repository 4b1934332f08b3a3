/** Subscriptions to the changes of a domain: told after this node's copy has them, so that who is told of a change can read it here. */
import { describe, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { BUFFER, type Stream, type StreamOptions, Subscribers, type Told } from "./stream.js";

/** A change of a key, as this node has come to know it. */
export interface MemoryChange<V> extends Told {
  /** Which it is. */
  readonly key: string;
  /** Undefined: the key was deleted, or is no longer there. */
  readonly value: V | undefined;
  /** Number in the domain's log: of two changes of a key, the later one's is larger. */
  readonly version: number;
  /** Name of the node that wrote it. */
  readonly source: string;
}

/** Which changes are told, and how many may wait. */
export interface ChangesOptions extends StreamOptions {
  /** Only this key. Default: all of the domain. */
  readonly key?: string;
  /** Only keys that begin so. Default: all of the domain. */
  readonly prefix?: string;
}

const OPTIONS = new KnownOptions("changes", ["key", "prefix", "signal", "buffer"]);
const MOST_BUFFERED = 2 ** 20;

export class ChangeSubscriptions<V> {
  private readonly subscribers = new Subscribers<MemoryChange<V>>();

  /** @throws InvalidArgumentError */
  subscribe(options: ChangesOptions = {}): Stream<MemoryChange<V>> {
    const { key, prefix, signal, buffer } = OPTIONS.check(options);
    for (const [name, value] of Object.entries({ key, prefix })) {
      if (value === undefined || typeof value === "string") continue;
      throw new InvalidArgumentError(`option ${name} is ${describe(value)}; expected a text`);
    }
    if (key !== undefined && prefix !== undefined) {
      throw new InvalidArgumentError("changes takes a key or a prefix, and was given both");
    }
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new InvalidArgumentError(`option signal is ${describe(signal)}; expected an AbortSignal`);
    }
    const most = wholeNumber("option buffer", buffer, BUFFER, 1, MOST_BUFFERED);
    const concerns = (change: MemoryChange<V>) =>
      key === undefined ? change.key.startsWith(prefix ?? "") : change.key === key;
    return this.subscribers.subscribe(concerns, { signal, buffer: most });
  }

  /** @param change made only when somebody listens */
  tell(change: () => MemoryChange<V>): void {
    if (this.subscribers.count > 0) this.subscribers.tell(change());
  }

  close(): void {
    this.subscribers.close();
  }
}
