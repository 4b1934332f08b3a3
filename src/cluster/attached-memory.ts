/**
 * The memory in a thread that did not join: `peek` reads the node's copy in the shared store, at once; everything else is asked of the thread that
 * joined, by messages. A thread that ends, or a cluster thread that does, leaves nobody waiting for ever.
 */
import { randomUUID } from "node:crypto";
import { BroadcastChannel } from "node:worker_threads";
import { describe } from "../check.js";
import { ClosedError, InvalidArgumentError } from "../errors.js";
import { identityOf, type Store } from "../store/index.js";
import { durationIn } from "../units.js";
import { AttachedDomain } from "./attached-domain.js";
import { UnavailableError } from "./errors.js";
import type { Invalidated, InvalidateOptions } from "./invalidation.js";
import type { Scope } from "./invalidation-message.js";
import { localName } from "./local-tier.js";
import {
  type Answer,
  type Asked,
  type Asking,
  asError,
  HANDLE_VERSION,
  LOADING_MS,
  type MemoryHandle,
  type Method,
  type Question,
  toldError,
} from "./thread-messages.js";

/** More than what the domain's own deadlines allow for: usually they say first why it takes so long. */
const ANSWER_MS = 10_000;

interface Waiting {
  settle(answer: Answer): void;
  /** Undefined where no load can be asked for. */
  readonly load: (() => void) | undefined;
}

/** By a loader: it may be anything, also nothing. */
interface Thrown {
  readonly error: unknown;
}

/** Asks, in any other thread. */
export class AttachedMemory {
  private readonly name = `engram-cluster-${randomUUID()}`;
  private readonly questions: BroadcastChannel;
  private readonly answers: BroadcastChannel;
  private readonly waiting = new Map<number, Waiting>();
  private serial = 0;
  private closed = false;

  private constructor(
    private readonly store: Store,
    private readonly handle: MemoryHandle,
  ) {
    this.questions = new BroadcastChannel(handle.channel);
    this.questions.unref();
    this.answers = new BroadcastChannel(this.name);
    this.answers.onmessage = (event: unknown) => {
      const answer = (event as { data: Answer }).data;
      const waiting = this.waiting.get(answer.number);
      if (answer.load === true) waiting?.load?.();
      else waiting?.settle(answer);
    };
    this.answers.unref();
  }

  /** @internal Use `DistributedMemory.attach()`. */
  static attach(store: Store, handle: unknown): AttachedMemory {
    const { engramCluster, storeId, channel, domains } = (handle ?? {}) as Partial<MemoryHandle>;
    if (engramCluster !== HANDLE_VERSION || typeof channel !== "string" || !(domains instanceof Map)) {
      throw new InvalidArgumentError(
        `DistributedMemory.attach: ${describe(handle)} is no handle of a memory (memory.handle)`,
      );
    }
    if (identityOf(store).storeId !== storeId) {
      throw new InvalidArgumentError("DistributedMemory.attach: the handle is of another store than the one given");
    }
    return new AttachedMemory(store, handle as MemoryHandle);
  }

  /** One of its domains. @throws InvalidArgumentError when there is none of the name */
  domain<V = unknown>(name: string): AttachedDomain<V> {
    if (this.closed) throw closed();
    const near = this.handle.domains.get(name);
    if (near === undefined) {
      throw new InvalidArgumentError(
        `there is no domain ${describe(name)}; the node has joined with ${[...this.handle.domains.keys()].join(", ")}`,
      );
    }
    const options = { encoding: "binary", near: near === 0 ? undefined : near } as const;
    const asking: Asking = {
      ask: (method, args, waitMs, load) => this.ask(name, method, args, waitMs, load),
      waitMs: waitFor,
    };
    return new AttachedDomain<V>(this.store.namespace(localName(name), options), near, asking);
  }

  /** As the memory's own, asked of the thread that joined. */
  invalidate(domain: string, scope: Scope, options?: InvalidateOptions): Promise<Invalidated> {
    const { answer } = this.ask(domain, "invalidate", [scope, options], waitFor(options?.timeout));
    return answer as Promise<Invalidated>;
  }

  /** Whoever waits gets ClosedError. */
  close(): void {
    this.closed = true;
    for (const [number, { settle }] of this.waiting) settle({ number, error: toldError(closed()) });
    this.questions.close();
    this.answers.close();
  }

  private ask(
    domain: string,
    method: Method,
    args: readonly unknown[],
    waitMs: number,
    load?: () => Promise<unknown>,
  ): Asked {
    const number = ++this.serial;
    if (this.closed) return { number, answer: Promise.reject(closed()) };
    const answer = new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout;
      let thrown: Thrown | undefined;
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(number);
      };
      // the thread stays alive for as long as it waits, and no longer
      const wait = (): void => {
        timer = setTimeout(() => {
          end();
          const message = `the thread that joined has not answered within ${waitMs} ms: it is busy, or gone; a write that was asked of it may still happen`;
          reject(new UnavailableError(message));
        }, waitMs);
      };
      wait();
      this.waiting.set(number, {
        settle: ({ value, error }) => {
          end();
          if (error === undefined) resolve(value);
          else reject(thrown === undefined ? asError(error) : thrown.error); // what its own loader threw, as it was thrown
        },
        load:
          load &&
          (() => {
            clearTimeout(timer); // a load takes as long as it takes
            void this.load(domain, number, load).then((failed) => {
              thrown = failed;
              if (this.waiting.has(number)) wait();
            });
          }),
      });
      try {
        this.post({ from: this.name, number, domain, method, args });
      } catch (cause) {
        end();
        reject(new InvalidArgumentError("a value that cannot be sent to another thread", { cause }));
      }
    });
    return { number, answer };
  }

  /** Loads, and says now and then that it still does. What was thrown. */
  private async load(domain: string, number: number, load: () => Promise<unknown>): Promise<Thrown | undefined> {
    const tell = (method: "loading" | "loaded", ...more: unknown[]): void => {
      if (!this.closed) this.post({ from: this.name, number: 0, domain, method, args: [number, ...more] });
    };
    const signs = setInterval(() => tell("loading"), LOADING_MS);
    try {
      tell("loaded", { value: await load() });
      return undefined;
    } catch (error) {
      tell("loaded", { error: toldError(error) });
      return { error };
    } finally {
      clearInterval(signs);
    }
  }

  private post(question: Question): void {
    this.questions.postMessage(question);
  }
}

function waitFor(timeout: unknown): number {
  const given = durationIn(timeout);
  return ANSWER_MS + (typeof given === "number" && given > 0 ? 2 * given : 0);
}

function closed(): ClosedError {
  return new ClosedError("the distributed memory is closed in this thread; attach to it again");
}
