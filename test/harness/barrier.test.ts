import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { BARRIER_BYTES, Barrier } from "#dist/harness/measure/barrier.js";

const PARTIES = 3;
const ROUNDS = 200;

/** Adds 1, waits for the others, and then must see everyone's addition, round after round. */
const PARTY = `
  import { workerData } from "node:worker_threads";
  const { Barrier } = await import(workerData.module);
  const barrier = new Barrier(workerData.buffer, 0, workerData.parties);
  const counter = new Int32Array(workerData.counters, 0, 1);
  const early = new Int32Array(workerData.counters, 4, 1);
  for (let round = 1; round <= workerData.rounds; round++) {
    Atomics.add(counter, 0, 1);
    barrier.arriveAndWait();
    if (Atomics.load(counter, 0) !== round * workerData.parties) Atomics.add(early, 0, 1);
    barrier.arriveAndWait();
  }
`;

describe("barrier", () => {
  it("lets nobody pass before all have arrived, in every round", async () => {
    const counters = new SharedArrayBuffer(8);
    const workerData = {
      buffer: new SharedArrayBuffer(BARRIER_BYTES),
      counters,
      parties: PARTIES,
      rounds: ROUNDS,
      module: new URL("../../dist/harness/measure/barrier.js", import.meta.url).href,
    };
    const ends = Array.from({ length: PARTIES }, () => {
      const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PARTY)}`), { workerData });
      return new Promise<number>((resolve, reject) => {
        worker.once("error", reject);
        worker.once("exit", resolve);
      });
    });
    expect(await Promise.all(ends)).toEqual([0, 0, 0]);
    expect([...new Int32Array(counters)]).toEqual([PARTIES * ROUNDS, 0]);
  });

  it("of one party never waits", () => {
    const barrier = new Barrier(new SharedArrayBuffer(BARRIER_BYTES), 0, 1);
    for (let round = 0; round < 3; round++) barrier.arriveAndWait();
  });
});
