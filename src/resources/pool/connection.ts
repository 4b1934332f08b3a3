/** A connection as its pool knows it. Kept small: there is one for each, used or not. */
export type ConnectionState = "idle" | "in use" | "checking" | "recycling" | "ending" | "ended";

export class Connection<C> {
  state: ConnectionState = "idle";
  /** Its last use threw: it is checked however short ago that was. */
  suspect = false;
  /** When it was last known to work: ms of performance.now(), whole, which V8 keeps without a box for the first 24 days. */
  at = 0;
  /** Where its record is, of whoever keeps records. */
  mark = -1;
  /** Neighbours in the order in which they were made. */
  older: Connection<C> | null = null;
  newer: Connection<C> | null = null;

  constructor(readonly value: C) {}
}

/** All connections of a pool by age: what closing goes through from the newest on. */
export class ByAge<C> {
  newest: Connection<C> | null = null;

  add(connection: Connection<C>): void {
    connection.older = this.newest;
    if (this.newest !== null) this.newest.newer = connection;
    this.newest = connection;
  }

  remove(connection: Connection<C>): void {
    const { older, newer } = connection;
    if (older !== null) older.newer = newer;
    if (newer === null) this.newest = older;
    else newer.older = older;
    connection.older = null;
    connection.newer = null;
  }
}
