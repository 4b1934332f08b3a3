// A thread that does with locks what it is told to: one message in, one answer out.
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const store = await Store.attach(workerData.store);
const guards = new Map();

/** Blocks this thread until the word of the meeting has reached `count`. */
function meet(words, count) {
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  for (let seen = Atomics.load(words, 0); seen < count; seen = Atomics.load(words, 0))
    Atomics.wait(words, 0, seen, 1000);
}

const roles = {
  lock: ({ name, options }) => void guards.set(name, store.mutex(name).lock(options)),
  lockRead: ({ name, options }) => void guards.set(name, store.rwLock(name).lockRead(options)),
  lockWrite: ({ name, options }) => void guards.set(name, store.rwLock(name).lockWrite(options)),
  tryWrite: ({ name }) => store.rwLock(name).tryWrite() !== undefined,
  release: ({ name }) => guards.get(name).release(),
  // takes the one, meets the other thread, asks for the second
  nested: ({ names, words }) =>
    store.mutex(names[0]).with(() => {
      meet(words, 2);
      return store.mutex(names[1]).with(() => "both");
    }),
  nestedAsync: ({ names, words }) =>
    store.mutex(names[0]).withAsync(() => {
      meet(words, 2);
      return store.mutex(names[1]).withAsync(() => "both");
    }),
  // adds to a plain word, which only a lock keeps right
  count: ({ name, words, times, asked }) => {
    const lock = asked === "write" ? store.rwLock(name) : store.mutex(name);
    for (let i = 0; i < times; i++) lock[asked === "write" ? "write" : "with"](() => void words[0]++);
  },
  close: () => store.close(),
};

parentPort.on("message", async ({ role, ...rest }) => {
  try {
    parentPort.postMessage({ result: await roles[role](rest) });
  } catch (error) {
    parentPort.postMessage({ code: error.code, message: error.message, cycle: error.cycle });
  }
});
parentPort.postMessage({ result: "ready" });
