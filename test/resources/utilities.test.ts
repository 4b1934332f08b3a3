/** One configuration for all utilities, and one hierarchy of errors: the page's tables are held against the code. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as errors from "#dist/src/errors.js";
import { EngramError, InvalidArgumentError, InvalidValueError } from "#dist/src/index.js";
import * as room from "#dist/src/resources/index.js";
import { Cache, guard, Pool, type UtilityConfig, utilities } from "#dist/src/resources/index.js";
import { openStore } from "../store/fixture.js";

const check = (value: unknown) => {
  const result = utilities["~standard"].validate(value);
  if (result instanceof Promise) throw new Error("it answers at once");
  return result;
};
const issuesOf = (value: unknown) => (check(value).issues ?? []).map(({ message }) => message);
const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/resources.md"), "utf8");

describe("the configuration of all utilities", () => {
  it("has the options' own defaults, and is taken by what it is for", async () => {
    const result = check({});
    if (result.issues !== undefined) throw new Error("nothing is wrong with it");
    const { value } = result;
    expect(value).toEqual({
      pool: {
        ...{ min: 0, max: 10, acquireTimeout: 5000, createTimeout: 5000, checkTimeout: 1000, destroyTimeout: 5000 },
        ...{ idleTimeout: 30_000, checkAfter: 1000, createAttempts: 4, leaks: "off", scope: "thread" },
      },
      guard: { leaks: "off" },
      cache: { policy: "lru", maxEntries: Infinity, maxBytes: Infinity, ttl: Infinity },
      mappedFile: { writable: false, mapped: true },
      shared: { checkReads: false, attempts: 10_000 },
    });
    expect(check(value)).toEqual({ value }); // what was checked may be checked again
    await new Pool({ create: () => 1 }, value.pool).close();
    await guard(1, () => {}, value.guard).end();
    expect(() => new Cache(value.cache)).toThrow(/grows for ever/);
    expect(new Cache({ ...value.cache, maxEntries: 3 }).set("a", 1)).toBe(true);
  });

  it("names path, value and what was expected of everything that is wrong, and only that", () => {
    const config = {
      pool: { max: 0, min: -1, acquireTimeout: "soon", createAttempts: 1.5, leaks: "yes", maxx: 1 },
      cache: { policy: "opt", maxEntries: 0, maxBytes: "7 elephants", ttl: 0 },
      guard: 7,
      mappedFile: { mapped: "no" },
      shared: { attempts: 0, checkReads: true },
      pols: {},
    };
    expect(issuesOf(config)).toEqual([
      expect.stringMatching(/the configuration has no "pols".*did you mean pool/),
      expect.stringMatching(/pool has no "maxx".*did you mean max/),
      expect.stringMatching(/pool.min is -1; expected a whole number from 0/),
      expect.stringMatching(/pool.max is 0; expected a whole number from 1 to 1048576/),
      expect.stringMatching(/pool.acquireTimeout is "soon"; expected milliseconds from 0/),
      expect.stringMatching(/pool.createAttempts is 1.5; expected/),
      expect.stringMatching(/pool.leaks is "yes"; expected one of trace, off/),
      expect.stringMatching(/guard is 7; expected an object with leaks/),
      expect.stringMatching(/cache.policy is "opt"; expected one of lru/),
      expect.stringMatching(/cache.maxEntries is 0; expected a whole number from 1/),
      expect.stringMatching(/cache.maxBytes is "7 elephants"/),
      expect.stringMatching(/cache.ttl is 0; expected milliseconds above 0/),
      expect.stringMatching(/mappedFile.mapped is "no"; expected true or false/),
      expect.stringMatching(/shared.attempts is 0; expected/),
    ]);
    expect(check(config).issues?.map(({ path }) => path)).toContainEqual(["pool", "acquireTimeout"]);
    expect(issuesOf({ pool: { min: 11 } })).toEqual([expect.stringMatching(/pool.min is 11;.*pool.max, 10/)]);
    for (const no of [null, [], 7, "x", undefined])
      expect(issuesOf(no)).toEqual([expect.stringMatching(/expected an object/)]);
  });

  it("is itself what the options of each part say: whatever is drawn, both take it or both refuse it", () => {
    const drawn = fc.oneof(
      fc.constantFrom(0, 1, -1, 1.5, 10, 2 ** 31, Infinity, Number.NaN, "5s", "no", "off", "trace", "lru", null, true),
      fc.integer({ min: -2, max: 20 }),
    );
    const pool = fc.record(
      { min: drawn, max: drawn, acquireTimeout: drawn, createAttempts: drawn, leaks: drawn },
      { requiredKeys: [] },
    );
    const cache = fc.record({ maxBytes: drawn, ttl: drawn, policy: drawn }, { requiredKeys: [] });
    const takes = (make: () => unknown): boolean => {
      try {
        make();
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidArgumentError);
        return false;
      }
    };
    const property = fc.property(pool, cache, (poolOptions, cacheOptions) => {
      const pools = takes(() => void new Pool({ create: () => 1 }, { ...poolOptions } as never).close());
      const caches = takes(() => new Cache({ maxEntries: 5, ...cacheOptions } as never));
      expect(check({ pool: poolOptions }).issues === undefined).toBe(pools);
      expect(check({ cache: cacheOptions }).issues === undefined).toBe(caches);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("is one config of the store for all threads, which a wrong value does not change", async () => {
    const store = await openStore();
    const config = store.config("utilities", utilities, {
      initial: { pool: { max: 20, acquireTimeout: "1s" } } satisfies UtilityConfig,
    });
    expect(config.value.pool).toMatchObject({ max: 20, acquireTimeout: 1000, min: 0 });
    const wrong = { ...config.value, pool: { ...config.value.pool, max: -1 } };
    expect(() => config.set(wrong)).toThrow(InvalidValueError);
    expect(() => config.set(wrong)).toThrow(/pool.max is -1; expected a whole number from 1 to 1048576/);
    expect(config.value.pool.max).toBe(20);
  });
});

describe("errors of this room", () => {
  /** Of the platform: what its own AsyncDisposableStack and its signals have. */
  const PLATFORM = ["Error", "AggregateError", "TypeError", "ReferenceError", "SuppressedError"];
  const sources = ["src/resources", "src/store/resources"]
    .map((folder) => join(root, folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const thrown = [...new Set([...sources.matchAll(/new (\w+Error)\(/g)].map(([, name]) => name))].filter(
    (name) => !PLATFORM.includes(name),
  );
  /** Class and code, by the page. */
  const told = new Map(
    [...page.matchAll(/^\| `(\w+Error)` \| `([A-Z_]+)` \|/gm)].map(([, name, code]) => [name, code]),
  );
  const classes: Record<string, unknown> = { ...errors, ...room };

  it("are all on the page, each under EngramError with the code that the page has", () => {
    expect(thrown.length).toBeGreaterThan(8);
    expect(thrown.filter((name) => !told.has(name))).toEqual([]);
    const definitions = `${sources}\n${readFileSync(join(root, "src/errors.ts"), "utf8")}`;
    for (const [name, code] of told) {
      const kind = classes[name] as { prototype: unknown } | undefined;
      expect(kind?.prototype, `${name} is exported`).toBeInstanceOf(EngramError);
      const body = definitions.slice(definitions.indexOf(`class ${name} `));
      const own = /super\(\s*"([A-Z_]+)"|code: string = "([A-Z_]+)"/.exec(body);
      expect(own?.[1] ?? own?.[2], name).toBe(code);
    }
  });
});
