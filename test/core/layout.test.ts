import { describe, expect, it } from "vitest";
import { hasRoom, layout, minimumCapacity, planGeometry } from "#dist/src/core/index.js";

const L = layout as unknown as Record<string, number>;
const { LINE } = layout;

/** A field: where it starts, and how many bytes it takes. Sizes other than a word are listed. */
function fieldsOf(prefix: string, sizes: Record<string, number>, except: string[] = []): [string, number, number][] {
  return Object.keys(L)
    .filter((name) => name.startsWith(prefix) && !except.includes(name))
    .map((name) => [name, L[name], sizes[name] ?? 4]);
}

function overlaps(fields: [string, number, number][]): string[] {
  const sorted = [...fields].sort((a, b) => a[1] - b[1]);
  const found: string[] = [];
  sorted.forEach(([name, start], i) => {
    if (i === 0) return;
    const [before, from, size] = sorted[i - 1];
    if (from + size > start) found.push(`${before} [${from}, ${from + size}) and ${name} [${start}, …)`);
  });
  return found;
}

const header = fieldsOf("H_", {
  H_CREATED_MS: 8,
  H_CREATED_MONOTONIC: 8,
  H_CLASSES: layout.CLASS_COUNT * LINE,
  H_WATCHERS: 8,
  H_STAMP: 8,
  H_REMOVALS: layout.REMOVAL_WORDS * 4,
});

const slot = fieldsOf(
  "S_",
  {
    S_PINS: layout.PIN_COUNT * 4,
    S_COUNTERS: layout.COUNTER_COUNT * 8,
    S_ACKS: layout.CLASS_COUNT * 4,
    S_CACHES: layout.CLASS_COUNT * layout.CACHE_STRIDE,
    S_RETIRED: layout.RETIRED_CAPACITY * 4,
    S_KEY: layout.KEY_MAX + 16,
    S_VICTIM_KEY: layout.KEY_MAX + 16,
    S_OUT: 128,
    // what a scan of all slots gathers: three hazards and the pins of each
    S_SCRATCH: layout.SLOT_MAX * (3 + layout.PIN_COUNT) * 4,
    S_VALUE: layout.CHUNK_MAX,
    S_CHANGING: 8,
    S_INTEREST: layout.INTEREST_WORDS * 4,
    S_SINCE: 8,
    S_GAP: 8,
    S_POSITIONS: layout.SLOT_MAX * 8,
    S_MANY: layout.S_MANY_SIZE,
  },
  ["S_MANY_SIZE"],
);

const entry = fieldsOf("E_", { E_VALUE_LENGTH: 2, E_FLAGS: 1, E_ACCESS: 1, E_KEY: 16 });
const id = fieldsOf("I_", { I_BYTES: 8, I_LIFE: 8, I_MADE: 8, I_SECTIONS: layout.SECTION_WORDS * 4 });
const record = fieldsOf("N_", { N_MAX_BYTES: 8 }, ["N_SIZE"]);
const ring = fieldsOf("R_", { R_DROPPED: 8, R_CELLS: 8 }, ["R_STRIDE"]);
const place = fieldsOf("P_", {});
const log = fieldsOf("T_", { T_TAIL: 8, T_RESERVED: 8 }, [
  ...Object.keys(L).filter((name) =>
    /^T_(STAMP|META|KIND|KIND_MASK|SEED_SHIFT|HASH|ENTRY|VERSION|EXTRA|RECORD)$/.test(name),
  ),
]);
const change = fieldsOf("T_", { T_STAMP: 8 }, [
  "T_TAIL",
  "T_RESERVED",
  "T_RECORDS",
  "T_RECORD",
  "T_SEED_SHIFT",
  "T_KIND_MASK",
]);
const cache: [string, number, number][] = [
  ["count", 0, 4],
  ["addresses", 4, layout.CACHE_CAPACITY * 4],
  ["K_TAKEN", layout.K_TAKEN, 8],
  ["K_GIVEN", layout.K_GIVEN, 8],
];

