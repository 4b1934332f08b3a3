/** What every program does: restore, go on backing up into the same directory, end. Whole lives of it, each after the other. */
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeHeader } from "#dist/src/backup/format.js";
import { findGenerations, inspectHeader, readBackup } from "#dist/src/backup/index.js";
import { layout } from "#dist/src/core/index.js";
import { BackupError, OutOfMemoryError, restore, Store } from "#dist/src/index.js";
import { loadMapper } from "#dist/src/mapping.js";
import { seedOr } from "../given.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";
import { sessionOf } from "./session.js";

const seed = seedOr(20_261_128);
const temporary = temporaryDirectories();
const mapper = loadMapper();

type Act =
  | { do: "fill"; ns: number; from: number; keys: number; size: number; ttl: boolean }
  | { do: "thin"; ns: number; every: number }
  | { do: "count"; ns: number }
  | { do: "fleet"; keys: number; size: number }
  | { do: "drop"; ns: number }
  | { do: "clear"; ns: number }
  | { do: "backup"; kind: "incremental" | "full" };

const ns = fc.integer({ min: 0, max: 2 });
/** Up to each of the ten size classes. */
const size = fc.integer({ min: 0, max: 9 }).chain((n) => fc.integer({ min: 0, max: Math.min(16_000, 32 << n) }));
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("fill" as const),
      ns,
      from: fc.integer({ min: 0, max: 200 }),
      keys: fc.integer({ min: 1, max: 120 }),
      size,
      ttl: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("thin" as const), ns, every: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("count" as const), ns }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("fleet" as const), keys: fc.integer({ min: 1, max: 50 }), size }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), ns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), ns }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("backup" as const),
      kind: fc.constantFrom("incremental" as const, "full" as const),
    }),
  },
);
const life = fc.record({
  acts: fc.array(act, { minLength: 3, maxLength: 14 }),
  mapped: fc.boolean(),
  capacity: fc.constantFrom("4MiB", undefined, "8MiB"),
  threads: fc.constantFrom(1, 1, 1, 2),
  partial: fc.boolean(),
});

/** Entries that may expire at any time are not part of what is compared. */
const FLEETING = "fleeting";
type Model = Map<string, string>;

function perform(store: Store, model: Model, act: Exclude<Act, { do: "backup" }>, stamp: number): void {
  if (act.do === "fleet") {
    const space = store.namespace(FLEETING);
    whileThereIsRoom(act.keys, (i) => space.set(`k${i}`, Buffer.alloc(act.size, stamp), { ttl: 1 + (i % 30) }));
    return;
  }
  const name = `n${act.ns}`;
  const forget = () => {
    for (const full of model.keys()) if (full.startsWith(`${name}/`)) model.delete(full);
  };
  if (act.do === "drop") {
    store.dropNamespace(name);
    forget();
    return;
  }
  const space = store.namespace(name);
  if (act.do === "clear") {
    space.clear();
    forget();
  } else if (act.do === "count") {
    whileThereIsRoom(1, () => {
      space.increment("counter", 3);
      model.set(`${name}/counter`, Buffer.from(space.get("counter") as Uint8Array).toString("latin1"));
    });
  } else if (act.do === "fill") {
    whileThereIsRoom(act.keys, (i) => {
      const value = Buffer.alloc(act.size, stamp + i);
      space.set(`k${act.from + i}`, value, act.ttl ? { ttl: 1e9 } : {});
      model.set(`${name}/k${act.from + i}`, value.toString("latin1"));
    });
  } else {
    for (const key of [...space.keys()].sort().filter((_, i) => i % act.every !== 0)) {
      space.delete(key);
      model.delete(`${name}/${key}`);
    }
  }
}

function whileThereIsRoom(times: number, write: (i: number) => void): void {
  try {
    for (let i = 0; i < times; i++) write(i);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
  }
}

function lasting(contents: Model): Model {
  return new Map([...contents].filter(([name]) => !name.startsWith(`${FLEETING}/`)));
}

function contentsOfStore(store: Store): Model {
  const contents = new Map<string, string>();
  for (const name of store.namespaces()) {
    if (name === FLEETING) continue;
    for (const [key, value] of store.namespace(name))
      contents.set(`${name}/${key}`, Buffer.from(value).toString("latin1"));
  }
  return contents;
}

/** Only the first of two maps that differ, not megabytes of both. */
function expectSame(found: Model, expected: Model, what: string): void {
  for (const [name, value] of expected) {
    if (found.get(name) !== value) throw new Error(`${what}: ${name} is ${found.has(name) ? "another" : "missing"}`);
  }
  for (const name of found.keys()) if (!expected.has(name)) throw new Error(`${what}: ${name} is not in the model`);
}

