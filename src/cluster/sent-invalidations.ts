/** A node's own invalidations, numbered, the last ones kept: for those that missed some. */
import type { Stamp } from "./hlc.js";
import type { Scope } from "./invalidation-message.js";

/** One of them, and when it was asked for. */
export interface Sent {
  readonly at: Stamp;
  readonly scope: Scope;
}

/** Kept for those who ask again; whoever missed more forgets everything instead. */
const KEPT = 4096;
/** Sent again at once; whoever misses more asks again. */
const AT_ONCE = 256;

export class SentInvalidations {
  /** Of the last one; 0 before the first. */
  serial = 0;
  private readonly kept: Sent[] = [];

  constructor(private readonly most = KEPT) {}

  add(sent: Sent): number {
    this.kept.push(sent);
    if (this.kept.length > this.most) this.kept.shift();
    return ++this.serial;
  }

  /** Whether all after `serial` is still here. */
  has(serial: number): boolean {
    return serial >= this.forgotten;
  }

  /** Of the last one that is no longer here. */
  get forgotten(): number {
    return this.serial - this.kept.length;
  }

  /** What follows `serial`, in order, as much of it as is sent at once. */
  after(serial: number): (Sent & { readonly serial: number })[] {
    const first = Math.max(serial, this.forgotten);
    const from = first - this.forgotten;
    return this.kept.slice(from, from + AT_ONCE).map((sent, i) => ({ serial: first + 1 + i, ...sent }));
  }
}
