/**
 * The store against a Map, for every operation of a namespace: random programs over few keys, so that they meet. Keys come
 * in every spelling (text, bytes, prepared), time is in the test's hand, and each program ends with verify().
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EncodingName, InvalidArgumentError, type Key, type Namespace, Store } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { HandClock, inside } from "./fixture.js";

type Ns = Namespace<unknown>;

const RUNS = runsOr(40);
const utf8 = new TextEncoder();
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Short and long, at the edges of the padding, text and not, prefixes of one another, different only in trailing zeros. */
const KEYS: Uint8Array[] = [
  ...["k", "k\0", "key/15-bytes-abc", "key/16-bytes-abcd", "key/17-bytes-abcde", "schlüssel-🔑", "x".repeat(1024)].map(
    (k) => utf8.encode(k),
  ),
  Uint8Array.of(0),
  Uint8Array.of(0, 0),
  Uint8Array.of(255, 254, 0, 128),
  new Uint8Array(1024).fill(200),
];
const SPELLINGS = ["text", "bytes", "buffer", "prepared"] as const;
const KEY_ROOM = 16_384 - 32;
const largestFor = (key: Uint8Array) => KEY_ROOM - ((key.length + 15) & ~15);

type Spelling = (typeof SPELLINGS)[number];
interface KeyUse {
  index: number;
  spelling: Spelling;
}

function isText(bytes: Uint8Array): boolean {
  return Buffer.compare(Buffer.from(Buffer.from(bytes).toString("utf8"), "utf8"), bytes) === 0;
}

function spell({ index, spelling }: KeyUse, ns: Ns): Key {
  const bytes = KEYS[index];
  if (spelling === "prepared") return ns.key(bytes);
  if (spelling === "text" && isText(bytes)) return Buffer.from(bytes).toString("utf8");
  return spelling === "buffer" ? Buffer.from(bytes) : bytes.slice();
}

const lengths = fc.oneof(
  fc.constantFrom(0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 1008, 1024, 4096, 15_312),
  fc.nat(300),
);
const bytes = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length, size: "max" }));
const VALUES: Record<EncodingName, fc.Arbitrary<unknown>> = {
  binary: fc.oneof(
    bytes,
    fc.bigInt64Array({ minLength: 1, maxLength: 1 }).map((n) => new Uint8Array(n.buffer)),
  ),
  string: fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.bigInt().map(String),
    fc.nat(15_000).map((n) => "é".repeat(n / 2)),
  ),
  // no text of digits: whether a counter may be text there is nobody's promise
  json: fc.oneof(
    fc.integer(),
    fc.jsonValue({ noUnicodeString: false }).filter(isNoDigits),
    fc.constant("z".repeat(12_000)),
  ),
  msgpack: fc.oneof(
    fc.integer(),
    fc.jsonValue().filter(isNoDigits),
    fc.double(),
    fc.uint8Array({ maxLength: 50 }).map((b) => Buffer.from(b)),
  ),
};

function isNoDigits(value: unknown): boolean {
  return typeof value !== "string" || !/^-?\d+$/.test(value);
}

const keyUse = fc.record({ index: fc.nat(KEYS.length - 1), spelling: fc.constantFrom(...SPELLINGS) });
const ttls = fc.constantFrom(undefined, undefined, undefined, 10, 50, 1000);

type Step =
  | { do: "set"; key: KeyUse; value: unknown; ttl?: number; condition: "none" | "absent" | "version" | "old version" }
  | { do: "setMany"; pairs: [KeyUse, unknown][]; ttl?: number }
  | { do: "get" | "peek" | "getEntry" | "borrow" | "has" | "delete" | "readCounter"; key: KeyUse }
  | { do: "touch"; key: KeyUse; ttl?: number }
  | { do: "deleteIf"; key: KeyUse; old: boolean }
  | { do: "resetCounter"; key: KeyUse; to: bigint }
  | { do: "getInto"; key: KeyUse; room: number; own: boolean }
  | { do: "getMany"; keys: KeyUse[] }
  | { do: "increment"; key: KeyUse; by: bigint; ttl?: number }
  | { do: "iterate"; what: "entries" | "keys" | "values" | "binary" }
  | { do: "size" | "usage" | "clear" | "drop" | "sweep" }
  | { do: "advance"; ticks: number };

