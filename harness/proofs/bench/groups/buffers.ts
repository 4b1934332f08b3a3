import { setTimeout as sleep } from "node:timers/promises";
import type { Namespace, Store } from "../../../../src/index.js";
import { quantileOf } from "../../../statistics/index.js";
import type { Contender } from "../contender.js";
import { heapInUse } from "../heap-in-use.js";
import { figureAnswers, plainFigure } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { clockCost, timeSingly } from "../single-operations.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** The pools of R-011 as buffers of the store, all three at once; the agents' own blocks are what answers for them (agents.ts). */
const POOLS = [
  { bytes: 256, wanted: 1000 },
  { bytes: 1024, wanted: 5000 },
  { bytes: 4096, wanted: 500 },
] as const;
const BUFFER_BYTES = 256;
const SAMPLES = 20_000;
const HELD = 10_000;
const DROPPED = 1000;
/** How long finalizers are waited for, ms: a hundred times the promise. */
const PATIENCE_MS = 10_000;

/** A row of an agent's table as it might be kept: what the agent saw, what it may do, what it learned. */
const STATE = {
  agent: "agent_7",
  observation: Array.from({ length: 32 }, (_, i) => i / 32),
  actions: { left: 0.25, right: 0.5, wait: 0.125, ask: 0.125 },
  step: 4711,
  goals: ["reach the shelf", "fetch the box", "report"],
};

/** What the documents promise of pools of connections and of tracked resources, measured of buffers: they are what this store pools. */
export const buffers: Group = {
  title: "buffers handed out and taken back, and an agent's state encoded (R-011, Patinox)",
  async measure({ settings, onRound }) {
    const clockNs = clockCost();
    const store = await openStore();
    const states = store.namespace("states", { encoding: "msgpack" });
    const contender = takeAndReturn(store);
    const rounds = await measureInTurns([contender], settings, onRound);
    const cost = rounds.get(contender.id) as readonly number[];
    const acquire = timedTakes(store, clockNs);
    const encode = timedStates(states, clockNs);
    await closeVerified(store);
    const pools = await poolsAtOnce();
    const held = await heldBuffers();
    const cleaned = await cleanUp();
    const plain = (id: string, label: string, unit: string, value: number) => plainFigure(id, label, unit, [value]);
    const figures = {
      throughput: plainFigure(
        contender.id,
        contender.label,
        "1/s",
        cost.map((ns) => 1e9 / ns),
      ),
      acquire: plain("acquire", `buffer(${BUFFER_BYTES}) of a warm pool, P99 of ${SAMPLES}`, "ms", acquire / 1e6),
      encoding: plain(
        "encoding",
        `state of an agent to msgpack and into the store, P99 of ${SAMPLES}`,
        "ms",
        encode / 1e6,
      ),
      held: plain(
        "held",
        `buffers of ${BUFFER_BYTES} bytes held at once by as many users, none refused`,
        "users",
        held.count,
      ),
      chunk: plain("chunk", "shared memory a buffer takes besides its own bytes", "bytes", held.sharedBytes),
      heap: plain("heap", "heap that a tracked buffer takes, after a collection", "bytes", held.heapBytes),
      cleanup: plain(
        "cleanup",
        `${DROPPED} buffers dropped: until the last is taken back, collection included`,
        "ms",
        cleaned.ms,
      ),
      success: plain("success", "of them taken back", "%", cleaned.share * 100),
    };
    return {
      reference: null,
      figures: [...Object.values(figures), ...pools],
      judgements: [],
      answers: [
        ...figureAnswers(figures.cleanup, 1, ["p-cleanup"]),
        ...figureAnswers(figures.success, 1, ["p-cleanup-success"]),
      ],
      notes: [
        "The store pools shared memory and no connections; a buffer that is dropped is taken back when it is collected.",
      ],
    };
  },
};

function takeAndReturn(store: Store): Contender {
  return {
    id: "take-return",
    label: `buffer(${BUFFER_BYTES}) and returnBuffer in a loop`,
    run(operations) {
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        const buffer = store.buffer(BUFFER_BYTES);
        bytes += buffer.length;
        store.returnBuffer(buffer);
      }
      keep(bytes);
    },
  };
}

/** P99, ns. */
function timedTakes(store: Store, clockNs: number): number {
  let buffer: Uint8Array | undefined;
  const times = new Float64Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    const start = performance.now();
    buffer = store.buffer(BUFFER_BYTES);
    times[i] = Math.max(0, (performance.now() - start) * 1e6 - clockNs);
    store.returnBuffer(buffer);
  }
  return quantileOf(times.sort(), 0.99);
}

/** P99, ns. */
function timedStates(states: Namespace<unknown>, clockNs: number): number {
  const key = states.key("agent_7");
  for (let i = 0; i < SAMPLES; i++) states.set(key, STATE);
  return quantileOf(
    timeSingly(SAMPLES, clockNs, () => states.set(key, STATE)),
    0.99,
  );
}

/** How many of each the pool hands out, up to what is wanted, while it still holds all the others. */
async function poolsAtOnce() {
  const store = await openStore();
  const all: Uint8Array[] = [];
  const figures = POOLS.map(({ bytes, wanted }) => {
    const before = all.length;
    try {
      for (let i = 0; i < wanted; i++) all.push(store.buffer(bytes));
    } catch {
      // the pool is empty: what it gave counts
    }
    const given = all.length - before;
    const label = `buffers of ${bytes} bytes at once, asked for ${wanted} beside the others`;
    return plainFigure(`pool-${bytes}`, label, "buffers", [given]);
  });
  for (const buffer of all) store.returnBuffer(buffer);
  await closeVerified(store);
  return figures;
}

async function heldBuffers(): Promise<{ count: number; sharedBytes: number; heapBytes: number }> {
  const store = await openStore();
  const bytesInUse = () => store.stats().memory.usedBytes;
  const all: Uint8Array[] = new Array(HELD);
  const before = { shared: bytesInUse(), heap: heapInUse() };
  for (let i = 0; i < HELD; i++) all[i] = store.buffer(BUFFER_BYTES);
  const after = { shared: bytesInUse(), heap: heapInUse() };
  for (const buffer of all) store.returnBuffer(buffer);
  await closeVerified(store);
  return {
    count: all.length,
    sharedBytes: (after.shared - before.shared) / HELD - BUFFER_BYTES,
    heapBytes: (after.heap - before.heap) / HELD,
  };
}

async function cleanUp(): Promise<{ ms: number; share: number }> {
  const store = await openStore();
  const before = store.stats().memory.usedBytes;
  drop(store);
  const most = store.stats().memory.usedBytes;
  const start = performance.now();
  let last = start;
  let left = most;
  while (left > before && performance.now() - start < PATIENCE_MS) {
    globalThis.gc?.();
    await sleep(0); // finalizers run between tasks
    const now = store.stats().memory.usedBytes;
    if (now < left) last = performance.now();
    left = now;
  }
  await store.close();
  return { ms: last - start, share: (most - left) / (most - before) };
}

/** In a function of its own, so that no frame still holds one of them. */
function drop(store: Store): void {
  for (let i = 0; i < DROPPED; i++) keep(store.buffer(BUFFER_BYTES).length);
}
