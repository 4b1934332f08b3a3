/** Uses of the pool's blocks, judged: none is two threads' at once, none is lost, and who is told that all are out was told so at a moment when they were. */
import { layout as L } from "../../src/core/index.js";
import type { Thread } from "./thread.js";
import * as T from "./tiny-layout.js";

const NONE = -1;

interface Use {
  readonly thread: number;
  readonly began: number;
  /** NONE while nobody knows: its thread is in the middle of taking, or died there. */
  index: number;
  /** When the taker had its answer. */
  had: number;
  /** When it began to give it back, and when it had. */
  leaving: number;
  ended: number;
  /** It was answered that all are out. */
  refused: boolean;
  reaped: boolean;
}

export class BlockHistory {
  private readonly uses: Use[] = [];

  constructor(private readonly words: Uint32Array) {}

  reset(): void {
    this.uses.length = 0;
  }

  take(thread: Thread, now: number): "agents" {
    const { hands, number } = thread;
    hands.use = this.uses.length;
    const never = Number.POSITIVE_INFINITY;
    this.uses.push({
      thread: number,
      began: now,
      index: NONE,
      had: never,
      leaving: never,
      ended: never,
      refused: false,
      reaped: false,
    });
    return hands.call("takeBlock", T.BLOCKS, hands.claim);
  }

  /** @returns what is wrong with it */
  taken(thread: Thread, index: number, now: number): string | null {
    const { hands, number } = thread;
    const use = this.uses[hands.use];
    if (index < 0) {
      use.refused = true;
      use.ended = now;
      return null;
    }
    const other = this.uses.find(
      (one) => one.index === index && one.leaving === Number.POSITIVE_INFINITY && !one.reaped && !one.refused,
    );
    if (other !== undefined) return `block ${index} is thread ${other.thread}'s and thread ${number}'s at once`;
    use.index = index;
    use.had = now;
    hands.blocks.push(hands.use);
    this.words[this.dataOf(index)] = this.markOf(hands.use);
    hands.call("chargeBlock", T.BLOCKS, index, number + 1);
    return null;
  }

  /** Of the one taken last; null when there is none. */
  give({ hands, number }: Thread, now: number): { readonly fault: string | null } | null {
    const at = hands.blocks.pop();
    if (at === undefined) return null;
    const use = this.uses[at];
    hands.use = at;
    use.leaving = now;
    hands.call("giveBlock", T.BLOCKS, use.index, hands.claim);
    if (this.words[this.dataOf(use.index)] !== this.markOf(at)) {
      return { fault: `what thread ${number} wrote into block ${use.index} changed under it` };
    }
    const charged = this.words[(this.word(L.B_CHARGED) >> 2) + use.index];
    if (charged === number + 1) return { fault: null };
    return { fault: `block ${use.index} of thread ${number} was charged to it, and is charged to ${charged}` };
  }

  given({ hands, number }: Thread, given: boolean, now: number): string | null {
    const use = this.uses[hands.use];
    use.ended = now;
    return given ? null : `thread ${number} could not give block ${use.index} back, which is its own`;
  }

  /** From now on what the dead thread had may be another's. */
  reaping(victim: number): void {
    for (const use of this.uses) if (use.thread === victim) use.reaped = true;
  }

  /** What is wrong with it all in the end, every thread at rest or reaped. */
  fault(threads: readonly Thread[], deaths: number): string | null {
    const owners = this.word(L.B_OWNERS) >> 2;
    const charges = this.word(L.B_CHARGED) >> 2;
    let out = 0;
    for (let index = 0; index < T.BLOCK_COUNT; index++) {
      const use = this.uses.find((one) => one.index === index && isOpen(one) && !threads[one.thread].killed);
      const owner = this.words[owners + index];
      if (owner !== 0) out++;
      if (use === undefined && owner !== 0) return `block ${index} is lost: its word says ${owner}, and nobody has it`;
      if (use === undefined && this.words[charges + index] !== 0) return `block ${index} is free, and charged`;
      if (use !== undefined && owner !== threads[use.thread].hands.claim)
        return `block ${index} is thread ${use.thread}'s, and its word says ${owner}`;
    }
    const counted = this.word(L.B_OUT) | 0;
    if (counted < out || counted > out + deaths)
      return `${out} blocks are out, and ${counted} are counted after ${deaths} deaths`;
    return this.peakFault(deaths) ?? this.refusalFault();
  }

  private peakFault(deaths: number): string | null {
    const peak = this.word(L.B_PEAK);
    let surely = 0;
    let perhaps = 0;
    for (const { began, had } of this.uses) {
      const holding = this.uses.filter((one) => one.had <= had && one.leaving > had && !one.reaped);
      if (had < Number.POSITIVE_INFINITY) surely = Math.max(surely, holding.length);
      perhaps = Math.max(perhaps, this.uses.filter((one) => one.began <= began && one.ended >= began).length);
    }
    if (peak >= Math.min(surely, T.BLOCK_COUNT) && peak <= perhaps + deaths) return null;
    return `the peak is told as ${peak}; it was ${surely} to ${perhaps}, with ${deaths} deaths`;
  }

  /** Whoever was refused: at some moment of it none can have been free. */
  private refusalFault(): string | null {
    for (const { thread, began, ended, refused } of this.uses) {
      if (!refused) continue;
      const moments = [began, ...this.uses.map((use) => use.began).filter((time) => time > began && time < ended)];
      if (!moments.some((time) => this.mayAllBeOut(time))) {
        return `thread ${thread} was told that all blocks are out, and at each moment of it one was free`;
      }
    }
    return null;
  }

  private mayAllBeOut(time: number): boolean {
    const out = this.uses.filter((use) => !use.refused && use.began <= time && use.ended >= time);
    const known = new Set(out.map(({ index }) => index));
    const unknown = out.filter(({ index }) => index === NONE).length;
    return known.size - (unknown > 0 ? 1 : 0) + unknown >= T.BLOCK_COUNT;
  }

  private word(offset: number): number {
    return this.words[(T.BLOCKS + offset) >> 2];
  }

  private dataOf(index: number): number {
    return (this.word(L.B_DATA) + index * this.word(L.B_SIZE)) >> 2;
  }

  private markOf(use: number): number {
    return 0x1000 + use;
  }
}

function isOpen({ had, leaving }: Use): boolean {
  return had < Number.POSITIVE_INFINITY && leaving === Number.POSITIVE_INFINITY;
}
