import { afterEach, expect } from "vitest";
import type { Header } from "#dist/src/core/index.js";
import { Store, type StoreOptions } from "#dist/src/index.js";

/** What the tests reach into: the engine and the clock of this thread's connection. Not part of the API. */
export interface Inside {
  engine: {
    setTick(tick: number): void;
    relinquish(): void;
    slotAddress(): number;
  };
  header: Header;
  slotNumber: number;
  elapsed(): number;
  tick(): void;
  createdMs: number;
  currentBuffer(): ArrayBufferLike;
}

export function inside(store: Store): Inside {
  return (store as unknown as { connection: { worker: Inside } }).connection.worker;
}

/** A clock in the test's hand: the store's time is `now` ms since its creation, and moves when told to. */
export class HandClock {
  now = 1000;
  private readonly worker: Inside;

  constructor(store: Store) {
    this.worker = inside(store);
    this.worker.elapsed = () => this.now;
    this.worker.tick();
  }

  advance(ms: number): void {
    this.now += ms;
    this.worker.tick();
  }
}

const open: Store[] = [];

/** A store that is verified and closed at the end of the test, whatever the test did. */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, ...options });
  open.push(store);
  return store;
}

afterEach(async () => {
  for (const store of open.splice(0)) {
    try {
      const { violations } = await store.verify();
      expect(violations).toEqual([]);
    } catch (error) {
      if ((error as { code?: string }).code !== "CLOSED") throw error;
    } finally {
      await store.close();
    }
  }
});

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Waits for a condition that another thread brings about, letting the event loop turn meanwhile. */
export async function until(condition: () => boolean, what: string, patience = 150_000): Promise<void> {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${patience} ms in vain for ${what}`);
    await new Promise<void>((turn) => setImmediate(turn));
  }
}
