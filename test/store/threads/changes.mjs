/** Writes, watches and waits on behalf of the tests of changes: told what to do by messages. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const ns = store.namespace("shared", { encoding: "json" });

/** What there is, as far as this thread was told. */
const state = new Map();

parentPort.on("message", async ({ does, ...how }) => {
  if (does === "write") {
    // each key in turn, so that writers meet at the same ones
    for (let i = 0; i < how.writes; i++) {
      const key = `k${(i + how.shift) % how.keys}`;
      if (i % 7 === 6) ns.delete(key);
      else ns.set(key, { by: how.by, i });
    }
    parentPort.postMessage("written");
  } else if (does === "waitForSync") {
    parentPort.postMessage("waiting");
    parentPort.postMessage({ entry: ns.waitForSync(how.key, { timeout: how.timeout }) });
  } else if (does === "watch") {
    const changes = ns.watch({}, { initial: true });
    parentPort.postMessage("watching");
    for await (const { type, key, value } of changes) {
      if (type === "gap") {
        state.clear();
        for (const [its, now] of ns.entries()) state.set(its, now);
      } else if (type === "clear") state.clear();
      else if (type === "set" && value !== undefined) state.set(key, value);
      else if (type !== "set") state.delete(key);
    }
  } else if (does === "tell") {
    parentPort.postMessage([...state]);
  } else if (does === "die") {
    const changes = ns.watch();
    parentPort.postMessage("watching");
    await changes.next();
  }
});
