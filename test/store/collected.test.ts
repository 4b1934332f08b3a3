/**
 * What comes back when objects are collected as garbage. In processes of their own: whether finalizers are called at all is a matter of everything
 * that was collected in one before (decision 0075).
 */
import { spawnSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { inside, openStore, until } from "./fixture.js";

it("names that were used once are not remembered by a thread for ever", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const store = await openStore({ capacity: "16MiB" });
  const worker = inside(store) as unknown as { scopes: Map<string, unknown> };
  const { directory } = (store as unknown as { connection: { directory: { records: Map<string, unknown> } } })
    .connection;
  for (let i = 0; i < 3000; i++) {
    store.namespace(`n${i}`).set("k", Uint8Array.of(1));
    if (i % 2) store.dropNamespace(`n${i}`);
  }
  expect(directory.records.size).toBeLessThanOrEqual(1024);
  await until(() => {
    collect();
    return worker.scopes.size < 100;
  }, "scopes that nothing uses to be forgotten");
});

it("buffers that were not given back are, also when other stores of the thread were collected before", () => {
  // A closed store is collected right after what was used of it, before anybody could be told of that.
  const program = `
    import { Store } from ${JSON.stringify(new URL("../../dist/src/index.js", import.meta.url))};
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const take = (store, count) => { for (let i = 0; i < count; i++) store.buffer(1000); };
    async function lose() {
      let lost = await Store.create({ capacity: "8MiB" });
      for (let i = 0; i < 2000; i++) lost.namespace("n" + i).set("k", Uint8Array.of(1));
      take(lost, 20);
      await lost.close();
      await turn();
      gc();
      lost = null;
      gc();
      gc();
      await turn();
    }
    const store = await Store.create({ capacity: "16MiB" });
    const used = () => store.stats().memory.usedBytes;
    const taken = [];
    for (let round = 0; round < 3; round++) {
      await lose();
      const before = used();
      take(store, 500);
      taken.push(used() - before > 500_000);
      for (let tries = 0; tries < 1000 && used() > before; tries++) {
        gc();
        await turn();
      }
      taken.push(used() <= before);
    }
    console.log(JSON.stringify(taken));
    await store.close();
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", "--no-concurrent-recompilation", "--expose-gc", "--input-type=module", "--eval", program],
    { encoding: "utf8" },
  );
  expect([stderr, JSON.parse(stdout)]).toEqual(["", [true, true, true, true, true, true]]);
});
