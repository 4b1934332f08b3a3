/** What a thread's views of one store share, and the store's own work: the eviction policy, the maintenance thread, dead threads' slots. */
import { Worker } from "node:worker_threads";
import { allSlots, Slot } from "../core/index.js";
import { Access } from "./access.js";
import type { BackupNotes } from "./backup-notes.js";
import { Buffers } from "./buffers.js";
import { Evictor } from "./eviction/evictor.js";
import type { Gauges } from "./eviction/gauges.js";
import { removeDeadFlights } from "./flights.js";
import { Directory } from "./namespace/directory.js";
import { wakeAll } from "./parking.js";
import { Endings } from "./resources/endings.js";
import type { ClaimedResource } from "./resources/held.js";
import { settleResources } from "./resources/settle.js";
import type { WorkerConnection } from "./worker.js";

/** What all views of a store in one thread share. */
export interface Connection {
  readonly worker: WorkerConnection;
  readonly access: Access;
  readonly directory: Directory;
  maintenance: Worker | null;
  readonly creator: boolean;
  readonly shared: boolean;
  readonly buffers: Buffers;
  maintenanceDone: Promise<void>;
  /** The store's evictor, when that is this thread: in a store without a maintenance thread, whoever maintains it first. */
  evictor: Evictor | null;
  /** Made when this thread first maintains the store. */
  gauges: Gauges | null;
  /** What this thread's backups have done; null while it has none open. */
  backups: BackupNotes | null;
  /** What else ends with this thread's connection, before it does. */
  readonly endings: Endings;
  /** What rooms above the store know that threads hold. */
  readonly listed: Set<() => Iterable<ClaimedResource>>;
  /** What else is to be settled when this thread has taken back a dead one's slots. */
  readonly reaped: Set<() => void>;
}

export function connect(worker: WorkerConnection, creator: boolean, shared: boolean): Connection {
  const directory = new Directory(worker);
  const connection: Connection = {
    worker,
    access: new Access(worker, directory),
    directory,
    buffers: new Buffers(worker),
    maintenance: null,
    maintenanceDone: Promise.resolve(),
    creator,
    shared,
    evictor: null,
    gauges: null,
    backups: null,
    endings: new Endings(),
    listed: new Set(),
    reaped: new Set(),
  };
  // no other thread can reach private memory, so this one runs the policy as it goes
  if (!shared) worker.background = () => runEvictor(connection);
  return connection;
}

/** What one round of the eviction policy on an agent's own thread may spend on finding what the logs lost. */
const RECOVER_MS = 1;

/** A round of the eviction policy, if it is this thread's to run; how many entries it evicted. */
export function runEvictor(connection: Connection): number {
  const { worker } = connection;
  if (!worker.header.hasLogs || worker.header.maintained) return 0;
  connection.evictor ??= Evictor.claim(worker);
  const { evictor } = connection;
  if (evictor === null) return 0;
  const before = evictor.evicted;
  evictor.round();
  evictor.recover(RECOVER_MS);
  return evictor.evicted - before;
}

/** The sweep and the policy have a thread of their own, which does not keep the process alive. */
export function startMaintenance(connection: Connection): void {
  const { worker } = connection;
  worker.header.maintained = true; // from now on, though it is not there yet: it is the one to evict
  // no one else has the handle yet, so the last slot is free: those who attach until the thread is there leave it alone
  const slot = worker.header.slotCount - 1;
  new Slot(worker.header, slot).reserve();
  const thread = new Worker(new URL("./maintenance.js", import.meta.url), {
    workerData: { store: worker.handle, slot },
    stdin: false,
    execArgv: [],
  });
  thread.unref();
  connection.maintenance = thread;
  connection.maintenanceDone = new Promise((done) => {
    thread.once("exit", () => {
      // also when it never came to say so itself: verify() would wait for it
      worker.header.maintained = false;
      done();
    });
  });
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Without a maintenance thread expired entries lie in the table until somebody needs their room. Ticks wrap around, and after 248 days one of
 * them would look alive again: so once a day they are taken out. The timer keeps neither the process alive nor the memory.
 */
export function sweepDaily({ worker }: Connection): void {
  const its = new WeakRef(worker);
  const timer = setInterval(() => {
    const left = its.deref();
    if (left === undefined || left.closed) clearInterval(timer);
    else left.sweepExpired();
  }, DAY_MS);
  timer.unref();
}

/** Takes back every slot that a thread left behind; how many. Only for threads that have exited. */
export function reapThread({ worker, reaped: settles }: Connection, thread: number): number {
  if (worker.closed) return 0;
  let reaped = 0;
  for (const [number, slot] of allSlots(worker.header).entries()) {
    const its = slot.active && slot.thread === thread;
    if (its && number !== worker.slotNumber && worker.engine.reap(number)) reaped++;
  }
  if (reaped > 0) removeDeadFlights(worker);
  if (reaped > 0) settleResources(worker);
  if (reaped > 0) wakeAll(worker);
  if (reaped > 0) for (const settle of settles) settle();
  return reaped;
}
