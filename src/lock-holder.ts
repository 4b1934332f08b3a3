/** Who has what is one thread's at a time: what its lock file says of them, and whether they may still be there. */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import { hostname } from "node:os";
import { threadId } from "node:worker_threads";

export interface Holder {
  readonly pid: number;
  readonly thread: number;
  readonly host: string;
  /** Unix time it took it, ms. */
  readonly sinceMs: number;
}

/** The lock file's contents. */
export interface HolderRecord extends Holder {
  readonly id: string;
  /** The kernel keeps its lock: whoever gets that lock knows that this one is gone. */
  readonly kernel: boolean;
  /** This start of this machine, and the set of processes in which `pid` means something; empty where that is not told. */
  readonly boot: string;
  readonly pids: string;
}

/** Of this thread, from now on. */
export function ownRecord(kernel: boolean): HolderRecord {
  const { boot, pids } = machine();
  return {
    id: randomUUID(),
    pid: process.pid,
    thread: threadId,
    host: hostname(),
    sinceMs: Date.now(),
    kernel,
    boot,
    pids,
  };
}

function machine(): { boot: string; pids: string } {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return { boot, pids: readlinkSync("/proc/self/ns/pid") };
  } catch {
    return { boot: "", pids: "" }; // not Linux, or no /proc
  }
}

/** The record in a lock file, or null when it is none, or not yet. */
export function readRecord(path: string): HolderRecord | null {
  try {
    return parseRecord(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export function parseRecord(text: string): HolderRecord | null {
  try {
    const record = JSON.parse(text) as HolderRecord | null;
    const fits = typeof record?.id === "string" && /^[\w-]{1,64}$/.test(record.id) && Number.isInteger(record.pid);
    return fits ? record : null;
  } catch {
    return null;
  }
}

/**
 * Whether a holder whose lock the kernel does not keep may still be there. False only where that is certain: the machine has been
 * started again since, its process is gone, or it has the lock file open no more (its thread has ended, or the process is
 * another one with its number). One in another container or on another machine cannot be seen from here.
 *
 * @param file the lock file it would have open
 * @param own this process's open file of it, if it has one
 */
export function mayLive(record: HolderRecord, file: Stats, own = -1): boolean {
  const here = machine();
  if (record.host === hostname() && record.boot !== here.boot) return false;
  if (record.boot !== here.boot || record.pids !== here.pids) return true;
  if (here.boot === "") return record.host !== hostname() || isProcess(record.pid);
  try {
    const fds = `/proc/${record.pid}/fd`;
    return readdirSync(fds).some((fd) => {
      if (record.pid === process.pid && fd === String(own)) return false;
      const open = statSync(`${fds}/${fd}`, { throwIfNoEntry: false });
      return open !== undefined && open.ino === file.ino && open.dev === file.dev;
    });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT"; // another user's: it is there, and that is all we may know
  }
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** For messages. */
export function describeHolder({ pid, thread, host, sinceMs }: Holder): string {
  const where = host === hostname() ? "" : ` on ${host}`;
  return `process ${pid}${where} (thread ${thread}, since ${new Date(sinceMs).toISOString()})`;
}
