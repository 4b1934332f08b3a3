// A thread that did not join: what it can do, told to the test.
import { parentPort, workerData } from "node:worker_threads";
import { DistributedMemory } from "#dist/src/cluster/index.js";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const memory = DistributedMemory.attach(store, workerData.memory);
const shared = memory.domain("shared");
const peeked = shared.peek("k");
const changes = shared.changes({ prefix: "k" });
const strong = await shared.get("k", { consistency: "strong" });
const { version } = await shared.put("k", { n: 2 }, { consistency: "strong" });
const after = shared.peek("k");
const swapped = (await shared.compareAndSet("k", { n: 3 }, { version })) !== false;
const late = await shared.compareAndSet("k", { n: 4 }, { version });
const told = [];
for await (const { key, value, gap } of changes) {
  told.push({ key, value, gap });
  if (told.length === 2) break;
}
let loads = 0;
const load = async () => ({ loads: ++loads });
const loaded = await Promise.all([1, 2].map(() => shared.getOrLoad("loaded", load)));
class Own extends Error {}
const own = await shared
  .getOrLoad("fails", () => {
    throw new Own("its own");
  })
  .catch((error) => error instanceof Own);
const nothing = await shared
  .getOrLoad("nothing", () => Promise.reject())
  .then(
    () => "loaded",
    (error) => error === undefined,
  );
await shared.put("tagged", 1, { tags: ["t"] });
const { dropped } = await memory.invalidate("shared", { tag: "t" });
const near = memory.domain("near");
await near.put("o", { deep: [1] }, { consistency: "strong" });
const [first, again] = [near.peek("o"), near.peek("o")];
await near.put("o", { deep: [2] }, { consistency: "strong" });
const kept = [first === again, Object.isFrozen(first), near.peek("o")];
const code = (error) => error.code;
const errors = [
  await shared.get("k", { consistency: "sure" }).catch(code),
  await shared.put("", 1).catch(code),
  await shared.get("k", { consistency: "bounded_stale" }).then(() => "STALE or none", code),
  await shared.getOrLoad("k").catch(code),
  await shared.changes({ prefx: "k" }).next().catch(code),
  await memory.invalidate("shared", { tags: "t" }).catch(code),
];
memory.close();
await store.close();
parentPort.postMessage({
  ...{ peeked, strong, after, version: version > 0, swapped, late, told, loaded, own, nothing, dropped, kept, errors },
});
