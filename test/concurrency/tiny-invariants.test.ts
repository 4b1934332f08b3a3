/** The explorer's fast check of the invariants against the one of src/core, on stores that are whole and on damaged ones. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantCheck } from "#dist/harness/explorer/index.js";
import {
  compileEngine,
  createMemory,
  instantiateEngine,
  layout as L,
  minimumCapacity,
  planGeometry,
  verifyMemory,
} from "#dist/src/core/index.js";
import { seedOr } from "../given.js";

const seed = seedOr(Math.floor(Math.random() * 2 ** 31));
const SLOTS = 2;

function makeStore() {
  const request = { slotCount: SLOTS, poolShare: 0.6, expectedEntries: null, maxNamespaces: 8 };
  const capacity = minimumCapacity({ ...request, capacity: 0, maxCapacity: 0 });
  const geometry = planGeometry({ ...request, capacity, maxCapacity: capacity });
  const settings = { hashKind: L.HASH_XX, evict: false, createdMs: 0, createdMonotonic: 0, retireLimit: 4, refill: 2 };
  const memory = createMemory(geometry, { ...settings, cacheLimit: 3, cacheReturn: 2, hashSeed: 1 }, true);
  const engine = instantiateEngine(compileEngine(true), memory);
  const words = new Uint32Array(memory.buffer);
  const slot = geometry.slots + engine.attach(1) * L.SLOT_SIZE;
  const putKey = (key: number) =>
    words.fill(0, (slot + L.S_KEY) >> 2, (slot + L.S_KEY + 16) >> 2).set([key], (slot + L.S_KEY) >> 2);
  putKey(0x6e);
  engine.createNamespace(1, 0, 0, 0n);
  engine.resolve(1);
  const [record, version] = words.subarray((slot + L.S_OUT) >> 2);
  for (let key = 0; key < 40; key++) {
    putKey(0x61 + (key % 24));
    if (key % 5 === 4) engine.remove(record, version, 1);
    else engine.set(record, version, 1, slot + L.S_VALUE, 8 + (key % 3) * 20, 0, 0, 0, 0);
  }
  const check = new InvariantCheck(words, {
    slabShift: L.SLAB_SHIFT,
    ids: geometry.ids,
    idCount: geometry.idCount,
    slabs: geometry.slabs,
    slabCount: geometry.slabLimit,
    slots: geometry.slots,
    slotCount: SLOTS,
    buckets: geometry.buckets,
    bucketCount: geometry.bucketCount,
    expiries: geometry.buckets + geometry.bucketCount * 4,
    groups: geometry.groups,
    groupShift: L.GROUP_SHIFT,
    pool: geometry.pool,
    ringStride: L.R_STRIDE,
  });
  return { memory, words, geometry, slot, check };
}

/** Words whose damage either check must notice: links, cached and retired chunks, stamps, stack heads. */
function damageable({ words, geometry, slot }: ReturnType<typeof makeStore>): number[] {
  const places: number[] = [];
  for (let bucket = 0; bucket < geometry.bucketCount; bucket++) {
    const at = (geometry.buckets >> 2) + bucket;
    if (words[at] === 0) continue;
    places.push(at);
    for (let entry = words[at]; entry !== 0; entry = words[entry >> 2]) {
      for (const field of [L.E_NEXT, L.E_DEATH, L.E_HASH, L.E_BIRTH, L.E_META]) places.push((entry + field) >> 2);
    }
  }
  for (let sizeClass = 0; sizeClass < L.CLASS_COUNT; sizeClass++) {
    const cache = (slot + L.S_CACHES + sizeClass * L.CACHE_STRIDE) >> 2;
    for (let i = 1; i <= words[cache]; i++) places.push(cache + i);
  }
  return places;
}

describe("the check of invariants that the explorer makes", () => {
  it("finds nothing wrong where src/core finds nothing", () => {
    const store = makeStore();
    expect(verifyMemory(store.memory.buffer).violations).toEqual([]);
    expect(store.check.run()).toBeNull();
  });

  it("finds something wrong wherever src/core does", () => {
    const store = makeStore();
    const places = damageable(store);
    // in the place of a link: a chain that leads back into itself, or into another
    const linked = store.words[places[0]];
    const unused = store.geometry.pool + (store.geometry.slabLimit - 1) * L.SLAB_SIZE;
    let noticed = 0;
    fc.assert(
      fc.property(
        fc.nat(places.length - 1),
        fc.constantFrom(0, 1, linked, unused, unused + 32, 0xffffffe0),
        (place, value) => {
          const at = places[place];
          const before = store.words[at];
          store.words[at] = value;
          const found = verifyMemory(store.memory.buffer);
          const ours = store.check.run();
          store.words[at] = before;
          if (!found.ok) {
            noticed++;
            expect(ours).not.toBeNull();
          }
        },
      ),
      { seed, numRuns: 400 },
    );
    expect(noticed).toBeGreaterThan(200);
  });
});