function steps(encoding: EncodingName): fc.Arbitrary<{ space: number; handle: number; step: Step }[]> {
  const value = VALUES[encoding];
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant("set" as const),
        key: keyUse,
        value,
        ttl: ttls,
        condition: fc.constantFrom("none", "none", "absent", "version", "old version"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("setMany" as const),
        pairs: fc.array(fc.tuple(keyUse, value)),
        ttl: ttls,
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constantFrom("get", "peek", "getEntry", "borrow", "has", "delete", "readCounter"),
        key: keyUse,
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("touch" as const), key: keyUse, ttl: ttls }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("deleteIf" as const), key: keyUse, old: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("resetCounter" as const), key: keyUse, to: fc.bigInt(-100n, 100n) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("getInto" as const), key: keyUse, room: lengths, own: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("getMany" as const), keys: fc.array(keyUse, { maxLength: 20 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("increment" as const),
        key: keyUse,
        by: fc.oneof(fc.bigInt({ min: -100n, max: 100n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
        ttl: ttls,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("iterate" as const),
        what: fc.constantFrom("entries", "keys", "values", "binary"),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("size", "usage", "sweep") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("clear", "drop") }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), ticks: fc.constantFrom(1, 2, 5, 100) }) },
  );
  return fc.array(fc.record({ space: fc.nat(2), handle: fc.nat(1), step }), { maxLength: 80, size: "max" });
}

interface ModelEntry {
  key: Uint8Array;
  value: unknown;
  /** ms on the hand clock. */
  expires: number;
  /** Learnt from the store when it is first shown, then the same until the next write. */
  version?: bigint;
}

/** What a namespace should be: a Map by the key's bytes. Expired entries stay in it, unseen, until they are swept. */
class Model {
  entries = new Map<string, ModelEntry>();
  /** Versions of writes that are no more. */
  readonly old = new Set<bigint>();
  private readonly clock: HandClock;

  constructor(clock: HandClock) {
    this.clock = clock;
  }

  live(key: Uint8Array): ModelEntry | undefined {
    const entry = this.entries.get(latin(key));
    return entry !== undefined && entry.expires > this.clock.now ? entry : undefined;
  }

  all(): ModelEntry[] {
    return [...this.entries.values()].filter((entry) => entry.expires > this.clock.now);
  }

  set(key: Uint8Array, value: unknown, ttl: number | undefined): void {
    this.forget(key);
    this.entries.set(latin(key), {
      key,
      value,
      expires: ttl === undefined ? Number.POSITIVE_INFINITY : this.clock.now + ttl,
    });
  }

  delete(key: Uint8Array): boolean {
    const was = this.live(key) !== undefined;
    this.forget(key);
    this.entries.delete(latin(key));
    return was;
  }

  clear(): void {
    for (const { key } of [...this.entries.values()]) this.delete(key);
  }

  sweep(): void {
    for (const { key, expires } of [...this.entries.values()]) if (expires <= this.clock.now) this.delete(key);
  }

  private forget(key: Uint8Array): void {
    const version = this.entries.get(latin(key))?.version;
    if (version !== undefined) this.old.add(version);
  }
}

/** A value as it should come back: encoded forms normalise (-0 in JSON, undefined fields, Buffers). */
function plain(encoding: EncodingName, value: unknown): unknown {
  if (encoding === "binary") return latin(value as Uint8Array);
  if (encoding === "json") return JSON.parse(JSON.stringify(value));
  return value instanceof Uint8Array ? latin(value) : value;
}