const structures: [string, [string, number, number][], number][] = [
  ["header", header, layout.HEADER_SIZE],
  ["worker slot", slot, layout.SLOT_SIZE],
  ["entry header and shortest key", entry, layout.E_KEY + 16],
  ["namespace id", id, layout.ID_STRIDE],
  ["namespace record", record, layout.N_SIZE],
  ["ring", ring, layout.R_CELLS + 8],
  ["place in the parking", place, layout.PARKING_SIZE],
  ["cache of a class", cache, layout.CACHE_STRIDE],
  ["change log", log, layout.T_RECORDS + 4],
  ["record of a change", change, layout.T_RECORD],
];

/** Fields of 64 bits, or read as such. */
const wide = new Set([
  ...["H_CREATED_MS", "H_CREATED_MONOTONIC", "H_CLASSES", "S_COUNTERS", "S_MANY", "S_VALUE", "S_KEY", "I_BYTES"],
  ...["H_WATCHERS", "H_STAMP", "S_CHANGING", "S_SINCE", "S_GAP", "S_POSITIONS", "T_TAIL", "T_RESERVED", "T_STAMP"],
  ...["I_LIFE", "I_MADE", "N_MAX_BYTES", "R_DROPPED", "R_CELLS", "K_TAKEN", "K_GIVEN"],
]);

describe.each(structures)("%s", (_, fields, size) => {
  it("has fields that do not overlap and stay inside it", () => {
    expect(fields.length).toBeGreaterThan(2);
    expect(overlaps(fields)).toEqual([]);
    for (const [name, start, length] of fields) expect(start + length, name).toBeLessThanOrEqual(size);
  });

  it("aligns every field to its width", () => {
    for (const [name, start, length] of fields) {
      const width = wide.has(name) || length < 4 ? Math.min(length, 8) : 4;
      expect(start % width, name).toBe(0);
    }
  });
});

describe("lines", () => {
  it("gives each contended word of the header a line of its own, apart from what is written once", () => {
    const contended = header.filter(([, start]) => start >= layout.H_TICK);
    expect(contended.map(([name]) => name)).toContain("H_SLAB_NEXT");
    for (const [name, start] of contended) expect(start % LINE, name).toBe(0);
    for (const [name, start, size] of header) {
      if (start < layout.H_TICK) expect(start + size, name).toBeLessThanOrEqual(layout.H_TICK);
    }
  });

  it("keeps what others write in a slot apart from its owner's hot words", () => {
    const written = { state: layout.S_STATE, hazards: layout.S_HAZARD_CURRENT, epoch: layout.S_WRITE_EPOCH };
    const lines = [
      ...Object.values(written),
      layout.S_HAND_CHUNK,
      layout.S_COUNTERS,
      layout.S_ACKS,
      layout.S_CACHES,
    ].map((offset) => Math.floor(offset / LINE));
    expect(new Set(lines).size).toBe(lines.length);
    // hazards and pins share one line, read by scans together
    expect(Math.floor((layout.S_PINS + layout.PIN_COUNT * 4 - 1) / LINE)).toBe(
      Math.floor(layout.S_HAZARD_CURRENT / LINE),
    );
  });

  it("separates the two ends of a ring, and what is written once from both", () => {
    const words = [layout.R_CAPACITY, layout.R_RECEIVER, layout.R_TAIL, layout.R_HEAD, layout.R_DROPPED];
    expect(new Set(words.map((offset) => Math.floor(offset / LINE))).size).toBe(words.length);
    const slept = [layout.P_ARRIVALS, layout.P_DEPARTURES];
    expect(new Set(slept.map((offset) => Math.floor(offset / LINE))).size).toBe(slept.length);
    expect(layout.PARKING + layout.PARKING_PLACES * layout.PARKING_SIZE).toBe(layout.SLOTS);
  });

  it("puts header, a 16-byte key and a 16-byte value into one line", () => {
    expect(layout.E_KEY + 16 + 16).toBe(LINE);
  });
});

