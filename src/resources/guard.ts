/** Anything with an end, ended once: by its scope, by hand, or handed on. */
import { callback, KnownOptions } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { LeaseEndedError } from "./errors.js";
import { callSite, LeakTrace } from "./leaks.js";
import { GUARD } from "./settings.js";

/** What a guard is called, and whether it is looked for when it is forgotten. */
export interface GuardOptions {
  /** What warnings and errors call it. Default "a guarded resource". */
  label?: string;
  /**
   * "trace": one that is forgotten is told of in a process warning, with the call that guarded it. It is not ended: its value is gone. Default
   * "off".
   */
  leaks?: "trace" | "off";
}

const OPTIONS = new KnownOptions("guard", ["label", "leaks"]);
/** Made by the first guard that asks for it. */
let forgotten: LeakTrace<null> | null = null;

/** `await using file = guard(await open(path), (f) => f.close())`. */
export class Guard<T> {
  readonly #label: string;
  readonly #trace: LeakTrace<null> | null;
  #held: { readonly value: T; readonly end: (value: T) => unknown } | null;
  #ended: Promise<void> | null = null;

  /** @internal */
  constructor(value: T, end: (value: T) => unknown, label: string, trace: LeakTrace<null> | null) {
    this.#held = { value, end };
    this.#label = label;
    this.#trace = trace;
  }

  /** @throws LeaseEndedError once it has ended or was handed on */
  get value(): T {
    if (this.#held === null) throw new LeaseEndedError(this.#label);
    return this.#held.value;
  }

  /** Ends it. Again: the same answer, and nothing is ended twice. @throws what ending it throws */
  end(): Promise<void> {
    this.#ended ??= this.#endOnce();
    return this.#ended;
  }

  /** The value, whose end is the caller's from now on. @throws LeaseEndedError */
  release(): T {
    const { value } = this;
    this.#held = null;
    this.#ended = Promise.resolve();
    this.#trace?.unwatch(this);
    return value;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  async #endOnce(): Promise<void> {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#trace?.unwatch(this);
    await held.end(held.value);
  }
}

/**
 * Guards a resource: what `end` does happens once, however it comes to it.
 *
 * @throws InvalidArgumentError
 */
export function guard<T>(value: T, end: (value: T) => unknown, options: GuardOptions = {}): Guard<T> {
  const { label = "a guarded resource", leaks } = OPTIONS.check(options);
  if (callback("end", end) === undefined) throw new InvalidArgumentError("end is undefined; expected a function");
  if (GUARD.leaks.check("option leaks", leaks) === "off") return new Guard(value, end, label, null);
  forgotten ??= new LeakTrace<null>();
  const guarded = new Guard(value, end, label, forgotten);
  forgotten.watch(guarded, null, label, callSite(guard));
  return guarded;
}
