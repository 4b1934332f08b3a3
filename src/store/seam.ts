/**
 * What the rooms above the store may do with one, beyond what programs may: backups, recordings, monitoring. They are functions over a
 * store, and this is the one place where they take hold of it; no prototype is touched for them, and an operation that nobody listens to
 * pays nothing (taps.ts).
 */
import type { Histogram } from "../metrics/index.js";
import { checkAgentId, type Permission, permissionBits } from "./access.js";
import { BackupNotes } from "./backup-notes.js";
import { claimOf, isLiving } from "./claim.js";
import { Loader } from "./loader.js";
import { usageOf } from "./namespace/limits.js";
import { type Tap, tapOperations } from "./namespace/taps.js";
import { OwnValue, type OwnValueKind } from "./own-value.js";
import type { Ending } from "./resources/endings.js";
import type { ClaimedResource } from "./resources/held.js";
import { SharedPermits } from "./resources/permits.js";
import { PooledRecords } from "./resources/pooled.js";
import type { SampledKind } from "./sampling/banks.js";
import { histogramsOf } from "./sampling/latencies.js";
import { connectionOf, type Store } from "./store.js";
import type { WorkerConnection } from "./worker.js";

/** Which store it is, and who in it this thread is. */
export interface Identity {
  /** The same for all views of the store in this thread. */
  readonly worker: object;
  readonly slotNumber: number;
  readonly storeId: number;
  /** Whether other threads can attach. */
  readonly shared: boolean;
}

/** @throws ClosedError */
export function identityOf(store: Store): Identity {
  const { worker, shared } = opened(store);
  return { worker, slotNumber: worker.slotNumber, storeId: worker.header.storeId, shared };
}

/**
 * Has a tap told of every operation of this thread on the store, from now until the function returned is called.
 *
 * @throws ClosedError
 */
export function tapStore(store: Store, tap: Tap): () => void {
  return tapOperations(opened(store).worker, tap);
}

/** The way in for a whole backup. @throws ClosedError */
export function loaderOf(store: Store): Loader {
  return new Loader(opened(store).worker);
}

/**
 * Runs `end` when this thread closes the store, while it is still open: what came last ends first, each after the other. A failure of it is `close`'s to throw, once the store is closed all
 * the same. The function returned takes it back.
 */
export function beforeClose(store: Store, end: () => Promise<void>): () => void {
  const { endings } = connectionOf(store);
  const ending: Ending = { endByClose: end, older: null, newer: null };
  endings.add(ending);
  return () => endings.remove(ending);
}

/** This thread's claim on what one thread at a time may have, and whether the thread of another's still has its slot. */
export interface Claims {
  readonly own: number;
  isLiving(claim: number): boolean;
}

/** @throws ClosedError */
export function claimsOf(store: Store): Claims {
  const { worker } = opened(store);
  const { header } = worker;
  return { own: claimOf(header, worker.slotNumber) >>> 0, isLiving: (claim) => isLiving(header, claim | 0) };
}

/** Runs `settle` whenever this thread has taken back the slots of one that died. The function returned ends that. */
export function afterReaping(store: Store, settle: () => void): () => void {
  opened(store);
  const { reaped } = connectionOf(store);
  reaped.add(settle);
  return () => reaped.delete(settle);
}

/** From now on `list` says what else threads hold, for `store.resources()` in this thread. The function returned ends that. @throws ClosedError */
export function alsoList(store: Store, list: () => Iterable<ClaimedResource>): () => void {
  opened(store);
  const { listed } = connectionOf(store);
  listed.add(list);
  return () => listed.delete(list);
}

/** Records of this thread's for things of one kind and label, which come and go often. @throws ClosedError */
export function recordsOf(store: Store, kind: string, label: string): PooledRecords {
  return new PooledRecords(opened(store).worker, kind, label);
}

/**
 * Permits that all threads of the store share under a name; null where no other thread can reach it.
 *
 * @throws InvalidArgumentError for too many, or when they were made with another `max`; OutOfMemoryError; ClosedError
 */
export function permitsOf(store: Store, name: string, max: number): SharedPermits | null {
  const { worker, shared } = opened(store);
  return shared ? SharedPermits.open(worker, name, max) : null;
}

/** Where the backups of a store that this thread opens note what they do, from now until the function `forget` is called. @throws ClosedError */
export function noteBackups(store: Store, directory: string): { notes: BackupNotes; forget: () => void } {
  opened(store);
  const connection = connectionOf(store);
  const notes = new BackupNotes(directory);
  connection.backups = notes;
  const forget = () => {
    if (connection.backups === notes) connection.backups = null;
  };
  return { notes, forget };
}

/** A grant that was standing when its namespace was dropped: for restores. */
export function grantSpent(store: Store, agentId: string, namespace: string, permissions: Permission[]): void {
  connectionOf(store).access.grantSpent(checkAgentId(agentId), namespace, permissionBits(permissions));
}

/**
 * A named value that the store keeps whatever it evicts: for the rooms that share configuration and data.
 *
 * @param what it is, for errors
 * @throws ClosedError
 */
export function ownValueOf(store: Store, kind: OwnValueKind, name: string, what: string): OwnValue {
  return new OwnValue(opened(store).worker, kind, name, what);
}

/** All timed operations so far, by kind; null in a store that times none. @throws ClosedError */
export function sampledOf(store: Store): ReadonlyMap<SampledKind, Histogram> | null {
  const { sampling } = opened(store).worker.handle;
  return sampling === null ? null : histogramsOf(sampling.banks);
}

/** What each namespace takes, in no order: a look at each of them, so as dear as there are many. @throws ClosedError */
export function usages(store: Store): { name: string; entries: number; bytes: number }[] {
  opened(store);
  const { worker, directory } = connectionOf(store);
  return directory.names().flatMap((name) => {
    const record = directory.find(name);
    if (record === null) return []; // dropped meanwhile
    const { entries, bytes } = usageOf(worker, record);
    return [{ name, entries, bytes }];
  });
}

function opened(store: Store): { worker: WorkerConnection; shared: boolean } {
  const connection = connectionOf(store);
  connection.worker.assertOpen();
  return connection;
}
