/**
 * Gives a store its `backup` method. The store itself knows nothing of backups: the arrow points from this room to that one,
 * and whoever imports `engram` has both.
 */
import { isMainThread } from "node:worker_threads";
import { Store } from "../store/index.js";
import { Backups } from "./backups.js";
import type { BackupOptions } from "./options.js";
import { hearOfThreads } from "./signal-channel.js";

declare module "../store/store.js" {
  interface StoreExtensions {
    /**
     * Opens this store's backups in a directory: consistent, incremental, taken while everyone goes on writing. They end with
     * the store's `close` in this thread.
     */
    backup(options: BackupOptions): Promise<Backups>;
  }
}

Store.prototype.backup = function backup(this: Store, options: BackupOptions): Promise<Backups> {
  return Backups.open(this, options);
};

if (isMainThread) Store.opened.add(hearOfThreads);
