/**
 * Gives a store its `record` method, and records whatever stores a thread opens when the environment asks for it: how
 * `engram trace record` brings home what a program does that knows nothing of it.
 */
import { Store } from "../store/index.js";
import { adopt, announceStart, depart, type Recording, recordThisThread } from "./recordings.js";

/** Names the file that every thread and child process of the program appends its operations to. */
export const RECORD_VARIABLE = "ENGRAM_RECORD";

declare module "../store/store.js" {
  interface StoreExtensions {
    /**
     * Logs every get, set, delete and increment of this store from now on to a file (made anew), an operation log that
     * `engram trace info`, `engram evict` and `engram run replay` read: operation, hash of namespace and key, sizes, ttl and time.
     * Threads that are attached join as soon as their event loop turns, threads that attach later at once.
     *
     * What is on the file is readable at any time, after a crash too; a thread that dies takes its last fifth of a second
     * with it. Iteration, `clear` and expiry are not logged.
     *
     * @throws InvalidArgumentError when the file cannot be written, or the store is being recorded already
     */
    record(path: string): Recording;
  }
}

Store.prototype.record = function record(this: Store, path: string): Recording {
  return announceStart(this, path);
};

Store.opened.add((store) => {
  const path = process.env[RECORD_VARIABLE];
  if (path) recordThisThread(store, path);
  else adopt(store);
});
Store.closing.add(depart);
