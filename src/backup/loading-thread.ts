/** The restoring thread's side of one that takes a share of a backup (loading-worker.ts). */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { CorruptBackupError } from "../errors.js";
import type { BackupCut, Loaded, Store, StoreHandle } from "../store/index.js";
import type { BackupReader, OpenBackup } from "./read.js";
import type { LoadedSlab, Placement } from "./share.js";

export interface LoadingData {
  readonly handle: StoreHandle;
  readonly backup: OpenBackup;
}

export type LoadingCall =
  | { readonly read: readonly Placement[] }
  | { readonly adopt: readonly LoadedSlab[]; readonly cut: BackupCut };

export type LoadingAnswer =
  | { readonly result: LoadedSlab[] | Loaded }
  | { readonly corrupt: boolean; readonly message: string };

export class LoadingThread {
  private readonly worker: Worker;
  private readonly exited: Promise<unknown>;

  constructor(store: Store, reader: BackupReader) {
    const workerData: LoadingData = { handle: store.handle, backup: reader.opened };
    this.worker = new Worker(new URL("./loading-worker.js", import.meta.url), { workerData, execArgv: [] });
    this.worker.on("error", () => {}); // its exit follows
    this.exited = once(this.worker, "exit").catch(() => {});
  }

  /** @throws CorruptBackupError; any other error when the thread could not attach or has died */
  readSlabs(placements: readonly Placement[]): Promise<LoadedSlab[]> {
    return this.call({ read: placements }) as Promise<LoadedSlab[]>;
  }

  /** @throws as readSlabs */
  adoptSlabs(placements: readonly LoadedSlab[], cut: BackupCut): Promise<Loaded> {
    return this.call({
      adopt: placements.map((placement) => ({ ...placement, bytes: null, large: [] })),
      cut,
    }) as Promise<Loaded>;
  }

  async end(): Promise<void> {
    this.worker.postMessage(null);
    await this.exited;
  }

  private async call(call: LoadingCall): Promise<LoadedSlab[] | Loaded> {
    this.worker.postMessage(call);
    const answered = once(this.worker, "message") as Promise<[LoadingAnswer]>;
    const gone = this.exited.then(
      () => [{ corrupt: false, message: "a thread that loads a backup has died" }] as const,
    );
    const [answer] = await Promise.race([answered, gone]);
    if ("result" in answer) return answer.result;
    throw answer.corrupt ? new CorruptBackupError(answer.message) : new Error(answer.message);
  }
}