/** Makes the files such that they are restored in part, with nothing lost: the header has another checksum of checksums. */
function spoilTables(directory: string): void {
  for (const file of findGenerations(directory)) {
    const header = inspectHeader(file);
    if (header === null) continue;
    const bytes = readFileSync(file);
    encodeHeader({ ...header, checksumTableChecksum: 0xbad }).copy(bytes);
    writeFileSync(file, bytes);
  }
}

const options = { capacity: "4MiB", maxWorkers: 2, eviction: "none", maintenance: false } as const;

describe("a store that lives on in its backups", () => {
  it(`holds what a map holds, whatever its lives are like (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 4 }), async (lives) => {
        const directory = temporary();
        const model: Model = new Map();
        let store = await Store.create(options);
        let stamp = 0;
        for (const [number, { acts, mapped, capacity, threads, partial }] of lives.entries()) {
          const native = mapped && typeof mapper !== "string" ? mapper : null;
          const session = sessionOf(store, directory, undefined, "process", native);
          let backups = 0;
          for (const act of [...acts, { do: "backup" as const, kind: "incremental" as const }]) {
            if (act.do !== "backup") {
              perform(store, model, act, ++stamp);
              continue;
            }
            const { file, kind } = session.backup(act.kind);
            if (backups++ < 2) expect(kind, "a file is written in full first").toBe("full");
            expectSame(lasting(contentsOf(readBackup(file))), model, `life ${number + 1}, backup ${backups}`);
          }
          expect((await store.verify()).violations).toEqual([]);
          session.close();
          await store.close();
          if (partial) spoilTables(directory);
          const restored = await restore(directory, { threads, partial, store: { ...options, capacity } });
          expect(restored.losses).toEqual([]);
          store = restored.store;
          expectSame(contentsOfStore(store), model, `restored after life ${number + 1}`);
          expect((await store.verify()).violations).toEqual([]);
        }
        await store.close();
      }),
      { seed, numRuns: 15 },
    );
  });

  it.each(["mapped", "positioned"] as const)("keeps every entry from one life to the next (%s)", async (writing) => {
    const directory = temporary();
    let store = await Store.create({ capacity: "32MiB", eviction: "none" });
    const docs = store.namespace("docs");
    for (let i = 0; i < 750; i++) {
      docs.set(`doc${i}`, new Uint8Array(12_000).fill(i & 255));
      if (i >= 250) docs.delete(`doc${i - 250}`);
    }
    for (let life = 1; life <= 3; life++) {
      const backups = await store.backup({ directory, writing });
      const kinds = [(await backups.now()).kind, (await backups.now()).kind, (await backups.now()).kind];
      expect(kinds).toEqual(["full", "full", "incremental"]);
      await store.close();
      store = (await restore(directory)).store;
      expect(store.namespace("docs").usage().entries).toBe(250);
    }
    await store.close();
  });
});

describe("a backup that lacks what the store counts", () => {
  it("is given up and says so; the other generation stays, and the next one is written in full", async () => {
    const directory = temporary();
    const store = await Store.create(options);
    const space = store.namespace("n");
    for (let i = 0; i < 3000; i++) space.set(`k${i}`, Buffer.alloc(100, i));
    const session = sessionOf(store, directory);
    for (let i = 0; i < 4; i++) session.backup("incremental");
    const memory = store.handle.memory as WebAssembly.Memory;
    const words = new Uint32Array(memory.buffer);
    const table = words[layout.H_SLABS / 4] / 4;
    let last = 0;
    while (words[table + last + 1] !== 0) last++;
    const state = words[table + last];
    words[table + last] = 0; // as if it were not known
    const failure = (() => {
      try {
        session.backup("incremental");
      } catch (error) {
        return error;
      }
    })() as BackupError;
    expect(failure).toBeInstanceOf(BackupError);
    expect(failure.failure).toBe("incomplete");
    expect(failure.message).toMatch(/generation-a\.engram: \d+ entries were copied, and the store counts 3001;/);
    words[table + last] = state;
    expect(readBackup(findGenerations(directory)[1]).header.generation).toBe(4);
    const report = session.backup("incremental");
    expect(report).toMatchObject({ entries: 3001, regionsWritten: report.regions });
    expect(contentsOf(readBackup(report.file)).size).toBe(3000);
    session.close();
    await store.close();
  });
});
