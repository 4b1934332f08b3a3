import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBackup } from "#dist/src/backup/index.js";
import { EngramError, Store } from "#dist/src/index.js";
import { seedOr } from "../given.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";
import { sessionOf } from "./session.js";

const seed = seedOr(20_240_929);
const directory = temporaryDirectories();

type Step =
  | { do: "set"; ns: number; key: number; size: number; ifAbsent: boolean }
  | { do: "delete"; ns: number; key: number }
  | { do: "increment"; key: number }
  | { do: "clear"; ns: number }
  | { do: "drop"; ns: number }
  | { do: "backup"; kind: "incremental" | "full" };

const key = fc.integer({ min: 0, max: 24 });
const ns = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      ns,
      key,
      size: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 16_000 })),
      ifAbsent: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("delete" as const), ns, key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("increment" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), ns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), ns }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("backup" as const),
      kind: fc.constantFrom("incremental" as const, "full" as const),
    }),
  },
);

/** Namespace 2 holds at most four entries, so that inserts fail after they have filled and stamped their chunk. */
const LIMITS = [{}, {}, { maxEntries: 4 }];

describe("a snapshot", () => {
  it("holds what a map that saw the same operations holds, through clears, drops, failed writes and reuse of memory", async () => {
    let stamp = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 150 }), async (steps) => {
        const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, eviction: "none", maintenance: false });
        const session = sessionOf(store, directory());
        const model = new Map<string, string>();
        const forget = (name: string) => {
          for (const full of model.keys()) if (full.startsWith(`${name}/`)) model.delete(full);
        };
        for (const act of [...steps, { do: "backup" as const, kind: "incremental" as const }]) {
          const name = "ns" in act ? `n${act.ns}` : "counters";
          const limits = "ns" in act ? LIMITS[act.ns] : {};
          if (act.do === "backup") {
            const { file } = session.backup(act.kind);
            expect(contentsOf(readBackup(file))).toEqual(model);
          } else if (act.do === "drop" || act.do === "clear") {
            if (act.do === "drop") store.dropNamespace(name);
            else store.namespace(name, limits).clear();
            forget(name);
          } else {
            const space = store.namespace(name, limits);
            const k = `key-${act.key}`;
            try {
              if (act.do === "delete") {
                space.delete(k);
                model.delete(`${name}/${k}`);
              } else if (act.do === "increment") {
                space.increment(k);
                model.set(`${name}/${k}`, Buffer.from(space.get(k) as Uint8Array).toString("latin1"));
              } else {
                const value = Buffer.alloc(act.size, ++stamp);
                if (space.set(k, value, { ifAbsent: act.ifAbsent }))
                  model.set(`${name}/${k}`, value.toString("latin1"));
              }
            } catch (error) {
              if (!(error instanceof EngramError)) throw error;
            }
          }
        }
        expect((await store.verify()).violations).toEqual([]);
        session.close();
        await store.close();
      }),
      { seed, numRuns: 40 },
    );
  });

  it("does not take a write that failed for an entry, even when its half-made chunk was copied", async () => {
    const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, maintenance: false });
    const session = sessionOf(store, directory());
    const full = store.namespace("full", { maxEntries: 1 });
    full.set("kept", new Uint8Array(8));
    for (let i = 0; i < 3; i++) {
      expect(() => full.set(`refused-${i}`, new Uint8Array(8))).toThrow("limit");
      expect([...contentsOf(readBackup(session.backup("full").file)).keys()]).toEqual(["full/kept"]);
    }
    session.close();
    await store.close();
  });

  it("leaves what expired to the restore, which drops it", async () => {
    const { restore } = await import("#dist/src/index.js");
    // without the maintenance thread, which on a busy machine would be there before the backup
    const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, maintenance: false });
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("short", "s", { ttl: 20 });
    const from = Date.now();
    ns.set("long", "l", { ttl: 100_000 });
    const until = Date.now();
    ns.set("for ever", "f");
    const session = sessionOf(store, directory());
    const { file } = session.backup("full");
    session.close();
    await store.close();
    await expect.poll(() => Date.now() > readBackup(file).header.takenMs + 60).toBe(true);
    const restored = await restore(file);
    expect(restored).toMatchObject({ entries: 2, expired: 1 });
    const again = restored.store.namespace("n", { encoding: "string" });
    expect(again.get("short")).toBeUndefined();
    expect(again.get("for ever")).toBe("f");
    const { value, expiresAt } = again.getEntry("long") ?? {};
    expect(value).toBe("l");
    // It is due when it was, however long the machine took in between; ticks and two clocks may differ by some.
    expect(expiresAt as number).toBeGreaterThan(from + 100_000 - 50);
    expect(expiresAt as number).toBeLessThan(until + 100_000 + 50);
    await restored.store.close();
  });
});
