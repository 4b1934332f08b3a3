/**
 * Who is loading a value that was not there, over all threads: one flight a key.
 *
 * A flight is an entry of the store's own id, `flight:<namespace>:<key>`, made if absent, so that of all who miss one takes off. It says whose it
 * is (claim.ts) and until when others leave it alone. Whoever took off looks for the value once more before loading: the one before may
 * have landed between the miss and the claim. The value is written before the flight's entry is removed, so whoever finds no flight finds
 * the value, or nobody has loaded it.
 *
 * A flight ends in one of four ways, and none leaves the others waiting for good:
 *   it lands            its entry is removed, by address and version: never another's that was made since
 *   its thread closes   the same, for all flights of the thread, before its slot is given back
 *   its thread died     the claim has ended once the slot is reaped; the next who wants the key swaps its own claim in, by version, so that
 *                       one of them does. Whoever reaps removes what nobody asks for any more
 *   it takes too long   (the lease: a loader that hangs, a thread that died and that nobody watches, a process that stood still) the same
 *                       swap. The thread itself gives its loader up at the same time; should it write all the same, it is only where nobody has (ifAbsent)
 */
import { createHash } from "node:crypto";
import { layout, result } from "../core/index.js";
import { OutOfMemoryError } from "../errors.js";
import { claimOf, isLiving } from "./claim.js";
import { ownEntries } from "./listing.js";
import { SYSTEM_KEYS } from "./system-keys.js";
import type { WorkerConnection } from "./worker.js";

const PREFIX = Buffer.from(SYSTEM_KEYS.flight);
/** Claim, and when the lease ends, in ms since the store was made. */
const CLAIM = 0;
const LEASE = 8;
const FLIGHT_SIZE = 16;

/** The entry of a flight that is this thread's. */
export interface OwnFlight {
  readonly key: Uint8Array;
  readonly entry: number;
  readonly version: number;
}

const flights = new WeakMap<WorkerConnection, Set<OwnFlight>>();

/** What a flight is known by. @param made which namespace of its name it is in */
export function flightKey(made: number, key: Uint8Array): Uint8Array {
  const whole = Buffer.concat([PREFIX, Buffer.from(`${made}:`), key]);
  if (whole.length <= layout.KEY_MAX) return whole;
  return Buffer.concat([PREFIX, createHash("sha256").update(whole).digest()]); // of the longest keys
}

/**
 * Takes off, unless another flight of the key is under way.
 *
 * @param lease ms until others may take over
 * @returns null when there is one
 * @throws OutOfMemoryError
 */
export function beginFlight(worker: WorkerConnection, key: Uint8Array, lease: number): OwnFlight | null {
  const { engine, values, out } = worker;
  let mode: number = layout.MODE_IF_ABSENT;
  if (engine.getSystem(worker.putKey(key)) === FLIGHT_SIZE) {
    const claim = values.readInt32LE(CLAIM);
    const expected = { entry: out[result.ENTRY], version: out[result.VERSION] };
    if (isLiving(worker.header, claim) && values.readDoubleLE(LEASE) > worker.elapsed()) return null;
    mode = layout.MODE_IF_VERSION;
    return swapIn(worker, key, lease, mode, expected.entry, expected.version);
  }
  return swapIn(worker, key, lease, mode, 0, 0);
}

function swapIn(
  worker: WorkerConnection,
  key: Uint8Array,
  lease: number,
  mode: number,
  entry: number,
  version: number,
): OwnFlight | null {
  const { engine, values, out } = worker;
  for (;;) {
    const length = worker.putKey(key);
    values.writeInt32LE(claimOf(worker.header, worker.slotNumber), CLAIM);
    values.writeInt32LE(0, CLAIM + 4);
    values.writeDoubleLE(worker.elapsed() + lease, LEASE);
    const status = engine.setSystem(length, FLIGHT_SIZE, mode, entry, version);
    if (status === layout.OK) {
      const flight = { key, entry: out[result.ENTRY], version: out[result.VERSION] };
      const own = flights.get(worker) ?? new Set();
      flights.set(worker, own.add(flight));
      return flight;
    }
    if (status !== layout.NO_MEMORY) return null; // another was faster
    if (worker.sweepDead() === 0) throw new OutOfMemoryError("no memory is left to note who loads a value");
  }
}

/** The flight has landed, or failed. */
export function land(worker: WorkerConnection, flight: OwnFlight): void {
  if (!flights.get(worker)?.delete(flight) || worker.closed) return;
  worker.engine.removeSystemIf(worker.putKey(flight.key), flight.entry, flight.version);
}

/** This thread is about to close the store: nobody is to wait for what it loads. */
export function landAll(worker: WorkerConnection): void {
  for (const flight of flights.get(worker) ?? []) land(worker, flight);
}

/** Removes the flights of threads that have died. For whoever has taken their slots back. */
export function removeDeadFlights(worker: WorkerConnection): void {
  for (const [entry, version] of ownEntries(worker, layout.SYSTEM_ID)) {
    const lengths = worker.engine.readListed(entry, version) >>> 0;
    const length = lengths >>> 16;
    if (lengths === 0 || (lengths & 0xffff) !== FLIGHT_SIZE || length <= PREFIX.length) continue;
    const key = worker.keyCopy(length);
    if (PREFIX.compare(key, 0, PREFIX.length) !== 0) continue;
    if (isLiving(worker.header, worker.values.readInt32LE(CLAIM))) continue;
    worker.engine.removeSystemIf(worker.putKey(key), entry, version);
  }
}