describe("mark and death stamp", () => {
  it("are one aligned u64", () => {
    expect(layout.E_NEXT % 8).toBe(0);
    expect(layout.E_DEATH).toBe(layout.E_NEXT + 4);
    expect(2 ** layout.DEATH_SLOT_BITS).toBeGreaterThanOrEqual(layout.SLOT_MAX);
  });
});

describe("size classes", () => {
  it("double from 32 bytes to 16 KiB and divide a slab", () => {
    const sizes = Array.from({ length: layout.CLASS_COUNT }, (_, i) => 2 ** (layout.CLASS_MIN_SHIFT + i));
    expect(sizes[0]).toBe(32);
    expect(sizes.at(-1)).toBe(layout.CHUNK_MAX);
    expect(layout.CHUNK_MAX).toBe(16_384);
    for (const size of sizes) expect(layout.SLAB_SIZE % size).toBe(0);
  });
});

describe("geometry", () => {
  const MIB = 2 ** 20;
  const capacities = [4 * MIB, 5 * MIB + 123, 64 * MIB, 1024 * MIB, 4096 * MIB];

  it.each(capacities)("lays the regions of %d bytes one after the other, and the guard behind the pool", (capacity) => {
    for (const slotCount of [2, 10, 64]) {
      const request = { slotCount, poolShare: 0.6, expectedEntries: null, maxNamespaces: null };
      const g = planGeometry({ ...request, capacity, maxCapacity: capacity });
      // the least that is asked for is enough, and a page less is not
      const least = minimumCapacity({ ...request, capacity: 0, maxCapacity: 0 });
      expect(hasRoom(planGeometry({ ...request, capacity: least, maxCapacity: least }))).toBe(true);
      expect(hasRoom(planGeometry({ ...request, capacity: least - 65536, maxCapacity: least - 65536 }))).toBe(false);
      if (capacity < least) continue;
      expect(hasRoom(g)).toBe(true);
      const regions = [
        ["slots", g.slots, slotCount * layout.SLOT_SIZE],
        ["ids", g.ids, g.idCount * layout.ID_STRIDE],
        ["slabs", g.slabs, g.slabMax * 8],
        ["dirty", g.dirty, (g.slabMax * layout.SLAB_SIZE) / 4096 / 8],
        ["buckets", g.buckets, g.bucketCount * 4],
        ["pool", g.pool, g.slabMax * layout.SLAB_SIZE],
        ["guard", g.pool + g.slabMax * layout.SLAB_SIZE, layout.GUARD_SIZE],
        ["end", g.maxCapacity, 0],
      ] as [string, number, number][];
      expect(g.slots).toBe(layout.SLOTS);
      expect(overlaps(regions)).toEqual([]);
      expect(g.pool % layout.SLAB_SIZE).toBe(0);
      expect(Math.log2(g.bucketCount) % 1).toBe(0);
      expect(g.maxCapacity).toBeLessThanOrEqual(2 ** 32);
    }
  });

  it("gives the pool its share: the default of 60 %, and any other that was asked for", () => {
    for (const poolShare of [0.1, 0.3, 0.6, 0.8]) {
      const g = planGeometry({
        capacity: 256 * MIB,
        maxCapacity: 256 * MIB,
        slotCount: 4,
        poolShare,
        expectedEntries: null,
        maxNamespaces: null,
      });
      expect((g.slabMax * layout.SLAB_SIZE) / (256 * MIB)).toBeCloseTo(poolShare, 2);
    }
  });

  it.each([1, 1000, 10_000_000])("keeps chains short when told to expect %d entries", (expectedEntries) => {
    const request = { capacity: 256 * MIB, maxCapacity: 256 * MIB, slotCount: 4, poolShare: 0.6, maxNamespaces: null };
    const g = planGeometry({ ...request, expectedEntries });
    expect(g.bucketCount).toBeGreaterThanOrEqual(expectedEntries);
    // however wrong the number: at most 64 of the smallest entries a bucket when the pool is full
    expect((g.slabMax * layout.SLAB_SIZE) / 64 / g.bucketCount).toBeLessThanOrEqual(64);
  });
});
