/**
 * What two tasks of one thread must not change at once: a flag that holds across `await`. In JavaScript that is the hazard which the borrow
 * checker's cell is for; between threads there are owners (ownership.ts) and locks.
 */
import { BorrowError } from "../errors.js";
import { wantOptions } from "./arguments.js";

/** How borrows are noted. */
export interface CellOptions {
  /** Remember where each borrow was made, so that an error names both places. Dear: off unless asked for. */
  readonly trace?: boolean;
}

/** Holds one thing of an agent, and lends it to one writer or many readers of a thread at a time. */
export class AgentCell<T> {
  private value: T;
  /** Readers, or -1: one that changes it. */
  private borrows = 0;
  private readonly trace: boolean;
  private place: Error | null = null;

  constructor(value: T, options: CellOptions = {}) {
    const { trace = false } = wantOptions(options, "AgentCell");
    this.value = value;
    this.trace = trace;
  }

  /** Readers may be several. @throws BorrowError while somebody changes it */
  borrow<R>(read: (value: T) => R): R {
    return this.lend(1, () => read(this.value));
  }

  /** The one who changes it, until what is returned has settled. @throws BorrowError while anybody else has it */
  borrowMut<R>(change: (value: T) => R): R {
    return this.lend(-1, () => change(this.value));
  }

  /** Puts another value there; the one before. @throws BorrowError while anybody has it */
  replace(value: T): T {
    return this.lend(-1, () => {
      const before = this.value;
      this.value = value;
      return before;
    });
  }

  /** Whether somebody has it now. */
  get borrowed(): boolean {
    return this.borrows !== 0;
  }

  private lend<R>(by: 1 | -1, use: () => R): R {
    if (by === -1 ? this.borrows !== 0 : this.borrows < 0) throw this.refused(by);
    this.borrows += by;
    if (this.trace) this.place = new Error("borrowed here");
    let result: R;
    try {
      result = use();
    } catch (error) {
      this.end(by);
      throw error;
    }
    if (!isThenable(result)) {
      this.end(by);
      return result;
    }
    return Promise.resolve(result).finally(() => this.end(by)) as R;
  }

  private end(by: 1 | -1): void {
    this.borrows -= by;
    if (this.borrows === 0) this.place = null;
  }

  private refused(by: 1 | -1): BorrowError {
    const wanted = by === -1 ? "changed" : "read";
    const held = this.borrows < 0 ? "is being changed" : "is being read";
    const { place } = this;
    const told =
      place === null
        ? "make the cell with { trace: true } to see by whom"
        : `there:${lines(place)}\nand here:${lines(new Error())}`;
    return new BorrowError(`what a cell holds cannot be ${wanted} now: it ${held}; ${told}`, {
      cause: place ?? undefined,
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** The calls of a stack that are not the cell's own. */
function lines({ stack = "" }: Error): string {
  const calls = stack.split("\n").slice(1);
  const outside = calls.filter((line) => !line.includes("cell.js") && !line.includes("cell.ts"));
  return outside
    .slice(0, 2)
    .map((line) => `\n${line}`)
    .join("");
}
