/**
 * Answers the other threads of the process, in the one that joined. Loaders and subscriptions are theirs: one that has ended says nothing of it, so
 * whoever gives no sign for long is taken for gone, and nobody waits for it.
 */
import { randomUUID } from "node:crypto";
import { BroadcastChannel } from "node:worker_threads";
import { identityOf, type Store } from "../store/index.js";
import type { Domain } from "./domain.js";
import { UnavailableError } from "./errors.js";
import type { Invalidated, InvalidateOptions } from "./invalidation.js";
import type { Scope } from "./invalidation-message.js";
import type { Stream } from "./stream.js";
import type { MemoryChange } from "./subscriptions.js";
import { systemClock } from "./system-clock.js";
import {
  type Answer,
  asError,
  HANDLE_VERSION,
  LOADING_MS,
  type Loaded,
  type MemoryHandle,
  POLL_MS,
  type Question,
  toldError,
} from "./thread-messages.js";

/** What it answers from. */
export interface Served {
  domain(name: string): Domain;
  invalidate(domain: string, scope: Scope, options?: InvalidateOptions): Promise<Invalidated>;
}

interface Loading {
  heard(): void;
  settle(loaded: Loaded): void;
}

interface Following {
  readonly stream: Stream<MemoryChange<unknown>>;
  /** Asked of the stream, and not told yet. */
  pending: Promise<IteratorResult<MemoryChange<unknown>>> | null;
  cancel: () => void;
}

/** A thread that loads and gives no sign for so long is gone; one that has no turn meanwhile loads twice at worst. */
const LOADER_SILENT_MS = 15 * LOADING_MS;
const FOLLOWER_SILENT_MS = 12 * POLL_MS;
/** Open to threads that have asked: which of them have ended is not told. One that was closed is opened again. */
const MOST_CHANNELS = 1024;
/** Changes told at a time. */
const MOST_CHANGES = 256;

export class MemoryServer {
  readonly handle: MemoryHandle;
  private readonly questions: BroadcastChannel;
  private readonly answers = new Map<string, BroadcastChannel>();
  private readonly loading = new Map<string, Loading>();
  private readonly following = new Map<string, Following>();

  /** @param near by domain, how many values a thread keeps decoded */
  constructor(
    store: Store,
    near: ReadonlyMap<string, number>,
    private readonly served: Served,
  ) {
    const channel = `engram-cluster-${randomUUID()}`;
    this.handle = { engramCluster: HANDLE_VERSION, storeId: identityOf(store).storeId, channel, domains: near };
    this.questions = new BroadcastChannel(channel);
    this.questions.onmessage = (event: unknown) => void this.answer((event as { data: Question }).data);
    this.questions.unref();
  }

  close(): void {
    for (const id of [...this.following.keys()]) this.unfollow(id);
    this.questions.close();
    for (const channel of this.answers.values()) channel.close();
  }

  private async answer(question: Question): Promise<void> {
    const { from, number } = question;
    try {
      this.tell(from, { number, value: await this.outcomeOf(question) });
    } catch (error) {
      this.tell(from, { number, error: toldError(error) });
    }
  }

  private async outcomeOf({ from, number, domain, method, args }: Question): Promise<unknown> {
    const of = `${from} ${args[0]}`;
    switch (method) {
      case "invalidate":
        return this.served.invalidate(domain, args[0] as Scope, args[1] as InvalidateOptions | undefined);
      case "getOrLoad":
        return this.served
          .domain(domain)
          .getOrLoad(args[0] as string, () => this.loadThere(from, number), args[1] as object);
      case "loading":
        return this.loading.get(of)?.heard();
      case "loaded":
        return this.loading.get(of)?.settle(args[1] as Loaded);
      case "changes":
        return this.follow(`${from} ${number}`, this.served.domain(domain).changes(args[0] as object));
      case "next":
        return this.changesOf(of);
      case "end":
        return this.unfollow(of);
      default: {
        const asked = this.served.domain(domain) as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
        return asked[method](...args);
      }
    }
  }

  private tell(to: string, answer: Answer): void {
    let channel = this.answers.get(to);
    if (channel === undefined) {
      channel = new BroadcastChannel(to);
      channel.unref();
      const [oldest] = this.answers;
      if (oldest !== undefined && this.answers.size >= MOST_CHANNELS) {
        oldest[1].close();
        this.answers.delete(oldest[0]);
      }
    } else this.answers.delete(to);
    this.answers.set(to, channel); // as the latest
    channel.postMessage(answer);
  }

  // ---------------------------------------------------------------- loading

  private loadThere(from: string, number: number): Promise<unknown> {
    const id = `${from} ${number}`;
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const settle = (loaded: Loaded): void => {
        cancel();
        this.loading.delete(id);
        if ("error" in loaded) reject(asError(loaded.error));
        else resolve(loaded.value);
      };
      const heard = (): void => {
        cancel();
        cancel = systemClock.after(LOADER_SILENT_MS, () => {
          const gone = new UnavailableError(`the thread that loads has given no sign for ${LOADER_SILENT_MS} ms`);
          settle({ error: toldError(gone) });
        });
      };
      this.loading.set(id, { heard, settle });
      heard();
      this.tell(from, { number, load: true });
    });
  }

  // ---------------------------------------------------------------- changes

  private follow(id: string, stream: Stream<MemoryChange<unknown>>): void {
    this.following.set(id, { stream, pending: null, cancel: () => {} });
    this.expect(id);
  }

  /** Ended when it is asked for no more. */
  private expect(id: string): void {
    const one = this.following.get(id);
    if (one === undefined) return;
    one.cancel();
    one.cancel = systemClock.after(FOLLOWER_SILENT_MS, () => this.unfollow(id));
  }

  private unfollow(id: string): void {
    const one = this.following.get(id);
    this.following.delete(id);
    one?.cancel();
    void one?.stream.return?.();
  }

  /** Those that have come, waited for if there are none; null at the end. @throws UnavailableError when they were not asked for in time */
  private async changesOf(id: string): Promise<MemoryChange<unknown>[] | null> {
    const one = this.following.get(id);
    if (one === undefined) {
      throw new UnavailableError(
        `changes were not asked for in ${FOLLOWER_SILENT_MS / 1000} s and are not kept any more: begin anew, and read what they told of`,
      );
    }
    this.expect(id);
    const changes: MemoryChange<unknown>[] = [];
    while (changes.length < MOST_CHANGES) {
      one.pending ??= one.stream.next();
      const result = await within(one.pending, changes.length === 0 ? POLL_MS : 0);
      if (result === undefined) break;
      if (result.done) {
        // with the next question the end is told
        if (changes.length > 0) break;
        this.unfollow(id);
        return null;
      }
      one.pending = null;
      changes.push(result.value);
    }
    return changes;
  }
}

/** Undefined when it takes longer. */
function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.after(ms, () => resolve(undefined));
    promise.then((value) => {
      cancel();
      resolve(value);
    }, reject);
  });
}
