/** Invalidations between nodes whose casts get lost, and what they are made of. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CastLanes } from "#dist/src/cluster/cast-lanes.js";
import { MissingAcksError } from "#dist/src/cluster/errors.js";
import { Fills } from "#dist/src/cluster/fills.js";
import { type Coherence, type InvalidationNotice, Invalidations } from "#dist/src/cluster/invalidation.js";
import { decodeMessage, encodeMessage, type Message, type Scope } from "#dist/src/cluster/invalidation-message.js";
import { keyPattern } from "#dist/src/cluster/key-pattern.js";
import { TagIndex } from "#dist/src/cluster/tag-index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { Time, TinyLog } from "./tiny-cluster.js";

class Node {
  readonly entries = new Set<string>();
  readonly tags = new TagIndex();
  readonly fills = new Fills();
  readonly notices: InvalidationNotice[] = [];
  readonly engine;
  readonly invalidations: Invalidations;

  constructor(log: TinyLog, time: Time, name: string, incarnation: number, live: () => string[], more = {}) {
    this.engine = log.engine(name);
    const target = {
      moment: () => ({ ms: time.ms, counter: 0 }),
      drop: (key: string) => {
        this.tags.delete(key);
        return this.entries.delete(key);
      },
      keys: () => this.entries,
      tagged: (tag: string) => this.tags.keysOf(tag),
      clear: () => {
        const { size } = this.entries;
        this.entries.clear();
        this.tags.clear();
        return size;
      },
    };
    const casts = new CastLanes(this.engine).lane("invalidation");
    const settings = { node: name, incarnation, ...more };
    this.invalidations = new Invalidations(casts, time.clock(), target, live, this.fills, settings);
    this.invalidations.onInvalidated((notice) => this.notices.push(notice));
  }

  put(key: string, tags: string[] = []): void {
    this.entries.add(key);
    this.tags.set(key, tags);
  }
}

function nodes(coherence: Coherence = "strong", more = {}) {
  const time = new Time();
  const log = new TinyLog(time);
  const names = ["a", "b", "c"];
  const all = names.map((name, i) => new Node(log, time, name, i + 1, () => names, { coherence, ...more }));
  return { time, all, a: all[0], b: all[1], c: all[2], log };
}

/** How a promise stands, without waiting for it. */
function watched<T>(promise: Promise<T>) {
  const state: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => {
      state.value = value;
    },
    (error) => {
      state.error = error;
    },
  );
  return state;
}

