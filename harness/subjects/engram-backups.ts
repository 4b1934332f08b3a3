/** Backups of the store while it is measured. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { BackupReport, Store } from "../../src/index.js";
import type { RunningBackups } from "./subject.js";

/**
 * Opens the store's backups in a folder of their own and writes both generations once: a file that is new is written in full,
 * and what is to be measured is the incremental backup that runs for days.
 */
export async function openBackups(store: Store, directory: string): Promise<RunningBackups> {
  const backups = await store.backup({ directory: join(directory, `backups-${randomUUID()}`), strategy: "manual" });
  await backups.now("full");
  await backups.now("full");
  return {
    run(everyMs, onBackup) {
      let timer: NodeJS.Timeout | undefined;
      let ended = false;
      let current: Promise<void> = Promise.resolve();
      const take = async () => {
        const startedAt = performance.now();
        try {
          onBackup(startedAt, described(await backups.now("incremental")));
        } catch (error) {
          onBackup(startedAt, `failed: ${error instanceof Error ? error.message : String(error)}`);
        }
        const next = Math.max(0, startedAt + everyMs - performance.now());
        if (!ended) timer = setTimeout(begin, next);
      };
      const begin = () => {
        current = take();
      };
      begin();
      return async () => {
        ended = true;
        clearTimeout(timer);
        await current;
      };
    },
  };
}

function described({ kind, totalMs }: BackupReport): string {
  return `${kind}, ${totalMs.toFixed(1)} ms`;
}
