/** Channels across real threads: first in, first out for each sender; nothing lost, nothing doubled, however they wait. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { runTogether } from "./crew.js";

let store: Store;
beforeEach(async () => {
  store = await Store.create({ capacity: "16MiB", maxWorkers: 5 });
});
afterEach(async () => {
  const { violations } = await store.verify();
  await store.close();
  expect(violations).toEqual([]);
});

interface Sent {
  sent: number;
  refused: number;
}
interface Received {
  received: number;
  last: Record<string, number>;
}

const sender = (seed: number, options: object) => ({ task: "send", seed, options });
const receiver = (options: object) => ({ task: "receive", seed: 99, options: { whole: true, ...options } });

describe.each(["spsc", "mpsc"] as const)("%s", (kind) => {
  it.each([
    ["spin", "spin"],
    ["sync", "sync"],
    ["async", "async"],
    ["many", "many"],
    ["spin", "sync"],
    ["sync", "many"],
  ])("one sender (%s), one receiver (%s): every message once, in order", async (sends, receives) => {
    // who spins wastes the other's turns when threads are more than cores
    const messages = sends === "sync" ? 3000 : 1000;
    const channel = { name: "c", capacity: 64, kind };
    const [got, sent] = (await runTogether(store, [
      receiver({ channel, messages, way: receives }),
      sender(1, { channel, messages, way: sends, batch: 30 }),
    ])) as [Received, Sent];
    expect([got.received, sent.sent, got.last]).toEqual([messages, messages, { 1: messages - 1 }]);
    expect(store.stats().operations).toMatchObject({ sent: messages, received: messages });
  });
});

describe("mpsc", () => {
  it.each(["spin", "sync", "many"])("three senders (%s): every message once, in each one's order", async (way) => {
    const messages = 800;
    const channel = { name: "c", capacity: 32 };
    const [got] = (await runTogether(store, [
      receiver({ channel, messages: 3 * messages, way: "sync" }),
      ...[1, 2, 3].map((seed) => sender(seed, { channel, messages, way, batch: 20 })),
    ])) as [Received, ...Sent[]];
    expect(got).toEqual({ received: 3 * messages, last: { 1: messages - 1, 2: messages - 1, 3: messages - 1 } });
  });

  it("full and told to drop: what was not dropped comes in order, and what was is counted", async () => {
    const messages = 20_000;
    const channel = { name: "c", capacity: 4, whenFull: "drop" as const };
    const ring = store.channel("c", channel);
    const results = await runTogether<Sent>(
      store,
      [1, 2].map((seed) => sender(seed, { channel, messages, way: "once" })),
    );
    const sent = results.reduce((sum, result) => sum + result.sent, 0);
    expect([sent, ring.length]).toEqual([4, 4]); // nobody received
    expect(ring.dropped).toBe(2 * messages - 4);
    expect(ring.receiveMany()).toHaveLength(4);
  });
});