function wholeNumber(encoding: EncodingName, value: unknown): bigint | undefined {
  if (encoding === "binary") {
    const b = value as Uint8Array;
    return b.length === 8 ? new DataView(b.buffer, b.byteOffset, 8).getBigInt64(0, true) : undefined;
  }
  if (encoding === "string") return /^-?\d+$/.test(value as string) ? BigInt(value as string) : undefined;
  if (typeof value === "bigint") return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

function counterValue(encoding: EncodingName, sum: bigint): unknown {
  if (encoding === "binary") return new Uint8Array(BigInt64Array.of(sum).buffer);
  if (encoding === "string") return String(sum);
  if (Number.isSafeInteger(Number(sum))) return Number(sum);
  return encoding === "msgpack" && BigInt.asIntN(64, sum) === sum ? sum : undefined;
}

const NAMES = ["first", "second", "agent_1_third"];

class Run {
  private readonly store: Store;
  private readonly clock: HandClock;
  private readonly encoding: EncodingName;
  private readonly models: Model[];
  private readonly handles: Ns[][];

  constructor(store: Store, encoding: EncodingName) {
    this.store = store;
    this.encoding = encoding;
    this.clock = new HandClock(store);
    this.models = NAMES.map(() => new Model(this.clock));
    // two handles a namespace: one goes stale when the other clears or drops it
    this.handles = NAMES.map((name) => [store.namespace(name, { encoding }), store.namespace(name, { encoding })]);
  }

  do(space: number, handle: number, step: Step): unknown {
    const ns = this.handles[space][handle];
    const model = this.models[space];
    switch (step.do) {
      case "set":
        return this.set(ns, model, step);
      case "setMany":
        ns.setMany(
          step.pairs.map(([key, value]) => [spell(key, ns), value] as never),
          { ttl: step.ttl },
        );
        for (const [key, value] of step.pairs) model.set(KEYS[key.index], value, step.ttl);
        return;
      case "get":
        return expect(this.plain(ns.get(spell(step.key, ns)))).toEqual(
          this.plain(model.live(KEYS[step.key.index])?.value),
        );
      case "peek":
        return expect(this.plain(ns.peek(spell(step.key, ns)))).toEqual(
          this.plain(model.live(KEYS[step.key.index])?.value),
        );
      case "readCounter":
        return this.readCounter(ns, model, step.key);
      case "resetCounter":
        return this.resetCounter(ns, model, step);
      case "touch":
        return this.touch(ns, model, step);
      case "deleteIf":
        return this.deleteIf(ns, model, step);
      case "getEntry":
        return this.getEntry(ns, model, step.key);
      case "has":
        return expect(ns.has(spell(step.key, ns))).toBe(model.live(KEYS[step.key.index]) !== undefined);
      case "delete":
        return expect(ns.delete(spell(step.key, ns))).toBe(model.delete(KEYS[step.key.index]));
      case "borrow":
        return this.borrow(ns, model, step.key);
      case "getInto":
        return this.getInto(ns, model, step);
      case "getMany":
        return expect(ns.getMany(step.keys.map((key) => spell(key, ns))).map((v) => this.plain(v))).toEqual(
          step.keys.map((key) => this.plain(model.live(KEYS[key.index])?.value)),
        );
      case "increment":
        return this.increment(ns, model, step);
      case "iterate":
        return this.iterate(ns, model, step.what);
      case "size":
        return expect(ns.size).toBe(model.all().length);
      case "usage":
        return this.usage(ns, model);
      case "clear":
        ns.clear();
        return model.clear();
      case "drop":
        this.store.dropNamespace(NAMES[space]); // it may be gone already
        // a handle finds nothing then, and makes its namespace anew when it next writes
        expect(ns.size).toBe(0);
        expect(this.store.namespaces()).not.toContain(NAMES[space]);
        return model.clear();
      case "sweep":
        this.store.maintain();
        for (const each of this.models) each.sweep();
        return;
      case "advance":
        return this.clock.advance(step.ticks * 10);
    }
  }

  private plain(value: unknown): unknown {
    return value === undefined ? "absent" : { is: plain(this.encoding, value) };
  }

  private set(ns: Ns, model: Model, step: Step & { do: "set" }): void {
    const key = KEYS[step.key.index];
    const now = model.live(key);
    const old = [...model.old].at(-1) ?? 12_345n;
    const version = now === undefined ? old : ns.getEntry(key)!.version;
    const [condition, holds] = {
      none: [{}, true],
      absent: [{ ifAbsent: true }, now === undefined],
      version: [{ ifVersion: version }, now !== undefined],
      "old version": [{ ifVersion: old }, false],
    }[step.condition] as [object, boolean];
    expect(ns.set(spell(step.key, ns), step.value as never, { ttl: step.ttl, ...condition })).toBe(holds);
    if (holds) model.set(key, step.value, step.ttl);
  }

  private getEntry(ns: Ns, model: Model, key: KeyUse): void {
    const entry = ns.getEntry(spell(key, ns));
    const expected = model.live(KEYS[key.index]);
    expect(this.plain(entry?.value)).toEqual(this.plain(expected?.value));
    if (entry === undefined || expected === undefined) return;
    expected.version ??= entry.version;
    expect(entry.version).toBe(expected.version);
    expect(model.old.has(entry.version)).toBe(false);
    if (expected.expires === Number.POSITIVE_INFINITY) expect(entry.expiresAt).toBeUndefined();
    else expect(entry.expiresAt).toBe(inside(this.store).createdMs + expected.expires);
  }

  private borrow(ns: Ns, model: Model, key: KeyUse): void {
    const expected = model.live(KEYS[key.index]);
    const seen = ns.borrow(spell(key, ns), (view) => {
      const before = view.slice();
      ns.delete(spell(key, ns)); // the view outlives even its entry
      this.store.maintain();
      expect(latin(view)).toBe(latin(before));
      return before;
    });
    // maintain() swept every namespace
    for (const each of this.models) if (seen !== undefined) each.sweep();
    expect(seen === undefined).toBe(expected === undefined);
    if (expected === undefined) return;
    if (this.encoding === "binary") expect(latin(seen!)).toBe(latin(expected.value as Uint8Array));
    model.delete(KEYS[key.index]);
  }

  private getInto(ns: Ns, model: Model, step: Step & { do: "getInto" }): void {
    const expected = model.live(KEYS[step.key.index]);
    const length = expected === undefined ? -1 : ns.borrow(KEYS[step.key.index], (view) => view.length)!;
    const room = Math.max(1, step.room);
    const whole = step.own ? this.store.buffer(room + 8) : new Uint8Array(room + 8);
    whole.fill(0xa5);
    const target = whole.subarray(4, 4 + room);
    if (length > room) expect(() => ns.getInto(spell(step.key, ns), target)).toThrow(InvalidArgumentError);
    else {
      expect(ns.getInto(spell(step.key, ns), target)).toBe(length);
      if (this.encoding === "binary" && expected !== undefined) {
        expect(latin(target.subarray(0, length))).toBe(latin(expected.value as Uint8Array));
      }
      // not a byte past the value
      expect(target.subarray(Math.max(0, length)).every((byte) => byte === 0xa5)).toBe(true);
    }
    expect([...whole.subarray(0, 4), ...whole.subarray(4 + room)].every((byte) => byte === 0xa5)).toBe(true);
  }

  private increment(ns: Ns, model: Model, step: Step & { do: "increment" }): void {
    const key = KEYS[step.key.index];
    const expected = model.live(key);
    const base = expected === undefined ? 0n : wholeNumber(this.encoding, expected.value);
    const exact = base === undefined ? undefined : base + step.by;
    const sum = exact === undefined || this.encoding !== "binary" ? exact : BigInt.asIntN(64, exact);
    const value = sum === undefined ? undefined : counterValue(this.encoding, sum);
    if (value === undefined) {
      expect(() => ns.increment(spell(step.key, ns), step.by)).toThrow(InvalidArgumentError);
      return;
    }
    expect(ns.increment(spell(step.key, ns), step.by, { ttl: step.ttl })).toBe(sum);
    model.set(key, value, expected === undefined ? step.ttl : this.left(expected));
  }

  /** The ttl that an entry has left. */
  private left({ expires }: ModelEntry): number | undefined {
    return expires === Number.POSITIVE_INFINITY ? undefined : expires - this.clock.now;
  }

  private readCounter(ns: Ns, model: Model, key: KeyUse): void {
    const expected = model.live(KEYS[key.index]);
    const count = expected === undefined ? undefined : wholeNumber(this.encoding, expected.value);
    if (expected !== undefined && count === undefined) {
      expect(() => ns.readCounter(spell(key, ns))).toThrow(InvalidArgumentError);
    } else expect(ns.readCounter(spell(key, ns))).toBe(count);
  }

  private resetCounter(ns: Ns, model: Model, step: Step & { do: "resetCounter" }): void {
    const key = KEYS[step.key.index];
    const expected = model.live(key);
    const count = expected === undefined ? undefined : wholeNumber(this.encoding, expected.value);
    if (expected !== undefined && count === undefined) {
      expect(() => ns.resetCounter(spell(step.key, ns), step.to)).toThrow(InvalidArgumentError);
      return;
    }
    expect(ns.resetCounter(spell(step.key, ns), step.to)).toBe(count);
    model.set(key, counterValue(this.encoding, step.to), expected === undefined ? undefined : this.left(expected));
  }

  private touch(ns: Ns, model: Model, step: Step & { do: "touch" }): void {
    const key = KEYS[step.key.index];
    const expected = model.live(key);
    expect(ns.touch(spell(step.key, ns), step.ttl)).toBe(expected !== undefined);
    if (expected !== undefined) model.set(key, expected.value, step.ttl);
  }

  private deleteIf(ns: Ns, model: Model, step: Step & { do: "deleteIf" }): void {
    const key = KEYS[step.key.index];
    const current = ns.getEntry(key)?.version;
    const ifVersion = step.old || current === undefined ? ([...model.old].at(-1) ?? 12_345n) : current;
    expect(ns.delete(spell(step.key, ns), { ifVersion })).toBe(ifVersion === current);
    if (ifVersion === current) model.delete(key);
  }

  private iterate(ns: Ns, model: Model, what: (Step & { do: "iterate" })["what"]): void {
    const sorted = (list: unknown[]) =>
      list.map((item) => JSON.stringify(item, (_, v) => (typeof v === "bigint" ? `${v}n` : v))).sort();
    const live = model.all();
    const text = (key: Uint8Array) => Buffer.from(key).toString("utf8");
    const value = (entry: ModelEntry) => plain(this.encoding, entry.value);
    const own = (v: unknown) => plain(this.encoding, v);
    if (what === "keys") expect(sorted([...ns.keys()])).toEqual(sorted(live.map((entry) => text(entry.key))));
    else if (what === "values") expect(sorted([...ns.values()].map(own))).toEqual(sorted(live.map(value)));
    else if (what === "entries") {
      const found = [...ns].map(([key, v]) => [key, own(v)]);
      expect(sorted(found)).toEqual(sorted(live.map((entry) => [text(entry.key), value(entry)])));
    } else {
      const found = [...ns.binaryEntries()].map(([key, v]) => [latin(key), own(v)]);
      expect(sorted(found)).toEqual(sorted(live.map((entry) => [latin(entry.key), value(entry)])));
    }
  }

  private usage(ns: Ns, model: Model): void {
    const { entries, bytes } = ns.usage();
    expect(entries).toBe(model.all().length);
    if (this.encoding !== "binary") return;
    const chunk = (entry: ModelEntry) =>
      2 ** Math.ceil(Math.log2(KEY_ROOM + 32 - largestFor(entry.key) + (entry.value as Uint8Array).length));
    expect(bytes).toBe(model.all().reduce((sum, entry) => sum + chunk(entry), 0));
  }
}

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("a namespace in %s", (_, shared) => {
  it.each(["binary", "string", "json", "msgpack"] as const)(
    `does what a Map would, with %s values (seed ${SEED})`,
    async (encoding) => {
      await fc.assert(
        fc.asyncProperty(steps(encoding), async (program) => {
          const store = await Store.create({ capacity: "8MiB", maintenance: false, eviction: "none", shared });
          try {
            const run = new Run(store, encoding);
            for (const { space, handle, step } of program) run.do(space, handle, step);
            expect((await store.verify()).violations).toEqual([]);
          } finally {
            await store.close();
          }
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
  );
});
