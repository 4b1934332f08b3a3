/** What happens beside a pass and may explain a dent in its series: backups, pressure, changes of policy. */
import type { SharedPart } from "../subjects/index.js";

/** How often the subject is asked what has changed, ms. */
const OBSERVE_MS = 50;

/** What happens beside a pass, by the time it began. */
export interface Happening {
  readonly kind: "backup" | "pressure" | "policy";
  /** Milliseconds since 1970, fractional. */
  readonly at: number;
  readonly label: string;
}

export class Happenings {
  readonly list: Happening[] = [];
  readonly #shared: SharedPart | null;
  #timer: NodeJS.Timeout | undefined;

  /** `shared`: whom to ask what has changed; null: no one. */
  constructor(shared: SharedPart | null) {
    this.#shared = shared;
  }

  start(): void {
    if (this.#shared?.observe === undefined) return;
    this.#timer = setInterval(() => this.#observe(), OBSERVE_MS);
  }

  /** `startedAt`: of `performance.now()` in this thread. */
  add(kind: Happening["kind"], startedAt: number, label: string): void {
    this.list.push({ kind, at: performance.timeOrigin + startedAt, label });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#observe();
  }

  #observe(): void {
    for (const { kind, label, at } of this.#shared?.observe?.() ?? []) {
      this.list.push({ kind, label, at: at ?? performance.timeOrigin + performance.now() });
    }
  }
}
