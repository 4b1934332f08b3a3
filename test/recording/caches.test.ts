import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import Keyv from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { LRUCache } from "lru-cache";
import { describe, expect, it, vi } from "vitest";
import { InvalidArgumentError } from "#dist/src/index.js";
import { openRecorder, type RecorderStatus, RecordingLostError, type WrapOptions } from "#dist/src/recording/record.js";
import { loadTrace, OPERATION_NAMES, type Trace } from "#dist/workloads/index.js";
import { engram } from "../harness/command-line.js";
import { temporaryFolder } from "../workloads/temporary-folder.js";

const { folder, file } = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.oplog`);
const library = JSON.stringify(new URL("../../dist/src/recording/record.js", import.meta.url).href);

function rows(trace: Trace) {
  return Array.from({ length: trace.requests }, (_, i) => [
    OPERATION_NAMES[trace.ops![i]],
    trace.ids[i],
    trace.sizes![i],
    trace.ttls![i],
  ]);
}

async function recorded<C extends object>(
  cache: C,
  use: (cache: C) => unknown,
  options?: WrapOptions,
): Promise<{ trace: Trace; status: RecorderStatus; path: string }> {
  const path = newFile();
  const recorder = openRecorder(path);
  await use(recorder.wrap(cache, options));
  const status = await recorder.close();
  return { trace: await loadTrace(path), status, path };
}

describe("a recorded Map", () => {
  it("is logged as it is asked: what, on which key, of how many bytes with the key", async () => {
    const { trace, status } = await recorded(new Map<string, unknown>(), (map) => {
      map.get("a");
      map.set("a", "four").set("b", new Uint8Array(7));
      map.get("a");
      map.has("b");
      map.set("c", { of: "unknown size" });
      map.get("c");
      map.delete("b");
    });
    expect(rows(trace)).toEqual([
      ["get", 0, 5, 0],
      ["set", 0, 5, 0],
      ["set", 1, 8, 0],
      ["get", 0, 5, 0],
      ["get", 1, 8, 0],
      ["set", 2, 0, 0],
      ["get", 2, 0, 0],
      ["delete", 1, 8, 0],
    ]);
    expect(status).toEqual({
      state: "closed",
      operations: 8,
      waiting: 0,
      lost: 0,
      bytes: 48 + 8 * 24,
      unlogged: 0,
      failure: null,
    });
    expect([...trace.times!]).toEqual([...trace.times!].sort((a, b) => a - b));
  });

  it("stays the Map it was, to everybody who has it, and has its own methods back afterwards", async () => {
    const map = new Map([["a", 1]]);
    await recorded(map, (wrapped) => {
      expect(wrapped).toBe(map);
      expect([wrapped instanceof Map, Object.keys(wrapped), [...wrapped]]).toEqual([true, [], [["a", 1]]]);
      expect(Object.hasOwn(map, "get")).toBe(true);
      expect(structuredClone(wrapped)).toEqual(new Map([["a", 1]]));
      wrapped.forEach((value, key, self) => {
        expect([value, key, self === map]).toEqual([1, "a", true]);
      });
      map.get("a");
    });
    expect([Object.hasOwn(map, "get"), map.get("a"), map.size]).toEqual([false, 1, 1]);
  });

  it("loses every key by clear", async () => {
    const { trace } = await recorded(new Map([["before", 1]]), (map) => {
      map.set("a", 1);
      map.clear();
      map.get("a");
    });
    expect(rows(trace).map(([op, key]) => [op, key])).toEqual([
      ["set", 0],
      ["delete", 1],
      ["delete", 0],
      ["get", 0],
    ]);
  });

  it("tells keys apart as a Map does: by kind, and objects by what they are", async () => {
    const one = {};
    const keys = ["1", 1, true, "true", null, "null", undefined, 1n, Number.NaN, one, {}, () => 0, Symbol("s")];
    const other = [Symbol.for("s"), new Uint8Array(1), new Uint8Array(1), "k".repeat(1025), `${"k".repeat(1024)}l`];
    const long = ["é".repeat(600), `${"é".repeat(599)}e`, "x".repeat(70_000), "x".repeat(70_001), "", 0];
    const all = [...keys, ...other, ...long];
    const { trace } = await recorded(new Map<unknown, number>(), (map) => {
      for (const key of all) map.set(key, 1);
      for (const key of all) map.get(key);
      map.get(-0);
      map.get(Symbol.for("s"));
    });
    expect(new Set(trace.ids).size).toBe(all.length);
    const places = all.map((_, i) => i);
    expect([...trace.ids]).toEqual([...places, ...places, all.length - 1, all.indexOf(Symbol.for("s"))]);
  });

  it.runIf("getOrInsert" in Map.prototype)(
    "is asked once by getOrInsert, and written where it had nothing",
    async () => {
      const { trace } = await recorded(new Map<string, string>(), (map) => {
        const newer = map as Map<string, string> & { getOrInsert(key: string, value: string): string };
        newer.getOrInsert("a", "xyz");
        newer.getOrInsert("a", "other");
      });
      expect(rows(trace).map(([op]) => op)).toEqual(["get", "set", "get"]);
    },
  );
});

describe("what is asked of any cache", () => {
  const key = fc.integer({ min: 0, max: 6 }).map((n) => `key ${n}`);
  const operation = fc.oneof(
    fc.record({ op: fc.constantFrom("get", "has", "delete"), key }),
    fc.record({ op: fc.constant("set"), key, value: fc.string({ minLength: 1, unit: "grapheme" }) }),
  ) as fc.Arbitrary<{ op: "get" | "has" | "delete" | "set"; key: string; value?: string }>;

  const caches: Record<string, () => object> = {
    Map: () => new Map(),
    "lru-cache of 3": () => new LRUCache({ max: 3 }),
    "keyv 5": () => new Keyv(),
    "keyv 6": () => new Keyv6(),
    "an object of functions": () => {
      const map = new Map<unknown, unknown>();
      return {
        get: (key: unknown) => map.get(key),
        set: (key: unknown, value: unknown) => void map.set(key, value),
        has: (key: unknown) => map.has(key),
        delete: (key: unknown) => map.delete(key),
      };
    },
  };

  it.each(Object.keys(caches))("is what the log holds, and the answers are those of a bare one: %s", async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 40 }), async (operations) => {
        const answers: unknown[][] = [];
        const ask = async (cache: object) => {
          const mine: unknown[] = [];
          for (const { op, key, value } of operations) {
            const answer = await (cache as Record<string, (...args: unknown[]) => unknown>)[op](key, value);
            mine.push(op === "set" ? null : answer);
          }
          answers.push(mine);
        };
        await ask(caches[kind]());
        const { trace } = await recorded(caches[kind](), ask);
        expect(answers[1]).toEqual(answers[0]);
        const ids = new Map<string, number>();
        const asked = operations.map(({ op, key }) => {
          if (!ids.has(key)) ids.set(key, ids.size);
          return [op === "has" ? "get" : op, ids.get(key)];
        });
        expect(rows(trace).map(([op, id]) => [op, id])).toEqual(asked);
        const sets = rows(trace).filter(([op]) => op === "set");
        const bytes = operations.filter(({ op }) => op === "set").map(({ value }) => 5 + Buffer.byteLength(value!));
        expect(sets.map(([, , size]) => size)).toEqual(bytes);
      }),
      { numRuns: 40 },
    );
  });

  it("goes on whatever keys and values are, as in a bare Map", async () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
    const step = fc.record({ op: fc.constantFrom("get", "has", "delete", "set"), key: anything, value: anything });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const bare = new Map();
        const { trace } = await recorded(new Map(), (map) => {
          for (const { op, key, value } of steps) {
            const args = op === "set" ? [key, value] : [key];
            const call = (on: Map<unknown, unknown>) => (on[op as "get"] as (...args: unknown[]) => unknown)(...args);
            const [answer, expected] = [map, bare].map((on) => call.call(null, bind(on)));
            if (op !== "set") expect(answer).toBe(expected);
          }
          map.set("the last", 1);
        });
        expect(trace.requests).toBe(steps.length + 1);
      }),
      { numRuns: 40 },
    );

    function bind(map: Map<unknown, unknown>): Map<unknown, unknown> {
      return Object.fromEntries(
        ["get", "has", "delete", "set"].map((name) => [
          name,
          (...args: unknown[]) => (map[name as "get"] as (...args: unknown[]) => unknown).apply(map, args),
        ]),
      ) as unknown as Map<unknown, unknown>;
    }
  });
});

describe("a recorded lru-cache", () => {
  it("hits as often in the simulator as it did", async () => {
    let state = 7;
    const draw = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) ** 3 * 1000);
    };
    let hits = 0;
    const { path } = await recorded(new LRUCache<number, string>({ max: 100 }), (cache) => {
      for (let i = 0; i < 20_000; i++) {
        const key = draw();
        if (cache.get(key) !== undefined) hits++;
        else cache.set(key, `answer ${key}`);
      }
    });
    const { code, stdout } = await engram(["evict", path, "--policy", "lru", "--size", "100", "--json"]);
    expect(code).toBe(0);
    const [row] = JSON.parse(stdout);
    expect(hits).toBeGreaterThan(5000);
    // a set is a hit of the simulator's, which had its get miss bring the entry in
    expect([row.requests, row.misses]).toEqual([20_000, 20_000 - hits]);
  });

  it("keeps its private fields, what a class makes of it, and what it calls of itself", async () => {
    class Answers extends LRUCache<string, string> {
      #asked = 0;
      answer(question: string): string {
        this.#asked++;
        const known = this.get(question);
        if (known !== undefined) return known;
        const found = question.toUpperCase();
        this.set(question, found);
        return found;
      }
      override get(question: string): string | undefined {
        this.#asked++;
        return super.get(question);
      }
      get asked(): number {
        return this.#asked;
      }
    }
    const { trace } = await recorded(new Answers({ max: 2 }), (answers) => {
      expect([answers.answer("a"), answers.answer("a"), answers.asked, answers.size]).toEqual(["A", "A", 4, 1]);
      expect([...answers.entries()]).toEqual([["a", "A"]]);
      expect(answers.peek("a")).toBe("A");
      answers.set("a", undefined);
    });
    expect(rows(trace)).toEqual([
      ["get", 0, 2, 0],
      ["set", 0, 2, 0],
      ["get", 0, 2, 0],
      ["delete", 0, 2, 0],
    ]);
  });

  it("tells the size that its entries are given, how long they live, and gets that load", async () => {
    const options = { maxSize: 1000, sizeCalculation: () => 1, ttl: 7000 };
    const load = { memoMethod: (key: string) => `memo ${key}`, fetchMethod: async (key: string) => `fetched ${key}` };
    const { trace } = await recorded(new LRUCache<string, string>({ ...options, ...load }), async (cache) => {
      cache.memo("m");
      await cache.fetch("f");
      cache.set("s", "value", { size: 70, ttl: 1000 });
      cache.get("s");
    });
    expect(rows(trace).filter(([op, id]) => op === "get" || id === 2)).toEqual([
      ["get", 0, 7, 0],
      ["get", 1, 10, 0],
      ["set", 2, 71, 1],
      ["get", 2, 71, 0],
    ]);
  });
});

describe("a recorded cache that answers with promises", () => {
  it("is logged in the order of the calls, with the sizes that come later", async () => {
    const slow = new Keyv<string>();
    const { trace } = await recorded(slow, async (cache) => {
      await cache.set("a", "four");
      const found = cache.get("a");
      const gone = cache.delete("a");
      await Promise.all([found, gone]);
      await cache.setMany([
        { key: "b", value: "22", ttl: 3000 },
        { key: "c", value: "333" },
      ]);
      expect(await cache.getMany(["b", "c", "d"])).toEqual(["22", "333", undefined]);
      expect(await cache.hasMany(["b", "d"])).toEqual([true, false]);
      expect(await cache.get(["b", "d"])).toEqual(["22", undefined]);
      await cache.deleteMany(["b", "c"]);
      await cache.delete(["d"]);
    });
    expect(rows(trace).map(([op, id, , ttl]) => `${op} ${id} ${ttl}`)).toEqual([
      ...["set 0 0", "get 0 0", "delete 0 0", "set 1 3", "set 2 0", "get 1 0", "get 2 0", "get 3 0"],
      ...["get 1 0", "get 3 0", "get 1 0", "get 3 0", "delete 1 0", "delete 2 0", "delete 3 0"],
    ]);
  });

  it("knows the size of what it only reads", async () => {
    const cache = { get: async (key: string) => (key === "there" ? "12345" : undefined) };
    const { trace } = await recorded(cache, async ({ get }) => {
      await cache.get("there");
      await cache.get("not");
      expect(typeof get).toBe("function");
    });
    expect(rows(trace)).toEqual([
      ["get", 0, 10, 0],
      ["get", 1, 0, 0],
    ]);
  });

  it("fails as it would: whoever asked is told, and by nobody else's hand", async () => {
    const cache = {
      get: async (): Promise<string> => {
        throw new Error("no connection");
      },
      set: () => {
        throw new Error("read only");
      },
    };
    const { trace } = await recorded(cache, async () => {
      await expect(cache.get()).rejects.toThrow("no connection");
      expect(() => cache.set()).toThrow("read only");
      await expect(cache.get()).rejects.toThrow("no connection");
    });
    expect(rows(trace).map(([op]) => op)).toEqual(["get", "get"]);
  });

  it("says so when a clear cannot be logged", async () => {
    const { status } = await recorded(new Keyv(), async (cache) => {
      await cache.set("a", 1);
      await cache.clear();
    });
    expect(status.unlogged).toBe(1);
  });
});

describe("options", () => {
  it("give sizes of the program's own, leave has out, and keep caches apart by name", async () => {
    const path = newFile();
    await using recorder = openRecorder(path);
    const sizes = recorder.wrap(new Map<string, object>(), { sizeOf: (value) => JSON.stringify(value).length });
    const looked = recorder.wrap(new Map<string, object>(), { has: false });
    const same = recorder.wrap(new Map<string, object>(), { name: "cache" });
    const broken = recorder.wrap(new Map<string, object>(), {
      sizeOf: () => {
        throw new Error("not mine");
      },
    });
    sizes.set("a", { n: 1 });
    looked.has("a");
    looked.set("a", {});
    same.set("a", {});
    broken.set("a", {});
    await recorder.close();
    const all = rows(await loadTrace(path));
    expect(all.map(([op, id]) => `${op} ${id}`)).toEqual(["set 0", "set 1", "set 0", "set 2"]);
    expect([all[0][2], all[3][2]]).toEqual([8, 0]);
  });

  it("are refused by name when they are wrong, and so is what is no cache; nothing is changed", async () => {
    await using recorder = openRecorder(newFile());
    const wrap = recorder.wrap.bind(recorder) as (cache: unknown, options?: unknown) => unknown;
    const frozen = Object.freeze({ get: () => 1, set: () => 1 });
    for (const [use, says] of [
      [
        () => wrap(new Set()),
        /wrap takes a cache, an object with get and set as a Map has them, not an object \(Set\)/,
      ],
      [() => wrap("cache"), /wrap takes a cache, .*not "cache"/],
      [() => wrap(frozen), /wrap: get of this Object cannot be replaced, since it is frozen or sealed/],
      [() => wrap(new Map(), { nme: "x" }), /unknown option "nme"; did you mean "name"/],
      [() => wrap(new Map(), { sizeOf: 3 }), /sizeOf is 3; expected a function/],
      [() => wrap(new Map(), { has: "no" }), /has is "no"; expected true or false/],
      [() => openRecorder(""), /openRecorder takes the path of a file to write, not ""/],
      [() => openRecorder(join(folder, "no", "folder")), /cannot be written \(no folder/],
      [() => openRecorder(newFile(), { append: 1 as never }), /append is 1; expected true or false/],
    ] as const) {
      expect(use).toThrow(InvalidArgumentError);
      expect(use).toThrow(says);
    }
  });

  it("take a cache twice as once, and recorders one over the other", async () => {
    const map = new Map<string, number>();
    const [first, second] = [newFile(), newFile()];
    const below = openRecorder(first);
    const above = openRecorder(second);
    below.wrap(below.wrap(map));
    above.wrap(map);
    map.set("a", 1);
    await below.close();
    map.set("b", 1);
    await above.close();
    map.set("c", 1);
    expect([(await loadTrace(first)).requests, (await loadTrace(second)).requests]).toEqual([1, 2]);
    expect([...map.keys()]).toEqual(["a", "b", "c"]);
  });
});

describe("the file", () => {
  it.runIf(existsSync("/dev/full"))("that is full stops the log and not the program, and is told", async () => {
    const warnings: string[] = [];
    const warned = vi.spyOn(process, "emitWarning").mockImplementation((what) => void warnings.push(String(what)));
    const recorder = openRecorder("/dev/full");
    const map = recorder.wrap(new Map<number, number>());
    for (let i = 0; i < 10_000; i++) map.set(i, i);
    expect([map.size, map.get(9999)]).toEqual([10_000, 9999]);
    const { state, operations, lost, waiting, failure } = recorder.status;
    expect([state, operations, lost, waiting]).toEqual(["failed", 0, 8192, 10_001 - 8192]);
    expect(failure?.message).toMatch(/ENOSPC/);
    await expect(recorder.close()).rejects.toThrow(RecordingLostError);
    await expect(recorder.close()).rejects.toThrow(/\/dev\/full: 10001 operations could not be written \(ENOSPC/);
    expect(recorder.status.state).toBe("closed");
    {
      await using disposed = openRecorder("/dev/full");
      disposed.wrap(map).get(1);
    }
    warned.mockRestore();
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(/^\/dev\/full: operations are not recorded any more: ENOSPC.*; the caches go on$/);
  });

  const program = (end: string) =>
    file(
      `${files++}.mjs`,
      `import { openRecorder } from ${library};
       const cache = openRecorder(process.argv[2]).wrap(new Map());
       for (let i = 0; i < 5000; i++) cache.set(i, "v");
       ${end}`,
    );

  it.each([
    ["ends", ""],
    ["exits", "process.exit(3);"],
    ["throws", 'throw new Error("on purpose");'],
  ])("has all of a program that %s without a word", async (_, end) => {
    const path = newFile();
    await promisify(execFile)(process.execPath, [program(end), path]).catch(() => {});
    expect((await loadTrace(path)).requests).toBe(5000);
  });

  it("holds whole records of a program that is killed", async () => {
    const path = newFile();
    // After a million it goes on without writing: a test that comes late would have gigabytes to read.
    const endless = program(
      'process.stdout.write("begun"); for (let i = 0; ; i++) { if (i < 1e6) cache.set(i, "v"); if (i % 1000 === 0) await null; }',
    );
    const child = spawn(process.execPath, [endless, path], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const trace = await loadTrace(path);
    warned.mockRestore();
    expect(trace.requests % 4096).toBe(0);
    expect(trace.requests).toBeGreaterThan(0);
    expect([...new Set(trace.ops)].map((op) => OPERATION_NAMES[op])).toEqual(["set"]);
  });

  it("is the one that the environment names where none is given; without it the recorder is off", async () => {
    const off = openRecorder();
    const map = new Map();
    expect([off.wrap(map), Object.hasOwn(map, "get"), off.status.state]).toEqual([map, false, "off"]);
    expect((await off.close()).operations).toBe(0);
    const out = newFile();
    const run = await engram(["trace", "record", out, "--", process.execPath, program("")]);
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    expect((await loadTrace(out)).requests).toBe(5000);
  });
});
