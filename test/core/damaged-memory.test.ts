/** `verify` on memory that is damaged in any way: it comes to an end, and says so or finds all in order. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layout as L, verifyMemory } from "#dist/src/core/index.js";
import { Store } from "#dist/src/index.js";
import { SEED } from "./seeded-random.js";

let store: Store;
let words: Uint32Array;
let whole: Uint32Array;
let used: number[];
let pool: number;

beforeAll(async () => {
  store = await Store.create({ capacity: "3MiB", maxWorkers: 2, maintenance: false, eviction: "none" });
  const ns = store.namespace("n");
  for (let i = 0; i < 300; i++) ns.set(`key ${i}`, new Uint8Array(10 + ((i * 37) % 900)).fill(i));
  for (let i = 0; i < 300; i += 3) ns.delete(`key ${i}`);
  for (let i = 0; i < 40; i++) store.buffer(100 + i);
  const channel = store.channel("messages", { capacity: 8 });
  for (let i = 0; i < 5; i++) channel.send(new Uint8Array(50));
  words = new Uint32Array((store.handle.memory as WebAssembly.Memory).buffer);
  whole = words.slice();
  pool = words[L.H_POOL / 4];
  // where there is nothing a flipped bit is one thing only; all that is not zero, and the first slots' words, are of interest
  used = Array.from(whole.keys()).filter((i) => whole[i] !== 0 || i < (L.HEADER_SIZE + L.S_KEY) / 4);
});
afterAll(() => store.close());

function verifyDamaged(damage: readonly (readonly [at: number, value: number])[]): string[] {
  for (const [at, value] of damage) words[at] = value;
  try {
    const { ok, violations } = verifyMemory(words.buffer);
    expect(ok).toBe(violations.length === 0);
    return violations;
  } finally {
    words.set(whole);
  }
}

/** Links of entries, by the word they are in. */
function linksOfChains(): number[] {
  const links: number[] = [];
  for (let i = 0; i <= whole[L.H_BUCKET_MASK / 4]; i++) {
    for (let at = whole[L.H_BUCKETS / 4] / 4 + i; whole[at] !== 0; at = whole[at] >>> 2) links.push(at);
  }
  return links;
}

describe("a store's verify", () => {
  it("finds nothing wrong in this store before it is damaged", () => {
    expect(verifyDamaged([])).toEqual([]);
    expect(used.length).toBeGreaterThan(5000);
  });

  it(`comes to an end whatever word is flipped or overwritten (seed ${SEED})`, () => {
    let reported = 0;
    const place = fc.nat(used.length - 1).map((i) => used[i]);
    const header = fc.nat(L.HEADER_SIZE / 4 - 1);
    const value = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.nat((words.length - pool / 4) / 8 - 1).map((chunk) => pool + chunk * 32),
      fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
    );
    const flip = fc.tuple(place, fc.nat(31)).map(([at, bit]) => [at, (whole[at] ^ (1 << bit)) >>> 0] as const);
    const damage = fc.oneof(flip, fc.tuple(place, value), fc.tuple(header, value));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 6 }), (places) => {
        if (verifyDamaged(places).length > 0) reported++;
      }),
      { seed: SEED, numRuns: 600 },
    );
    expect(reported).toBeGreaterThan(100);
  });

  it(`reports a chain that leads back into itself, of users' entries and of the store's own (seed ${SEED})`, () => {
    const links = linksOfChains();
    fc.assert(
      fc.property(fc.nat(links.length - 1), fc.nat(links.length - 1), (from, to) => {
        const entry = whole[links[from]];
        // its next link to an entry of any chain: itself, one before it, or one of another chain
        const violations = verifyDamaged([[entry >>> 2, whole[links[to]]]]);
        if (whole[entry >>> 2] !== whole[links[to]])
          expect(violations.join("\n")).toMatch(/again in|leaked|reachable twice/);
      }),
      { seed: SEED, numRuns: 100 },
    );
    const own = links
      .map((at) => whole[at])
      .filter((entry) => (whole[(entry + L.E_META) >>> 2] & 0xffff) === L.SYSTEM_ID);
    expect(own.length).toBeGreaterThan(0);
    for (const entry of own) {
      expect(verifyDamaged([[entry >>> 2, entry]]).join("\n")).toMatch(/again in the chain of bucket/);
    }
  });

  it.each([
    ["a bucket mask that is none", L.H_BUCKET_MASK, 0x12345678, /buckets, no power of two/],
    ["more buckets than fit", L.H_BUCKET_MASK, 0x0fffffff, /268435456 buckets at \d+, which cannot be/],
    ["more slots than there can be", L.H_SLOT_COUNT, 0xffffffff, /4294967295 slots at/],
    ["a pool outside the memory", L.H_POOL, 0xfffff000, /slabs at 4294963200/],
    ["a pool where no chunk can begin", L.H_POOL, L.HEADER_SIZE + 4, /pool begins at 4100/],
    ["another beginning", L.H_MAGIC, 1, /does not begin as a store's does/],
  ])("reports a header with %s, and follows it nowhere", (_, at, value, sentence) => {
    expect(verifyDamaged([[at / 4, value]])).toEqual([expect.stringMatching(sentence)]);
  });

  it("reports counts of lists that cannot be", () => {
    const slot = whole[L.H_SLOTS / 4];
    expect(verifyDamaged([[(slot + L.S_RETIRED_COUNT) / 4, 0xffffffff]]).join()).toMatch(
      /4294967295 retired chunks, more/,
    );
    expect(verifyDamaged([[(slot + L.S_CACHES) / 4, 0xffffffff]]).join()).toMatch(/caches 4294967295 chunks/);
    expect(verifyDamaged([[whole[L.H_SLABS / 4] / 4, 0xc8]]).join()).toMatch(
      /slab 0 is of kind 200, which there is not/,
    );
  });

  it("reports workers' counts that do not add up, unless someone has died in the middle: then they are set right", () => {
    const slot = whole[L.H_SLOTS / 4];
    const counter = (number: number) => (slot + L.S_COUNTERS + number * 8) / 4;
    const cache = (slot + L.S_CACHES + L.K_TAKEN) / 4;
    const damage: [number, number][] = [
      [counter(L.C_INSERTED), whole[counter(L.C_INSERTED)] + 1],
      [counter(L.C_BYTES_OUT), whole[counter(L.C_BYTES_OUT)] + 64],
      [cache, whole[cache] + 3],
    ];
    expect(verifyDamaged(damage)).toEqual([
      expect.stringMatching(/^the workers count \d+ entries, there are \d+$/),
      expect.stringMatching(/^the workers count \d+ bytes of entries/),
      expect.stringMatching(/^the workers count \d+ chunks of 32 bytes in use/),
    ]);
    const { entries, memory } = store.stats();
    for (const [at, value] of [...damage, [counter(L.C_REAPED), 1]]) words[at] = value;
    expect(store.stats().entries).toBe(entries + 1);
    expect(verifyMemory(words.buffer).violations).toEqual([]);
    expect(store.stats().entries).toBe(entries);
    expect(store.stats().memory.entryBytes).toBe(memory.entryBytes);
    expect(store.stats().memory.usedBytes).toBe(memory.usedBytes);
    words.set(whole);
  });
});
