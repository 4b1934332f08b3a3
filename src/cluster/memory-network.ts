/** What lies between nodes and a log in one process: nothing, or what a seed makes of it. */
import type { Random } from "../random.js";

/** What lies between the nodes of one process, for tests. */
export interface MemoryNetwork {
  /** Milliseconds that a message is under way; 0: none, it comes after the work in hand. */
  delayMs(): number;
  /** Whether this message gets lost. */
  loses(): boolean;
  /** Whether the feed tells this one twice. */
  repeats(): boolean;
  /** Whether a node that cannot reach the log is told so at once, rather than not answered at all. */
  refuses(): boolean;
  /** Whether a majority can be reached from there. */
  reachesLog(node: string): boolean;
  /** Whether a message from one node comes to the other at all. */
  reaches(from: string, to: string): boolean;
}

export const CALM: MemoryNetwork = {
  delayMs: () => 0,
  loses: () => false,
  repeats: () => false,
  refuses: () => true,
  reachesLog: () => true,
  reaches: () => true,
};

export interface RoughOptions {
  /** Share of messages that are lost. */
  readonly loss: number;
  /** Share of messages that come long after they are waited for, by up to `lateMs`. */
  readonly late: number;
  readonly lateMs: number;
  /** One way, at most. */
  readonly delayMs: number;
}

/** A network whose faults a seed decides, and a program: who is apart, and whether the log has its majority. */
export class RoughNetwork implements MemoryNetwork {
  /** Nodes on the side without the log. */
  readonly apart = new Set<string>();
  logUp = true;

  constructor(
    private readonly random: Random,
    private options: RoughOptions,
  ) {}

  delayMs(): number {
    const { delayMs, late, lateMs } = this.options;
    const usual = 0.1 + this.random.unit() * delayMs;
    return this.random.unit() < late ? usual + this.random.unit() * lateMs : usual;
  }

  loses(): boolean {
    return this.random.unit() < this.options.loss;
  }

  repeats(): boolean {
    return this.random.unit() < this.options.loss;
  }

  refuses(): boolean {
    return this.random.unit() < 0.5;
  }

  reachesLog(node: string): boolean {
    return this.logUp && !this.apart.has(node);
  }

  reaches(from: string, to: string): boolean {
    return this.apart.has(from) === this.apart.has(to);
  }

  /** From now on nothing is lost or late, and nobody apart. */
  clear(): void {
    this.apart.clear();
    this.logUp = true;
    this.options = { ...this.options, loss: 0, late: 0 };
  }
}
