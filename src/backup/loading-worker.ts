/** A thread that takes a share of a backup which another one restores: entry point. */
import { parentPort, workerData } from "node:worker_threads";
import { CorruptBackupError } from "../errors.js";
import { loaderOf, Store } from "../store/index.js";
import type { LoadingAnswer, LoadingCall, LoadingData } from "./loading-thread.js";
import { BackupReader } from "./read.js";
import { adoptSlabs, readSlabs } from "./share.js";

const { handle, backup } = workerData as LoadingData;
const reader = new BackupReader(backup);
const attached = Store.attach(handle);

parentPort?.on("message", async (call: LoadingCall | null) => {
  if (call === null) {
    await attached.then(
      (store) => store.close(),
      () => {},
    );
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(await answer(call));
});

async function answer(call: LoadingCall): Promise<LoadingAnswer> {
  try {
    const loader = loaderOf(await attached);
    const result =
      "read" in call ? await readSlabs(reader, loader, call.read) : adoptSlabs(reader, loader, call.adopt, call.cut);
    return { result };
  } catch (error) {
    return { corrupt: error instanceof CorruptBackupError, message: (error as Error).message };
  }
}
