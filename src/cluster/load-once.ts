/**
 * One load of a value at a time: in this node by sharing the promise, in the cluster by a lease, a key of the log that one of those gets who ask for
 * it. Nobody's wall clock decides when a lease is over: it is, when whoever waits has seen the same version of it for as long as it was given.
 *
 * A lease is given back when the value is in the log, and whoever gets the next one looks again when its copy has come to that: so no message that got
 * lost makes a value load twice. A holder that dies does, and a lease that could not be renewed.
 *
 * Without the log everybody loads for himself: a value twice is better than none.
 */
import { type ClusterClock, type Engine, EngineConflict } from "./engine.js";
import { logKey } from "./keys.js";
import { WireReader, WireWriter } from "./wire.js";

/** How long a lease stands without being renewed, ms. */
const LEASE_MS = 3000;
const LOOK_MS = 100;
/** How long a node that closes waits for its leases to be given back; they run out by themselves. */
const CLOSE_MS = 500;

interface Lease {
  readonly holder: string;
  readonly forMs: number;
}

/** The copy in which a loaded value is put and looked for. */
export interface LoadedInto {
  /** Brings what was put for this key into the log. False when that took longer than `timeoutMs`. */
  flush(key: string, timeoutMs: number): Promise<boolean>;
  /** As soon as the copy has all that the log has up to this number. @throws EngineUnknown */
  reach(seq: number, timeoutMs: number): Promise<void>;
}

export class LoadOnce {
  /** Loads that ran here, and values that came from somebody else's while this node waited. */
  loads = 0;
  awaited = 0;
  private readonly flights = new Map<string, Promise<unknown>>();
  private readonly givingBack = new Set<Promise<unknown>>();
  private serial = 0;

  /** @param holder this life of this node, unlike any other */
  constructor(
    private readonly engine: Engine,
    private readonly clock: ClusterClock,
    private readonly holder: string,
    private readonly copy: LoadedInto,
  ) {}

  /**
   * @param look what there is, undefined while there is nothing
   * @param load what it is otherwise; it also puts it where `look` finds it
   */
  run<T>(key: string, look: () => T | undefined, load: () => Promise<T>): Promise<T> {
    const under = this.flights.get(key);
    if (under !== undefined) return under as Promise<T>;
    const flight = this.lead(key, look, load).finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight;
  }

  private async lead<T>(key: string, look: () => T | undefined, load: () => Promise<T>): Promise<T> {
    const name = logKey("lease", key);
    let seen = { seq: 0, sinceMs: 0 };
    for (;;) {
      const found = look();
      if (found !== undefined) {
        this.awaited++;
        return found;
      }
      let stands: { seq: number; entry: Uint8Array } | null;
      try {
        stands = await this.engine.read(name);
      } catch {
        return this.loadHere(load);
      }
      const lease = stands === null ? null : readLease(stands.entry);
      if (stands !== null && seen.seq !== stands.seq) seen = { seq: stands.seq, sinceMs: this.clock.elapsed() };
      const over = lease === null || this.clock.elapsed() - seen.sinceMs >= lease.forMs;
      if (over) {
        const seq = await this.take(name, stands?.seq ?? 0);
        if (seq === undefined) return this.loadHere(load);
        if (seq !== null) return this.loadWith(key, seq, look, load);
      }
      await new Promise<void>((resolve) => this.clock.after(LOOK_MS, resolve));
    }
  }

  /** The lease's number; null when somebody else was faster, undefined when the log does not answer. */
  private async take(name: string, expect: number): Promise<number | null | undefined> {
    const id = `${this.holder}.lease.${++this.serial}`;
    try {
      return (await this.engine.append(name, writeLease({ holder: this.holder, forMs: LEASE_MS }), { expect, id })).seq;
    } catch (error) {
      return error instanceof EngineConflict ? null : undefined;
    }
  }

  private async loadWith<T>(key: string, first: number, look: () => T | undefined, load: () => Promise<T>): Promise<T> {
    const name = logKey("lease", key);
    let held: number | null = first;
    let cancel = (): void => {};
    const renew = (): void => {
      cancel = this.clock.after(LEASE_MS / 3, async () => {
        if (held === null) return;
        const seq = await this.take(name, held);
        // given back meanwhile, under its last number: this one stands in its place
        if (held === null && typeof seq === "number") await this.engine.forget(name, seq).catch(() => {});
        if (held === null) return;
        if (typeof seq === "number") held = seq;
        renew();
      });
    };
    renew();
    let isLoaded = false;
    try {
      await this.copy.reach(first, LEASE_MS / 3).catch(() => {}); // it is loaded then
      const found = look();
      if (found !== undefined) {
        this.awaited++;
        return found;
      }
      const value = await this.loadHere(load);
      isLoaded = true;
      return value;
    } finally {
      const giveBack = async (): Promise<void> => {
        if (isLoaded) await this.copy.flush(key, LEASE_MS);
        cancel();
        const last = held;
        held = null;
        if (last !== null) await this.engine.forget(name, last).catch(() => {}); // else it runs out
      };
      // nobody waits here until others can have it
      const giving = giveBack().finally(() => this.givingBack.delete(giving));
      this.givingBack.add(giving);
    }
  }

  /** Leases that are on their way back are given back first, for a moment. */
  async close(): Promise<void> {
    if (this.givingBack.size === 0) return;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.clock.after(CLOSE_MS, resolve);
    });
    await Promise.race([Promise.all(this.givingBack), late]);
    cancel();
  }

  private loadHere<T>(load: () => Promise<T>): Promise<T> {
    this.loads++;
    return load();
  }
}

function writeLease({ holder, forMs }: Lease): Uint8Array {
  return new WireWriter().text(holder).number(forMs).done();
}

/** null for what is none: it can be taken. */
function readLease(bytes: Uint8Array): Lease | null {
  try {
    const reader = new WireReader(bytes);
    return { holder: reader.text(), forMs: reader.number() };
  } catch {
    return null;
  }
}
