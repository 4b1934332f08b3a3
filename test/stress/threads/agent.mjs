/**
 * A worker thread that does one of the tasks below on the store of its handle, says how it went, and leaves in good order,
 * unless it is terminated before. Born without a task it does those it is sent, one after the other.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "#dist/src/index.js";
import { xorshift32 } from "#dist/src/random.js";
import { makeValue, readValue } from "./describing-values.mjs";

/** Of the task under way. */
let store;
let seed;
let start;
let options;
let state;

function below(n) {
  state = xorshift32(state);
  return (state >>> 0) % n;
}

/** All agents begin together: else the first would be done before the last has begun. */
function begin() {
  const gate = new Int32Array(start);
  Atomics.add(gate, 0, 1);
  Atomics.notify(gate, 0);
  Atomics.wait(gate, 1, 0);
}

const tasks = {
  /** Everything at once on few keys; every value seen must be one that was written for that key. */
  churn({ keys, operations, maxLength, ttl, clears }) {
    const ns = store.namespace("churn");
    const counts = { seen: 0, written: 0 };
    const check = (key, bytes) => {
      if (bytes !== undefined) {
        readValue(key, bytes);
        counts.seen++;
      }
    };
    const own = store.buffer(16_000);
    for (let i = 0; i < operations; i++) {
      const key = `key${below(keys)}`;
      switch (below(14)) {
        case 0:
        case 1:
        case 2:
          ns.set(key, makeValue(key, seed, i, below(maxLength)));
          counts.written++;
          break;
        case 3:
          ns.set(ns.key(key), makeValue(key, seed, i, below(maxLength)));
          break;
        case 4:
          ns.set(key, makeValue(key, seed, i, below(maxLength)), { ttl: 1 + below(ttl) });
          break;
        case 5:
          ns.delete(key);
          break;
        case 6:
          check(key, ns.getEntry(key)?.value);
          break;
        case 7:
          ns.borrow(key, (view) => check(key, view));
          break;
        case 8: {
          const length = ns.getInto(key, own);
          if (length >= 0) check(key, own.subarray(0, length));
          break;
        }
        case 9: {
          const many = Array.from({ length: 20 }, () => `key${below(keys)}`);
          ns.getMany(many).forEach((value, j) => {
            check(many[j], value);
          });
          break;
        }
        case 10: {
          const entry = ns.getEntry(key);
          if (entry !== undefined) ns.set(key, makeValue(key, seed, i, below(maxLength)), { ifVersion: entry.version });
          break;
        }
        case 11:
          if (below(200) === 0) for (const [k, value] of ns) check(k, value);
          else if (clears && below(500) === 0) ns.clear();
          break;
        default:
          check(key, ns.get(key));
      }
    }
    return counts;
  },

  /** Large values of one repeated word, and nothing but reading and writing them: most of the time goes into copies. */
  halves({ keys, operations, length, writes }) {
    const ns = store.namespace("halves");
    const names = Array.from({ length: keys }, (_, i) => ns.key(`key${i}`));
    const value = store.buffer(length);
    const words = new Uint32Array(value.buffer, value.byteOffset, length / 4);
    const room = store.buffer(length);
    const target = Buffer.from(room.buffer, room.byteOffset, length);
    const half = length / 2;
    let seen = 0;
    for (let i = 0; i < operations; i++) {
      const key = names[below(keys)];
      if (below(4) < writes) {
        words.fill(seed * 16_777_216 + i);
        ns.set(key, value);
      } else if (ns.getInto(key, target) === length) {
        seen++;
        // the halves are one period apart: equal exactly when all words are
        if (
          target.compare(target, 0, half, half, length) !== 0 ||
          target.compare(target, 4, length, 0, length - 4) !== 0
        ) {
          throw new Error(`read ${i} of a value that was never written: ${target.subarray(0, 16).toString("hex")}…`);
        }
      }
    }
    return { seen, kept: room.length };
  },

  /** Counters: how much this agent added to each. */
  increment({ keys, operations, encoding }) {
    const ns = store.namespace("counters", { encoding });
    const added = new Array(keys).fill(0);
    for (let i = 0; i < operations; i++) {
      const key = below(keys);
      const by = below(7) - 2;
      ns.increment(`counter${key}`, by);
      added[key] += by;
    }
    return { added };
  },

  /** Who set a key first? */
  claim({ keys }) {
    const ns = store.namespace("claims", { encoding: "string" });
    const won = [];
    for (let i = 0; i < keys; i++) if (ns.set(`claim${i}`, `agent ${seed}`, { ifAbsent: true })) won.push(i);
    return { won };
  },

  /** A list per key, each element put in by a read, a change and a conditional write. */
  append({ keys, operations }) {
    const ns = store.namespace("lists", { encoding: "json" });
    let lost = 0;
    for (let i = 0; i < operations; i++) {
      const key = `list${below(keys)}`;
      for (;;) {
        const entry = ns.getEntry(key);
        const list = [...(entry?.value ?? []), `${seed}:${i}`];
        if (ns.set(key, list, entry === undefined ? { ifAbsent: true } : { ifVersion: entry.version })) break;
        lost++;
      }
    }
    return { lost };
  },

  /** Moves one token from key to key: at any moment at most one of the deletes may succeed. */
  take({ keys, operations }) {
    const ns = store.namespace("tokens", { encoding: "string" });
    let held = 0;
    let moved = 0;
    for (let i = 0; i < operations; i++) {
      const key = `token${below(keys)}`;
      if (held > 0 && ns.set(key, `from ${seed}`, { ifAbsent: true })) held--;
      else if (ns.delete(key)) {
        held++;
        moved++;
      }
    }
    return { held, moved };
  },

  /** Sends numbered messages, waiting in the manner asked for when the ring is full. */
  async send({ channel, messages, way, batch = 1 }) {
    const ring = store.channel(channel.name, channel);
    let sent = 0;
    let refused = 0;
    let i = 0;
    while (i < messages) {
      const message = makeValue(channel.name, seed, i, (i * 37) % 700);
      if (way === "sync") sent += Number(ring.sendSync(message));
      else if (way === "async") sent += Number(await ring.sendWait(message));
      else if (way === "many") {
        const count = Math.min(batch, messages - i);
        const rest = Array.from({ length: count }, (_, j) =>
          makeValue(channel.name, seed, i + j, ((i + j) * 37) % 700),
        );
        const went = ring.sendMany(rest);
        sent += went;
        i += went;
        continue;
      } else if (ring.send(message)) sent++;
      else {
        refused++;
        if (way === "spin") continue;
      }
      i++;
    }
    return { sent, refused };
  },

  /** Receives until all messages have come; tells per sender in which order. */
  async receive({ channel, messages, way }) {
    const ring = store.channel(channel.name, channel);
    const last = {};
    let received = 0;
    const take = (message) => {
      const { writer, number } = readValue(channel.name, message);
      if (number <= (last[writer] ?? -1)) throw new Error(`message ${number} of ${writer} came after ${last[writer]}`);
      if (options.whole && number !== (last[writer] ?? -1) + 1)
        throw new Error(`message ${number} of ${writer} came after ${last[writer]}`);
      last[writer] = number;
      received++;
    };
    while (received < messages) {
      if (way === "sync") take(ring.receiveSync());
      else if (way === "async") take(await ring.receiveWait());
      else if (way === "many") ring.receiveMany(50).forEach(take);
      else {
        const message = ring.receive();
        if (message !== undefined) take(message);
      }
    }
    return { received, last };
  },

  /** Every kind of write, for ever: to be terminated in the middle of it. */
  never({ keys, maxLength }) {
    const ns = store.namespace("churn");
    const counters = store.namespace("counters");
    const ring = store.channel("busy", { capacity: 8 });
    const mailbox = store.channel(`mailbox ${seed % 5}`, { capacity: 4 });
    for (let i = 0; ; i++) {
      const key = `key${below(keys)}`;
      switch (below(12)) {
        case 0:
        case 1:
        case 2:
          ns.set(key, makeValue(key, seed, i, below(maxLength)));
          break;
        case 3:
          ns.delete(key);
          break;
        case 4:
          counters.increment(`counter${below(20)}`);
          break;
        case 5:
          ns.borrow(key, (view) => readValue(key, view));
          break;
        case 6:
          // given back when this thread has gone: in a loop without end nothing is ever collected
          if (i < 20) store.buffer(1 + below(maxLength));
          break;
        case 7:
          ring.send(makeValue("busy", seed, i, below(200)));
          break;
        case 8:
          mailbox.send(makeValue("mailbox", seed, i, below(200)));
          try {
            mailbox.receive();
          } catch {
            // another living agent is its receiver
          }
          break;
        case 9:
          if (below(20) === 0) {
            const brief = store.namespace(`brief ${below(10)}`);
            brief.set("k", new Uint8Array(below(100)));
            if (below(2) === 0) brief.clear();
            else store.dropNamespace(brief.name);
          }
          break;
        case 10:
          ns.set(key, makeValue(key, seed, i, below(maxLength)), { ttl: 1 + below(20) });
          break;
        default: {
          const value = ns.get(key);
          if (value !== undefined) readValue(key, value);
        }
      }
      if (i === 50) parentPort.postMessage({ started: true });
    }
  },
};

async function perform({ store: handle, task, ...order }) {
  ({ seed = 1, start, options = {} } = order);
  state = seed >>> 0 || 1;
  store = await Store.attach(handle);
  if (start !== undefined) begin();
  const result = await tasks[task](options);
  await store.close();
  parentPort.postMessage({ result });
}

if (workerData?.task === undefined) parentPort.on("message", perform);
else await perform(workerData);
