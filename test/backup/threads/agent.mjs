/**
 * An agent that keeps a promise while backups run; which one, its workerData says. Each ends when the flag in `control` is
 * raised, after telling in `progress` (its own word) how far it has certainly come.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";

const { role, me, control, progress } = workerData;
const stop = new Int32Array(control);
const told = new Int32Array(progress);
const store = await Store.attach(workerData.store);
const ns = store.namespace("promises", { encoding: "json" });
const ledger = store.namespace("ledger", { encoding: "json" });
const filler = store.namespace("filler");

/** Each waits for no one: a step is a few writes. */
const steps = {
  /** The second key is written after the first: in any cut first - 1 <= second <= first. */
  pair(n) {
    ns.set(`pair-${me}-first`, n);
    ns.set(`pair-${me}-second`, n);
  },
  /** A chain across agents: a is written here, b is what its agent read of a, c is what its agent read of b: a >= b >= c. */
  a(n) {
    ns.set("chain-a", n);
  },
  b() {
    ns.set("chain-b", ns.get("chain-a") ?? 0);
  },
  c() {
    ns.set("chain-c", ns.get("chain-b") ?? 0);
  },
  /** A token moves from key to key, put down before it is taken up: one or two are there, never none. */
  token(n) {
    ns.set(`token-${me}-${n % 50}`, n);
    if (n > 1) ns.delete(`token-${me}-${(n - 1) % 50}`);
  },
  /** The counter first, then, in another namespace, how often it was incremented: counter >= noted >= counter - 1. */
  counter(n) {
    ns.increment(`counter-${me}`);
    ledger.set(`noted-${me}`, n);
  },
  /** One taken from an account, then put into another one, of two namespaces in turn: all of them add up to 0 or -1. */
  transfer(n) {
    const [from, to] = n % 2 === 0 ? [ns, ledger] : [ledger, ns];
    const [a, b] = [`account-${from === ns ? 0 : 1}-${n % 7}`, `account-${to === ns ? 0 : 1}-${n % 5}`];
    from.set(a, (from.get(a) ?? 0) - 1);
    to.set(b, (to.get(b) ?? 0) + 1);
  },
  /** Values that say what they are, of every size, on few keys, so that chunks come and go all the time. */
  churn(n) {
    const key = `churn-${me}-${(n * 7919) % 40}`;
    const value = Buffer.alloc(8 + ((n * 104729) % 9000), n & 0xff);
    value.writeUInt32LE(value.length, 0);
    value.writeUInt32LE(n, 4);
    filler.set(key, value);
    if (n % 5 === 0) filler.delete(`churn-${me}-${(n * 31) % 40}`);
  },
  /** The same on more keys than the store holds: everything written pushes something else out. */
  flood(n) {
    const key = `flood-${me}-${(n * 7919) % 5000}`;
    const value = Buffer.alloc(8 + ((n * 104729) % 15000), n & 0xff);
    value.writeUInt32LE(value.length, 0);
    value.writeUInt32LE(n, 4);
    filler.set(key, value);
  },
  /** A namespace emptied and filled again: its first key is written first, so no other is there without it or the clear. */
  clear(n) {
    const own = store.namespace(`cleared-${me}`, { encoding: "json" });
    const round = Math.floor(n / 8);
    if (n % 8 === 0) own.clear();
    own.set(`k${n % 8}`, round);
  },
};

const step = steps[role];
parentPort.postMessage("ready");
for (let n = 1; Atomics.load(stop, 0) === 0; n++) {
  step(n);
  Atomics.store(told, me, n);
}
await store.close();
