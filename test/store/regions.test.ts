/** Named bytes that all threads share: made once, opened by many, given back when the last one has closed them. */
import { once } from "node:events";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import {
  AccessDeniedError,
  InvalidArgumentError,
  OutOfMemoryError,
  type Region,
  restore,
  Store,
} from "#dist/src/index.js";
import { temporaryDirectories } from "../backup/directory.js";

const SLAB = 65536;
const directory = temporaryDirectories();
const stores: Store[] = [];

async function makeStore(options: Parameters<typeof Store.create>[0] = {}): Promise<Store> {
  const store = await Store.create({ capacity: "8MiB", eviction: "none", ...options });
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) {
    const { violations } = await store.verify();
    expect(violations).toEqual([]);
    await store.close();
  }
});

describe.each([{ shared: true }, { shared: false }])("a region (shared: $shared)", ({ shared }) => {
  it("is zero when it is made, and the same bytes whoever opens it", async () => {
    const store = await makeStore({ shared });
    const one = store.region("table", { bytes: 200_000 });
    expect(one.bytes.length).toBe(200_000);
    expect(one.bytes.every((byte) => byte === 0)).toBe(true);
    one.bytes[199_999] = 7;
    const other = store.region("table");
    expect(other.bytes[199_999]).toBe(7);
    expect(store.regions()).toEqual(["table"]);
    expect(store.stats().memory.spanBytes).toBe(4 * SLAB);
  });

  it("keeps its memory after a drop for as long as someone has it open", async () => {
    const store = await makeStore({ shared });
    const region = store.region("table", { bytes: SLAB });
    region.bytes.fill(9);
    expect(store.dropRegion("table")).toBe(true);
    expect(store.dropRegion("table")).toBe(false);
    expect(store.regions()).toEqual([]);
    const next = store.region("table", { bytes: SLAB });
    expect(next.bytes.every((byte) => byte === 0)).toBe(true);
    expect(region.bytes.every((byte) => byte === 9)).toBe(true);
    region.close();
    store.dropRegion("none"); // collects what is open nowhere
    expect(store.stats().memory.spanBytes).toBe(2 * SLAB);
  });

  it("comes back zeroed from memory that was another region, and leaves entries unharmed that take that memory", async () => {
    const store = await makeStore({ shared });
    for (let round = 0; round < 3; round++) {
      const noise = store.region("noise", { bytes: 10 * SLAB });
      noise.bytes.fill(255);
      noise.close();
      store.dropRegion("noise");
    }
    const values = store.namespace("values", { encoding: "string" });
    for (let i = 0; i < 2000; i++) values.set(`key ${i}`, "x".repeat(900));
    expect([...values.keys()].length).toBe(2000);
  });
});

