/** A connection in somebody's hands: given back once, whoever gives it back and how often. */
import { LeaseEndedError } from "../errors.js";
import type { Connection } from "./connection.js";

/** Who takes a connection back. */
export interface Lessor<C> {
  /** @param lease for whoever looks for forgotten ones */
  takeBack(connection: Connection<C>, lease: object, how: "fit" | "suspect" | "broken"): void;
}

/** `await using lease = await pool.acquire()`, or `release()`. */
export class Lease<C> {
  #lessor: Lessor<C>;
  #connection: Connection<C> | null;

  /** @internal */
  constructor(lessor: Lessor<C>, connection: Connection<C>) {
    this.#lessor = lessor;
    this.#connection = connection;
  }

  /** @throws LeaseEndedError once it was given back, or taken by force when the pool closed */
  get value(): C {
    const connection = this.#connection;
    if (connection === null || connection.state !== "in use") throw new LeaseEndedError("this lease");
    return connection.value;
  }

  /** Gives the connection back for the next. A second time, and after `discard`, nothing happens. */
  release(): void {
    this.#end("fit");
  }

  /** Gives it back to be closed: it is broken. */
  discard(): void {
    this.#end("broken");
  }

  /** @internal Gives it back after a use that threw: it is checked before the next has it. */
  releaseSuspect(): void {
    this.#end("suspect");
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  #end(how: "fit" | "suspect" | "broken"): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#lessor.takeBack(connection, this, how);
  }
}
