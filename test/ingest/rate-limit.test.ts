import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimiter } from "#dist/src/ingest/index.js";
import { runsOr } from "../given.js";

const MS = 1_000_000n;

/** A limiter on a clock of its own, which stands until it is moved. */
function limited(rate: number, burst: number, clients = 1024) {
  let now = 5n * MS;
  const limiter = RateLimiter.create({ rate, burst, clients }, () => now);
  return {
    limiter,
    pass: (ms: number) => {
      now += BigInt(ms) * MS;
    },
  };
}

describe("a rate limit", () => {
  it("lets a burst pass, then what the rate brings, and says how long to wait", () => {
    const { limiter, pass } = limited(100, 50);
    expect(limiter.take("a", 50)).toBe(0);
    expect(limiter.take("a", 1)).toBe(10);
    expect(limiter.take("b", 50)).toBe(0); // of another client
    pass(9);
    expect(limiter.take("a", 1)).toBe(1);
    pass(1);
    expect(limiter.take("a", 1)).toBe(0);
    expect(limiter.take("a", 51)).toBe(Number.POSITIVE_INFINITY);
    pass(10_000);
    expect(limiter.take("a", 50)).toBe(0);
  });

  it("gives out what token buckets would", () => {
    const step = fc.record({
      client: fc.nat(3),
      cost: fc.integer({ min: 1, max: 12 }),
      wait: fc.nat(200),
      give: fc.nat(9),
    });
    const settings = fc.record({ rate: fc.integer({ min: 1, max: 1000 }), burst: fc.integer({ min: 1, max: 20 }) });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60 }), ({ rate, burst }, steps) => {
        const { limiter, pass } = limited(rate, burst);
        const tokens = new Map<number, number>();
        for (const { client, cost, wait, give } of steps) {
          pass(wait);
          for (const [one, has] of tokens) tokens.set(one, Math.min(burst, has + (wait / 1000) * rate));
          const has = tokens.get(client) ?? burst;
          const told = limiter.take(`client ${client}`, cost);
          // each taking is rounded up to a hundredth of a ms: nearer to the bound than all of them, either is right
          const near = Math.abs(has - cost) < rate * steps.length * 1e-5;
          if (!near) expect(told === 0).toBe(has >= cost);
          if (told > 0 && cost <= burst) expect(Math.abs(told - ((cost - has) / rate) * 1000)).toBeLessThan(3);
          if (told !== 0) continue;
          tokens.set(client, has - cost);
          if (give > 0) continue;
          limiter.give(`client ${client}`, cost);
          tokens.set(client, Math.min(burst, has));
        }
      }),
      { numRuns: runsOr(500) },
    );
  });

  it("forgets who is idle, and has those who find no room share one bucket", () => {
    const { limiter, pass } = limited(10, 10, 64);
    const taken = () =>
      Array.from({ length: 1000 }, (_, i) => limiter.take(`client ${i}`, 10)).filter((wait) => wait === 0).length;
    const first = taken();
    expect(first).toBeGreaterThan(60); // nearly all of the 64 buckets, and once the shared one
    expect(first).toBeLessThanOrEqual(65);
    expect(limiter.active).toBe(first - 1);
    expect(limiter.take("one more", 1)).toBeGreaterThan(0);
    pass(1000);
    expect(limiter.active).toBe(0);
    expect(limiter.take("one more", 10)).toBe(0);
    expect(limiter.handle.memory.byteLength).toBe(65 * 8); // however many came
  });

  it("is one count for all threads, also for those of a thread that was killed", async () => {
    const clients = 2;
    const burst = 100_000;
    const limiter = RateLimiter.create({ rate: 0.001, burst, clients: 64 });
    const code = `
      const { workerData, parentPort } = require("node:worker_threads");
      import(workerData.module).then(({ RateLimiter }) => {
        const limiter = new RateLimiter(workerData.handle);
        const taken = new Int32Array(workerData.taken);
        parentPort.postMessage("ready");
        for (let i = 0, refused = 0; refused < ${clients}; i++) {
          const client = i % ${clients};
          if (limiter.take("client " + client, 1) === 0) Atomics.add(taken, client, 1);
          else refused++;
        }
        parentPort.postMessage("done");
      });`;
    const taken = new SharedArrayBuffer(4 * clients);
    const module = new URL("../../dist/src/ingest/index.js", import.meta.url).href;
    const start = () => new Worker(code, { eval: true, workerData: { module, handle: limiter.handle, taken } });
    const heard = (worker: Worker, word: string) =>
      new Promise<void>((done) => worker.on("message", (said) => said === word && done()));
    const killed = start();
    const others = [start(), start()];
    const finished = Promise.all(others.map((worker) => heard(worker, "done")));
    await heard(killed, "ready");
    await killed.terminate();
    await finished;
    await Promise.all(others.map((worker) => worker.terminate()));
    for (const count of new Int32Array(taken)) {
      // the killed thread may have died between the taking and the counting, once
      expect(count).toBeLessThanOrEqual(burst);
      expect(count).toBeGreaterThanOrEqual(burst - 1);
    }
  });
});