describe("regions and what stands against them", () => {
  it("refuses a size that cannot be, another size, a missing one, and more than the pool holds side by side", async () => {
    const store = await makeStore();
    const most = Math.floor(store.stats().memory.poolBytes / SLAB) * SLAB - 128;
    for (const bytes of [0, -1, 1.5, Number.NaN, most + 1, "64 pages"]) {
      expect(() => store.region("bad", { bytes: bytes as number })).toThrow(InvalidArgumentError);
    }
    expect(() => store.region("none")).toThrow(/no region "none"/);
    store.region("small", { bytes: 10 }).close();
    expect(() => store.region("small", { bytes: 11 })).toThrow(/made with 10 bytes, not 11/);
    expect(() => store.region("large", { bytes: most })).toThrow(OutOfMemoryError);
    expect(store.stats().memory.spanBytes).toBe(SLAB);
    expect(() => (store.as("bob") as unknown as Store).region("small")).toThrow(AccessDeniedError);
    expect(() => store.region("small", { byts: 10 } as object)).toThrow(/unknown option "byts"; did you mean "bytes"/);
  });

  it("says how many a thread may have open", async () => {
    const store = await makeStore();
    const open = Array.from({ length: 64 }, () => store.region("one", { bytes: 8 }));
    expect(() => store.region("one")).toThrow(/64 regions open/);
    open[0].close();
    expect(() => open[0].claim()).toThrow(/is closed/);
    store.region("one").close();
  });

  it("is not in a backup, whose entries come back beside where it was", async () => {
    const store = await makeStore();
    store.region("table", { bytes: 3 * SLAB }).bytes.fill(1);
    const values = store.namespace("values", { encoding: "string" });
    for (let i = 0; i < 500; i++) values.set(`key ${i}`, `value ${i}`);
    const folder = directory();
    await using backups = await store.backup({ directory: folder });
    await backups.now();
    store.region("table").close();
    store.dropRegion("table");
    for (let i = 500; i < 9000; i++) values.set(`key ${i}`, `value ${i}`);
    await backups.now();
    const { store: again } = await restore(folder);
    stores.push(again);
    expect(again.namespace("values").size).toBe(9000);
    expect(again.regions()).toEqual([]);
  });

  it("agrees with a model of names, sizes and contents, whatever is made, dropped, opened and closed beside entries", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            kind: fc.constantFrom("make", "open", "close", "drop", "set", "delete"),
            name: fc.constantFrom("a", "b", "c"),
            slabs: fc.integer({ min: 1, max: 12 }),
          }),
          { maxLength: 60 },
        ),
        async (steps) => {
          const store = await Store.create({ capacity: "4MiB", eviction: "none", shared: false });
          const entries = store.namespace("entries");
          const named = new Map<string, { bytes: number; fill: number }>();
          const opened: { region: Region; fill: number }[] = [];
          let fill = 0;
          for (const { kind, name, slabs } of steps) {
            const known = named.get(name);
            if (kind === "set") {
              try {
                entries.set(`${name}${slabs}`, new Uint8Array(slabs * 1000));
              } catch (error) {
                expect(error).toBeInstanceOf(OutOfMemoryError);
              }
            } else if (kind === "delete") entries.delete(`${name}${slabs}`);
            else if (kind === "drop") expect(store.dropRegion(name)).toBe(named.delete(name));
            else if (kind === "close") opened.pop()?.region.close();
            else if (known === undefined && kind === "open")
              expect(() => store.region(name)).toThrow(InvalidArgumentError);
            else {
              try {
                const region = store.region(name, { bytes: known?.bytes ?? slabs * SLAB - 128 });
                const content = known?.fill ?? ++fill;
                expect(region.bytes.every((byte) => byte === (known === undefined ? 0 : content))).toBe(true);
                region.bytes.fill(content);
                named.set(name, { bytes: region.bytes.length, fill: content });
                opened.push({ region, fill: content });
              } catch (error) {
                expect(error).toBeInstanceOf(OutOfMemoryError);
                expect(known).toBeUndefined();
              }
            }
            for (const { region, fill: content } of opened) expect(region.bytes[region.bytes.length - 1]).toBe(content);
          }
          expect(store.regions().sort()).toEqual([...named.keys()].sort());
          expect((await store.verify()).violations).toEqual([]);
          await store.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a region's owner", () => {
  it("is one thread at a time, and when it dies the next one is told that it inherits", async () => {
    const store = await makeStore();
    const region = store.region("table", { bytes: 16 });
    const words = new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 4);
    const holder = store.spawn(
      `const { workerData } = require("node:worker_threads");
       import(workerData.data).then(async ({ Store }) => {
         const store = await Store.attach(workerData.store);
         const region = store.region("table");
         const words = new Int32Array(region.bytes.buffer, region.bytes.byteOffset, 4);
         words[1] = region.claim() === "mine" ? 1 : 2;
         Atomics.store(words, 0, 1);
         Atomics.notify(words, 0);
         Atomics.wait(words, 2, 0);
       });`,
      { eval: true, workerData: new URL("../../dist/src/index.js", import.meta.url).href },
    );
    await Atomics.waitAsync(words, 0, 0).value;
    expect(words[1]).toBe(1);
    expect(region.claim()).toBe("held");
    store.dropRegion("table");
    const exit = once(holder, "exit");
    await holder.terminate();
    await exit;
    expect(region.claim()).toBe("inherited");
    expect(region.release()).toBe(true);
    expect(region.claim()).toBe("mine");
    region.close();
    store.dropRegion("none");
    expect(store.stats().memory.spanBytes).toBe(0);
  });
});
