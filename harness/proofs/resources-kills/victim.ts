/** Holds one of each kind of resource in an order of its own, then gives all back, again and again, until it is ended. */
import { parentPort, workerData } from "node:worker_threads";
import { Agents } from "../../../src/agents/index.js";
import { Store } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { MappedFile } from "../../../src/resources/index.js";
import { POINT } from "./kills.js";
import { BLOCKS, CONNECTIONS_MOST, MUTEX, NAMESPACE, OPEN, PEAK, POOL, REGION, STEPS } from "./words.js";

const store = await Store.attach(workerData.store);
const agents = await Agents.attach(store, workerData.agents);
const random = new ProgramRandom(workerData.seed);
const { words, open, file } = workerData as { words: Int32Array; open: Int32Array; file: string };

const pool = store.pool(
  POOL,
  {
    async create() {
      Atomics.add(open, 0, 1);
      const now = Atomics.add(words, OPEN, 1) + 1;
      for (let peak = Atomics.load(words, PEAK); now > peak; ) peak = Atomics.compareExchange(words, PEAK, peak, now);
      return {};
    },
    async destroy() {
      Atomics.sub(words, OPEN, 1);
      Atomics.sub(open, 0, 1);
    },
  },
  { max: CONNECTIONS_MOST, scope: "process" },
);

/** Takes one, and says how it is given back. */
type Kind = () => Promise<() => unknown>;

const KINDS: readonly Kind[] = [
  async () => {
    const guard = await store.mutex(MUTEX).lockAsync({ timeout: "60s", recover: true });
    return () => guard[Symbol.dispose]();
  },
  async () => {
    const block = agents.pools[BLOCKS].acquire();
    return () => block.release();
  },
  async () => {
    const lease = await pool.acquire({ timeout: "60s" });
    return () => (random.below(3) === 0 ? lease.discard() : lease.release());
  },
  async () => {
    const tracked = store.track("session", {}, { end: () => {}, label: `session ${random.below(100)}` });
    return () => tracked.end();
  },
  async () => {
    const mapped = await MappedFile.open(file, POINT);
    const tracked = store.track("mapped", mapped, { end: (it) => it.close(), label: file });
    return () => tracked.end();
  },
  async () => {
    const abort = new AbortController();
    const changes = store.namespace(NAMESPACE).watch({}, { signal: abort.signal })[Symbol.asyncIterator]();
    const next = changes.next().catch(() => {});
    return () => {
      abort.abort();
      return next;
    };
  },
  async () => {
    const region = store.region(REGION);
    return () => region.close();
  },
  async () => {
    const buffer = store.buffer(100);
    return () => store.returnBuffer(buffer);
  },
];

/** A lock and a connection are waited for: taken in one order, nobody waits for who waits for it. */
const FIRST = 3;

parentPort?.postMessage("ready");
for (;;) {
  const ends: (() => unknown)[] = [];
  const rest = KINDS.slice(FIRST);
  const order = KINDS.slice(0, FIRST);
  while (rest.length > 0) order.push(...rest.splice(random.below(rest.length), 1));
  for (const take of order) {
    ends.push(await take());
    Atomics.add(words, STEPS, 1);
    await new Promise((turn) => setImmediate(turn));
  }
  for (const end of ends.reverse()) {
    await end();
    Atomics.add(words, STEPS, 1);
  }
}
