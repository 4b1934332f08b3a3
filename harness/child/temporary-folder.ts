import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { undoAtExit } from "./at-exit.js";

/**
 * Runs `work` with a folder of its own, which is gone afterwards however that ends, also when this process exits meanwhile. It is removed
 * here and not by the child that works in it: that one may have been killed.
 *
 * @param prefix of the folder's name, such as `engram-run-`
 */
export async function withTemporaryFolder<T>(prefix: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const isRemoved = undoAtExit(() => rmSync(folder, { recursive: true, force: true }));
  try {
    return await work(folder);
  } finally {
    isRemoved();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
