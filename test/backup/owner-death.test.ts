import { once } from "node:events";
import { expect, it } from "vitest";
import { readBackup } from "#dist/src/backup/index.js";
import { layout } from "#dist/src/core/index.js";
import { Store } from "#dist/src/index.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";

const temporary = temporaryDirectories();

it("a thread that ends while its backups run leaves them to others, and no snapshot", async () => {
  const store = await Store.create({ capacity: "8MiB", maxWorkers: 1, eviction: "none" });
  const ns = store.namespace("n", { encoding: "string" });
  for (let i = 0; i < 5000; i++) ns.set(`k${i}`, "v".repeat(200));
  const words = new Int32Array((store.handle.memory as WebAssembly.Memory).buffer, 0, layout.HEADER_SIZE / 4);
  const directory = temporary();
  for (let life = 0; life < 2; life++) {
    const worker = store.spawn(new URL("threads/owner.mjs", import.meta.url), { workerData: { directory } });
    let backups = 0;
    await new Promise<void>((done) => worker.on("message", () => ++backups > life && done()));
    await expect(store.backup({ directory: temporary() })).rejects.toThrow("has a backup open already");
    const gone = once(worker, "exit");
    await worker.terminate();
    await gone;
    expect([words[layout.H_BACKUP / 4], words[layout.H_SNAPSHOT / 4]]).toEqual([0, 0]);
    ns.set("life", `${life}`);
    const own = await store.backup({ directory });
    const { file } = await own.now();
    expect(contentsOf(readBackup(file)).get("n/life")).toBe(`${life}`);
    await own.close();
  }
  expect((await store.verify()).violations).toEqual([]);
  await store.close();
});
