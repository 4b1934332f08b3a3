/** A backup restored long after it was taken: what had expired stays expired, however long ago, and what had not has what was left to it. */
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decodeHeader, encodeHeader, isFault } from "#dist/src/backup/format.js";
import { restore, Store } from "#dist/src/index.js";
import { seedOr } from "../given.js";
import { temporaryDirectories } from "./directory.js";
import { sessionOf } from "./session.js";

const seed = seedOr(20_261_121);
const temporary = temporaryDirectories();
const DAY = 24 * 3600 * 1000;
const MAX_TTL = 200 * DAY;
/** Rounding to ticks, on either side. */
const ROUNDING = 30;
/** However slow the machine is, it does not take that long to restore a few entries. */
const PATIENCE = 50_000;

afterEach(() => {
  vi.restoreAllMocks();
});

const ttls = [60_000, 3_600_000, DAY, 100 * DAY, MAX_TTL];

/** The file, when its cut was, and how long before that its entries were written at most, ms. */
async function backedUp(): Promise<{ file: string; takenMs: number; age: number }> {
  const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, maintenance: false });
  for (const name of ["a", "b", "c"]) store.namespace(name); // ids that a smaller store does not have
  for (const name of ["a", "b", "c"]) store.dropNamespace(name);
  const ns = store.namespace("n", { encoding: "string" });
  const begun = performance.now();
  ns.set("stays", "for ever");
  for (const ttl of ttls) ns.set(`${ttl}`, "v", { ttl });
  const session = sessionOf(store, temporary());
  const { file, takenMs } = session.backup("full");
  const age = performance.now() - begun;
  session.close();
  await store.close();
  return { file, takenMs, age };
}

/** The same backup of a store that had run for longer, so that its ticks are larger, or have wrapped around. */
function aged(file: string, ticks: number): void {
  const bytes = readFileSync(file);
  const header = decodeHeader(bytes);
  if (isFault(header)) throw new Error(header.what);
  bytes.set(encodeHeader({ ...header, tick: (header.tick + ticks) >>> 0, createdMs: header.createdMs - ticks * 10 }));
  writeFileSync(file, bytes);
}

/** Ways to restore: slab by slab; entry by entry, because the ids do not fit. */
const ways = { whole: { maintenance: false }, "one by one": { maintenance: false, maxNamespaces: 1 } };

describe.each(Object.entries(ways))("restored %s", (_, store) => {
  it(`an entry is there as long as its ttl says, whatever the days that have passed (seed ${seed})`, async () => {
    const { file, takenMs, age } = await backedUp();
    const passed = fc.oneof(
      fc.constantFrom(0, 99.9, 199, 201, 248, 249, 300, 400, 449, 496, 497, 498, 750, 995, 4000, 20_000),
      fc.double({ min: 0, max: 2000, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(passed, async (days) => {
        const ms = Math.round(days * DAY);
        const start = performance.now();
        vi.spyOn(Date, "now").mockImplementation(() => Math.floor(takenMs + ms + performance.now() - start));
        const restored = await restore(file, { store });
        vi.restoreAllMocks();
        // entry by entry each has what is left to it from the moment it is put in, which may be a while after it was reckoned
        const took = performance.now() - start;
        const ns = restored.store.namespace("n", { encoding: "string" });
        expect(ns.get("stays")).toBe("for ever");
        for (const ttl of ttls) {
          if (ttl > ms && ttl - ms <= PATIENCE) continue;
          const entry = ns.getEntry(`${ttl}`);
          expect(entry !== undefined, `a ttl of ${ttl / DAY} days after ${days}`).toBe(ms < ttl);
          if (entry === undefined) continue;
          const early = takenMs + ttl - (entry.expiresAt as number);
          expect(early).toBeGreaterThan(-ROUNDING - took);
          expect(early).toBeLessThan(age + ROUNDING);
        }
        await restored.store.close();
      }),
      { seed, numRuns: 12 },
    );
  });
});

it("compares expiries with the store's time at the cut, not with its age", async () => {
  const { file, takenMs, age } = await backedUp();
  aged(file, 1000); // as if every entry had been written 10 s earlier
  vi.spyOn(Date, "now").mockReturnValue(takenMs);
  const { store } = await restore(file, { store: { maintenance: false } });
  vi.restoreAllMocks();
  const ns = store.namespace("n", { encoding: "string" });
  const left = (ns.getEntry("3600000")?.expiresAt as number) - takenMs;
  expect(left).toBeLessThan(3_590_000 + ROUNDING);
  expect(left).toBeGreaterThan(3_590_000 - age - ROUNDING);
  await store.close();
});
