/** Who works for a sweep, as their messages tell: what is to be said of it, and how long there has been nobody. */
import type { Hello } from "./messages.js";

interface Member {
  readonly hello: Hello;
  readonly heardMs: number;
}

/** Nothing heard for so long: the worker is gone, or stopped. They say something every second. */
export const SILENT_MS = 6000;

export class Roll {
  readonly #members = new Map<string, Member>();
  #nobodySinceMs: number;

  constructor(nowMs: number) {
    this.#nobodySinceMs = nowMs;
  }

  /** Workers that take jobs. */
  get working(): number {
    let working = 0;
    for (const { hello } of this.#members.values()) if (hello.refuses === undefined) working++;
    return working;
  }

  /** How long nobody has taken jobs, ms; 0: somebody does. */
  nobodyMs(nowMs: number): number {
    return this.working > 0 ? 0 : nowMs - this.#nobodySinceMs;
  }

  /** @returns what is new about the worker; null: nothing */
  hear(hello: Hello, nowMs: number): string | null {
    const { worker, threads, refuses, leaving } = hello;
    const known = this.#members.get(worker);
    if (leaving) {
      this.#forget(worker, nowMs);
      return known === undefined ? null : `worker ${worker} has left`;
    }
    this.#members.set(worker, { hello, heardMs: nowMs });
    if (known !== undefined && known.hello.refuses === refuses) return null;
    if (this.working === 0) this.#nobodySinceMs = nowMs;
    if (refuses !== undefined) return `worker ${worker} takes no job: ${refuses}`;
    return `worker ${worker} takes part, ${threads} ${threads === 1 ? "job" : "jobs"} at a time`;
  }

  /** @returns the names of those of whom nothing has been heard for too long; they are forgotten */
  silent(nowMs: number): string[] {
    const names = [...this.#members].filter(([, { heardMs }]) => nowMs - heardMs > SILENT_MS).map(([name]) => name);
    for (const name of names) this.#forget(name, nowMs);
    return names;
  }

  /** After a time in which nobody could be heard: all of them are given time anew. */
  restart(nowMs: number): void {
    for (const [name, { hello }] of this.#members) this.#members.set(name, { hello, heardMs: nowMs });
  }

  #forget(name: string, nowMs: number): void {
    const before = this.working;
    this.#members.delete(name);
    if (before > 0 && this.working === 0) this.#nobodySinceMs = nowMs;
  }
}