describe("invalidations", () => {
  it("that are strong end when every live node has forgotten", async () => {
    const { time, all, a } = nodes();
    for (const node of all) node.put("k");
    const done = watched(a.invalidations.invalidate({ key: "k" }));
    await time.pass(0);
    expect(done).toEqual({});
    await time.pass(10);
    expect(done.value?.dropped).toBe(1);
    expect(done.value?.acknowledged.toSorted()).toEqual(["b", "c"]);
    expect(all.map(({ entries }) => entries.size)).toEqual([0, 0, 0]);
  });

  it("name the nodes that have not acknowledged, which forget when they can be reached", async () => {
    const { time, all, a, b, c } = nodes();
    for (const node of all) node.put("k");
    c.engine.cut = true;
    const done = watched(a.invalidations.invalidate({ key: "k" }, { timeout: 500 }));
    await time.pass(499);
    expect(done).toEqual({});
    await time.pass(1);
    expect(done.error).toBeInstanceOf(MissingAcksError);
    expect(done.error).toMatchObject({ code: "MISSING_ACKS", missing: ["c"] });
    expect(String(done.error)).toContain('"c" within 500 ms');
    expect([a.entries.size, b.entries.size, c.entries.size]).toEqual([0, 0, 1]);
    c.engine.cut = false;
    await time.pass(1100);
    expect(c.entries.size).toBe(0);
  });

  it("go out and end at once when eventual, and stay here when relaxed or local", async () => {
    const { time, all, a, b } = nodes("eventual");
    for (const node of all) node.put("k");
    expect(await a.invalidations.invalidate({ key: "k" })).toEqual({ dropped: 1, acknowledged: [] });
    expect(b.entries.size).toBe(1);
    await time.pass(2);
    expect(b.entries.size).toBe(0);
    const relaxed = nodes("relaxed");
    for (const node of relaxed.all) node.put("k");
    await relaxed.a.invalidations.invalidate({ key: "k" });
    await relaxed.time.pass(5000);
    expect(relaxed.all.map(({ entries }) => entries.size)).toEqual([0, 1, 1]);
    await relaxed.a.invalidations.invalidate({ key: "k" }, { wait: "none" });
    await relaxed.time.pass(5);
    expect(relaxed.all.map(({ entries }) => entries.size)).toEqual([0, 0, 0]);
  });

  it("meet keys, tags and patterns", async () => {
    const { time, all, a } = nodes("eventual");
    const fill = () => {
      for (const node of all) {
        node.put("session:1", ["user:7"]);
        node.put("session:2", ["user:8"]);
        node.put("plan", ["user:7", "other"]);
      }
    };
    const left = async (scope: Scope) => {
      fill();
      await a.invalidations.invalidate(scope);
      await time.pass(5);
      const [first, ...rest] = all.map(({ entries }) => [...entries].sort().join());
      expect(rest).toEqual([first, first]);
      return first;
    };
    expect(await left({ tag: "user:7" })).toBe("session:2");
    expect(await left({ pattern: "session:*" })).toBe("plan");
    expect(await left({ keys: ["plan", "session:2", "none"] })).toBe("session:1");
    expect(await left({ tag: "nobody" })).toBe("plan,session:1,session:2");
  });

  it("of more keys than a message takes go in several, acknowledged as one", async () => {
    const { time, b, a } = nodes("strong", { maxMessageBytes: 200 });
    const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`);
    for (const key of keys) b.put(key);
    const done = watched(a.invalidations.invalidate({ keys }));
    await time.pass(20);
    expect(done.value?.acknowledged).toHaveLength(2);
    expect(b.entries.size).toBe(0);
    expect(b.notices.length).toBeGreaterThan(5);
  });

  it("are all done in the end, whatever casts are lost, and nothing else is", async () => {
    const scopes = fc.oneof(
      fc.record({ key: fc.constantFrom("a1", "a2", "b1") }),
      fc.record({ tag: fc.constantFrom("t", "u") }),
      fc.record({ pattern: fc.constantFrom("a*", "*1") }),
    );
    const losses = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), scopes), { maxLength: 30 }), losses, async (steps, lost) => {
        const { time, all } = nodes("eventual");
        let losing = true;
        for (const node of all) node.engine.loses = () => losing && (lost.next().value as boolean);
        const expected = steps.map(([at, scope]) => JSON.stringify([all[at].engine.node, scope]));
        for (const [at, scope] of steps) {
          await all[at].invalidations.invalidate(scope);
          await time.pass(3);
        }
        losing = false;
        await time.pass(1300);
        for (const node of all) {
          const told = node.notices.map(({ source, scope }) => JSON.stringify([source, scope]));
          expect(told.sort()).toEqual(expected.toSorted());
        }
      }),
      { numRuns: 50 },
    );
  });

  it("that had been missed are acknowledged as soon as they are done", async () => {
    const { time, a, c } = nodes();
    let lost = 0;
    c.engine.loses = () => lost++ === 0;
    const done = watched(a.invalidations.invalidate({ key: "k" }));
    await time.pass(20);
    expect(done.value?.acknowledged.toSorted()).toEqual(["b", "c"]);
  });

  it("that are kept no longer cost a reset, told as a gap", async () => {
    const { time, a, c } = nodes("eventual", { kept: 3 });
    c.put("innocent");
    c.engine.loses = () => true;
    for (let i = 0; i < 10; i++) await a.invalidations.invalidate({ key: `k${i}` });
    c.engine.loses = () => false;
    await time.pass(1100);
    expect(c.entries.size).toBe(0);
    expect(c.invalidations.gaps).toBe(1);
    expect(c.notices[0]).toEqual({ scope: null, source: "a", dropped: 1, gap: true });
    c.put("later");
    await time.pass(5000);
    expect(c.entries.size).toBe(1);
  });

  it("of a node that came back are heard from its first", async () => {
    const { time, a, b, log } = nodes("eventual");
    for (let i = 0; i < 5; i++) await a.invalidations.invalidate({ key: "k" });
    await time.pass(5);
    a.invalidations.close();
    const again = new Node(log, time, "a", 99, () => [], {});
    b.put("k");
    await again.invalidations.invalidate({ key: "k" });
    await time.pass(5);
    expect(b.entries.size).toBe(0);
    expect(b.invalidations.gaps).toBe(0);
  });

  it("wait no longer for a node that has left, and end when the memory is closed", async () => {
    const { time, a, b, c } = nodes();
    c.engine.cut = true;
    b.engine.cut = true;
    const done = watched(a.invalidations.invalidate({ key: "k" }));
    const open = watched(a.invalidations.invalidate({ key: "k" }));
    a.invalidations.left("c");
    b.engine.cut = false;
    await time.pass(1200);
    expect(done.value?.acknowledged).toEqual(["b"]);
    expect(open.value?.acknowledged).toEqual(["b"]);
    const closed = watched(a.invalidations.invalidate({ key: "k" }));
    a.invalidations.close();
    await time.pass(1);
    expect(closed.error).toMatchObject({ code: "CLOSED" });
    await expect(a.invalidations.invalidate({ key: "k" })).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("refuse what is no scope", async () => {
    const { a } = nodes();
    const bad: [unknown, RegExp][] = [
      [{}, /one of \{ key \}.*was given none/],
      [{ key: "a", tag: "b" }, /key and tag/],
      [{ key: "" }, /a key to invalidate is ""/],
      [{ keys: "a" }, /option keys is "a"/],
      [{ keys: ["a", 7] }, /is 7/],
      [{ tag: 3 }, /a tag is 3/],
      [{ pattern: "" }, /a pattern of keys is ""/],
      [{ patern: "x" }, /did you mean "pattern"/],
      [null, /null/],
    ];
    for (const [scope, message] of bad) {
      const refused = a.invalidations.invalidate(scope as Scope);
      await expect(refused).rejects.toBeInstanceOf(InvalidArgumentError);
      await expect(refused).rejects.toThrow(message);
    }
    await expect(a.invalidations.invalidate({ key: "a" }, { wait: "some" as "all" })).rejects.toThrow(/option wait/);
    await expect(a.invalidations.invalidate({ key: "a" }, { timeout: 0 })).rejects.toThrow(/option timeout/);
  });

  it("make loads that are under way stale, of the keys they meet", async () => {
    const { a } = nodes("relaxed");
    const [one, two] = [a.fills.begin("session:1"), a.fills.begin("plan")];
    await a.invalidations.invalidate({ pattern: "session:*" });
    expect([one.stale, two.stale]).toEqual([true, false]);
    await a.invalidations.invalidate({ tag: "any" });
    expect(two.stale).toBe(true);
    one.end();
    const later = a.fills.begin("session:1");
    expect(later.stale).toBe(false);
  });
});

const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.record({ key: fc.string({ unit: "grapheme", minLength: 1 }) }),
  fc.record({ keys: fc.array(fc.string({ unit: "grapheme" })).filter(({ length }) => length !== 1) }),
  fc.record({ tag: fc.string({ unit: "grapheme" }) }),
  fc.record({ pattern: fc.string({ unit: "grapheme" }) }),
);
const number = fc.maxSafeNat();
const moment = fc.record({ ms: fc.nat({ max: 2 ** 48 - 1 }), counter: fc.nat({ max: 2 ** 16 - 1 }) });
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant("drop" as const), incarnation: number, serial: number, at: moment, scope }),
  fc.record({
    kind: fc.constantFrom("upto" as const, "now" as const, "done" as const, "again" as const, "lost" as const),
    incarnation: number,
    serial: number,
  }),
);

describe("messages of invalidations", () => {
  it("come out as they went in, and are refused when anything is cut or follows", () => {
    fc.assert(
      fc.property(message, (sent) => {
        const bytes = encodeMessage(sent);
        expect(decodeMessage(bytes)).toEqual(sent);
        for (let length = 0; length < bytes.length; length++)
          expect(decodeMessage(bytes.subarray(0, length))).toBe(null);
        expect(decodeMessage(Uint8Array.of(...bytes, 0))).toBe(null);
        expect(decodeMessage(Uint8Array.of(1, ...bytes.subarray(1)))).toBe(null);
      }),
    );
  });

  it("of any bytes are read or refused, and what is read is said again the same", () => {
    const noise = fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.of(2, rest[0] % 7, ...rest.subarray(1)));
    const bitten = fc.tuple(message, fc.nat(), fc.nat(255)).map(([sent, at, byte]) => {
      const bytes = encodeMessage(sent);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(noise, bitten), (bytes) => {
        const read = decodeMessage(bytes);
        if (read !== null) expect(decodeMessage(encodeMessage(read))).toEqual(read);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("patterns of keys", () => {
  it("mean what the same regular expression means", () => {
    const part = fc.constantFrom("a", "b", "*", "?", ":", "\\*", "\\?", "ü", "😀", ".");
    const key = fc.array(fc.constantFrom("a", "b", "*", "?", ":", "ü", "😀", ".")).map((all) => all.join(""));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), key, (parts, text) => {
        const source = parts.map((one) => {
          if (one === "*") return "[^]*";
          if (one === "?") return "[^]";
          return one.startsWith("\\") || one === "." ? `\\${one.at(-1)}` : one;
        });
        const expected = new RegExp(`^${source.join("")}$`, "u").test(text);
        expect(keyPattern(parts.join(""))(text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the index of tags", () => {
  it("says what a list of the entries would", () => {
    const step = fc.oneof(
      fc.tuple(fc.constant("set" as const), fc.constantFrom("x", "y", "z"), fc.uniqueArray(fc.constantFrom("s", "t"))),
      fc.tuple(fc.constant("delete" as const), fc.constantFrom("x", "y", "z"), fc.constant([])),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const index = new TagIndex();
        const model = new Map<string, string[]>();
        for (const [kind, key, tags] of steps) {
          if (kind === "set") {
            index.set(key, tags);
            model.set(key, tags);
          } else {
            index.delete(key);
            model.delete(key);
          }
        }
        const tagged = (tag: string) => [...model].filter(([, tags]) => tags.includes(tag)).map(([key]) => key);
        for (const tag of ["s", "t"]) expect(index.keysOf(tag).sort()).toEqual(tagged(tag).sort());
        expect(index.size).toBe([...model.values()].filter(({ length }) => length > 0).length);
        index.sweep((key) => key === "x");
        expect(index.keysOf("s")).toEqual(tagged("s").filter((key) => key === "x"));
      }),
    );
  });
});
