/** Does what it is told with the shared data of the store, and answers. */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);

/** n counts the changes, and the rest follows from it, so that half a change would show; one in ten is a large value. */
const next = ({ n }) => ({ n: n + 1, again: n + 1, text: "x".repeat(n % 10 === 9 ? 30_000 : (n % 40) * 100) });

const verbs = {
  update({ times }) {
    const data = store.shared("sum");
    for (let i = 0; i < times; i++) data.update(next);
  },
  async updateLater({ times }) {
    const data = store.shared("sum");
    for (let i = 0; i < times; i++) await data.updateAsync(async (value) => next(value));
  },
  write({ times }) {
    const data = store.mutable("board");
    for (let i = 0; i < times; i++) data.write((draft) => void Object.assign(draft, next(draft)));
  },
  updateForEver() {
    const data = store.shared("sum");
    parentPort.postMessage("begins");
    for (;;) data.update(next);
  },
  writeForEver() {
    const data = store.mutable("board");
    parentPort.postMessage("begins");
    for (;;) data.write((draft) => void Object.assign(draft, next(draft)));
  },
  subscribe({ until }) {
    const told = [];
    return new Promise((done) => {
      const keep = setInterval(() => {}, 1000);
      const subscription = store.shared("sum").subscribe(
        (value, previous, version) => {
          told.push({ n: value.n, previous: previous?.n, version });
          if (value.n < until) return;
          subscription.end();
          clearInterval(keep);
          done(told);
        },
        { initial: true },
      );
      parentPort.postMessage("listens");
    });
  },
};

parentPort.on("message", async ({ verb, ...rest }) => {
  if (verb === "close") {
    await store.close();
    parentPort.close();
    return;
  }
  const answer = await verbs[verb](rest);
  parentPort.postMessage({ answer });
});
parentPort.postMessage("ready");
