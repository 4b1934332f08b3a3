/** Shared data and configuration: what all threads see, who is told, and what a refused change leaves. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { load, parse, write } from "#dist/harness/backup/interchange.js";
import { chooseImage, SnapshotEntries } from "#dist/src/backup/index.js";
import {
  ClosedError,
  ContentionError,
  InvalidArgumentError,
  InvalidValueError,
  LockTimeoutError,
  OutOfMemoryError,
  restore,
  type StandardSchema,
  Store,
  ValueTooLargeError,
} from "#dist/src/index.js";
import { openConfig } from "#dist/src/resources/index.js";
import { openStore } from "../store/fixture.js";

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
const limits = z.object({ users: z.number().int().min(1), label: z.string().default("none") });

/** Waits until the condition holds: the test's own limit ends what never does. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe("shared data", () => {
  it("is one frozen object for all who ask, until another is put in its place", async () => {
    const store = await openStore();
    const data = store.shared("plan", { initial: { steps: [1, 2], at: new Date(5), by: new Map([["a", 1]]) } });
    const again = store.shared<{ steps: number[]; at: Date; by: Map<string, number> }>("plan");
    expect(data.version).toBe(1);
    expect(data.value).toBe(data.value);
    expect(data.current).toBe(data.current);
    expect(again.value).toEqual(data.value);
    expect(() => data.value.steps.push(3)).toThrow(TypeError);
    expect(() => data.value.by.set("b", 2)).toThrow(/read-only/);
    expect(() => data.value.at.setTime(6)).toThrow(/read-only/);
    expect(() => Object.assign(data.current, { version: 7 })).toThrow(TypeError);
    expect(data.set({ steps: [], at: new Date(6), by: new Map() })).toBe(true);
    expect(again.current).toMatchObject({ version: 2, value: { steps: [] } });
    expect(data.update((value) => ({ ...value, steps: [9] })).steps).toEqual([9]);
    expect(data.update(() => undefined).steps).toEqual([9]);
    expect(again.version).toBe(3);
  });

  it("is changed only as its version says, if one is named", async () => {
    const store = await openStore();
    const data = store.shared("plan", { initial: 0 });
    expect(data.set(1, { ifVersion: 1 })).toBe(true);
    expect(data.set(2, { ifVersion: 1 })).toBe(false);
    expect(data.current).toMatchObject({ value: 1, version: 2 });
  });

  it("runs an update again when another was faster, and says so when that never ends", async () => {
    const store = await openStore();
    const data = store.shared("plan", { initial: 0 });
    let calls = 0;
    const sum = data.update((value) => {
      if (calls++ === 0) data.set(10);
      return value + 1;
    });
    expect({ sum, calls, version: data.version }).toEqual({ sum: 11, calls: 2, version: 3 });
    const itself = (value: number): number => {
      data.set(value);
      return value + 1;
    };
    expect(() => data.update(itself, { attempts: 5 })).toThrow(ContentionError);
    await expect(data.updateAsync(itself, { attempts: 5 })).rejects.toBeInstanceOf(ContentionError);
    expect(data.value).toBe(11);
    const controller = new AbortController();
    const aborted = data.updateAsync(
      (value) => {
        controller.abort(new Error("enough"));
        return value + 1;
      },
      { signal: controller.signal },
    );
    await expect(aborted).rejects.toThrow("enough");
    expect(data.value).toBe(11);
  });

  it("outlives any eviction, and is refused where there is no room, keeping what it was", async () => {
    for (const eviction of ["clock", "lru"] as const) {
      const store = await openStore({ capacity: "4MiB", eviction });
      const small = store.shared("small", { initial: { text: "kept" } });
      const large = store.shared("large", { initial: "l".repeat(100_000) });
      const ns = store.namespace("filler");
      for (let i = 0; i < 40; i++) ns.set(`large${i}`, new Uint8Array(150_000));
      for (let i = 0; i < 20_000; i++) {
        ns.set(`k${i}`, new Uint8Array(100 + (i % 7) * 300));
        if (i % 1000 === 0) store.maintain();
      }
      expect(store.stats().operations.evictions).toBeGreaterThan(1000);
      expect(store.shared("small").value).toEqual({ text: "kept" });
      expect(store.shared<string>("large").value).toBe("l".repeat(100_000));
      small.set({ text: "changed under pressure" });
      large.set("m".repeat(100_000 - 5));
      expect([small.version, large.version]).toEqual([2, 2]);
    }
    const full = await openStore({ capacity: "2MiB", eviction: "none" });
    const data = full.shared("data", { initial: "before" });
    const ns = full.namespace("filler");
    for (const size of [60_000, 1000, 100, 1]) {
      const fill = (): void => {
        for (let i = 0; ; i++) ns.set(`${size}.${i}`, new Uint8Array(size));
      };
      expect(fill).toThrow(OutOfMemoryError);
    }
    for (const text of ["x".repeat(200_000), "x".repeat(9000)]) {
      expect(() => data.set(text)).toThrow(/shared data "data" keeps the value that it has/);
    }
    expect(data.current).toMatchObject({ value: "before", version: 1 });
    expect(() => full.shared("another", { initial: "x".repeat(9000) })).toThrow(OutOfMemoryError);
  });

  it("refuses by name what it cannot hold or does not know, and stays as it was", async () => {
    const store = await openStore();
    const data = store.shared<unknown>("data", { initial: "before" });
    const loop: unknown[] = [];
    loop.push(loop);
    const refusals: [() => unknown, new (...args: never[]) => Error, RegExp][] = [
      [() => data.set("x".repeat(5 * 2 ** 20)), ValueTooLargeError, /limit/],
      [() => data.set(() => 1), InvalidArgumentError, /function/],
      [() => data.set(loop), InvalidArgumentError, /./],
      [() => data.set(undefined), InvalidArgumentError, /undefined/],
      [() => data.set(1, { ifVersion: undefined as never }), InvalidArgumentError, /ifVersion is undefined/],
      [() => data.set(1, { ifVersion: 0 }), InvalidArgumentError, /ifVersion is 0/],
      [() => data.set(1, { version: 1 } as never), InvalidArgumentError, /unknown option "version"/],
      [() => data.update(1 as never), InvalidArgumentError, /calls a function, not 1/],
      [() => data.update(async () => 1), InvalidArgumentError, /promise/],
      [() => data.update(() => 1, { attempts: 0 }), InvalidArgumentError, /attempts is 0/],
      [() => data.subscribe(7 as never), InvalidArgumentError, /calls a function, not 7/],
      [() => data.subscribe(() => {}, { signal: {} as never }), InvalidArgumentError, /AbortSignal/],
      [() => store.shared(""), InvalidArgumentError, /not empty/],
      [() => store.shared("ü".repeat(101)), InvalidArgumentError, /202 bytes/],
      [() => store.shared("\ud800", { initial: 1 }), InvalidArgumentError, /surrogate/],
      [() => store.shared("none"), InvalidArgumentError, /there is no shared data "none"; pass { initial }/],
      [() => store.shared("x", { initail: 1 } as never), InvalidArgumentError, /did you mean "initial"/],
      [() => store.shared("x", { initial: 1, schema: {} as never }), InvalidArgumentError, /Standard Schema/],
      [() => store.shared("x", { initial: 1, checkReads: true }), InvalidArgumentError, /no schema/],
      [() => store.config("x", undefined as never, { initial: {} }), InvalidArgumentError, /no schema/],
      [() => store.config("x", limits), InvalidArgumentError, /there is no config "x"/],
      [() => store.config("x", limits, { initial: { users: 0 } }), InvalidValueError, /initial of config "x".*users/],
      [() => store.mutable("x"), InvalidArgumentError, /there is no mutable shared data "x"/],
      [() => store.mutable("x", { initial: 1, checkReads: true } as never), InvalidArgumentError, /unknown option/],
    ];
    for (const [call, kind, message] of refusals) {
      expect(call).toThrow(kind);
      expect(call).toThrow(message);
    }
    expect(data.current).toMatchObject({ value: "before", version: 1 });
    expect(() => store.shared("x")).toThrow(InvalidArgumentError); // none of those was made
  });

  it("can be dropped and made anew, and those who have it see both", async () => {
    const store = await openStore();
    const data = store.shared("data", { initial: 1 });
    const other = store.shared<number>("data");
    expect(data.value + other.value).toBe(2);
    expect(data.drop()).toBe(true);
    expect(data.drop()).toBe(false);
    expect(() => other.value).toThrow(/shared data "data" was dropped/);
    expect(() => other.set(2)).toThrow(ClosedError);
    store.shared("data", { initial: 5 });
    expect(other.current).toMatchObject({ value: 5, version: 1 });
  });

  it("works without shared memory, and ends with the store", async () => {
    const store = await openStore({ shared: false });
    const data = store.shared("data", { initial: { n: 0 } });
    const told: number[] = [];
    data.subscribe(({ n }) => told.push(n));
    data.set({ n: 1 });
    await until(() => told.length === 1);
    const board = store.mutable("board", { initial: [1] });
    board.write((draft) => void draft.push(2));
    expect(board.read((value) => value)).toEqual([1, 2]);
    data.set({ n: 2 });
    await store.close();
    await turn();
    await turn();
    expect(told).toEqual([1]);
    for (const call of [
      () => data.value,
      () => data.set({ n: 3 }),
      () => data.subscribe(() => {}),
      () => data.drop(),
    ]) {
      expect(call).toThrow(ClosedError);
    }
    expect(() => board.read((value) => value)).toThrow(ClosedError);
    await expect(data.updateAsync((value) => value)).rejects.toBeInstanceOf(ClosedError);
  });
});

describe("a config", () => {
  it("has every version from its schema, and a refused one changes nothing", async () => {
    const store = await openStore();
    const config = store.config("limits", limits, { initial: { users: 3 } });
    const told: unknown[] = [];
    config.subscribe((next, previous, version) => told.push([next, previous, version]));
    expect(config.value).toEqual({ users: 3, label: "none" });
    for (const bad of [{ users: 0 }, { users: "4" }, null]) {
      expect(() => config.set(bad as never)).toThrow(InvalidValueError);
      expect(() => config.update(() => bad as never)).toThrow(InvalidValueError);
      await expect(config.updateAsync(async () => bad as never)).rejects.toBeInstanceOf(InvalidValueError);
    }
    const refused = (() => {
      try {
        config.set({ users: 0 } as never);
      } catch (error) {
        return error as InvalidValueError;
      }
    })();
    expect(refused).toMatchObject({ code: "INVALID_VALUE", key: "limits" });
    expect(refused?.issues[0].path).toEqual(["users"]);
    expect(config.version).toBe(1);
    config.set({ users: 4, extra: true } as never);
    expect(config.value).toEqual({ users: 4, label: "none" });
    await until(() => told.length > 0);
    expect(told).toEqual([[{ users: 4, label: "none" }, { users: 3, label: "none" }, 2]]);
    // what is there wins over an initial, which is checked all the same
    expect(store.config("limits", limits, { initial: { users: 99 } }).value.users).toBe(4);
    expect(() => store.config("limits", limits, { initial: { users: 0 } })).toThrow(InvalidValueError);
  });

  it("takes a schema that answers later where somebody waits for it, and refuses it elsewhere", async () => {
    const store = await openStore();
    const slow: StandardSchema<{ n: number }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) => {
          await turn();
          if ((value as { n: number }).n < 0) return { issues: [{ message: "below 0", path: ["n"] }] };
          if ((value as { n: number }).n > 100) throw new Error("no database");
          return { value: { n: (value as { n: number }).n } };
        },
      },
    };
    expect(() => store.config("slow", slow, { initial: { n: 1 } })).toThrow(/answers with a promise/);
    await expect(openConfig(store, "slow", slow, { initial: { n: -1 } })).rejects.toThrow(/n: below 0/);
    await expect(openConfig(store, "slow", slow)).rejects.toThrow(/there is no config "slow"/);
    const config = await openConfig(store, "slow", slow, { initial: { n: 1 } });
    expect(() => config.set({ n: 2 })).toThrow(/answers with a promise/);
    await expect(config.updateAsync(() => ({ n: -1 }))).rejects.toThrow(/n: below 0/);
    await expect(config.updateAsync(() => ({ n: 101 }))).rejects.toThrow(/no database/);
    expect(config.current).toMatchObject({ value: { n: 1 }, version: 1 });
    // while one waits for its schema, others change it: nothing is lost
    await Promise.all(Array.from({ length: 8 }, () => config.updateAsync(({ n }) => ({ n: n + 1 }))));
    expect(config.current).toMatchObject({ value: { n: 9 }, version: 9 });
  });

  it("checks what it reads, if it is told to", async () => {
    const store = await openStore();
    store.config("limits", z.any(), { initial: { users: "many" } });
    const trusting = store.config<unknown>("limits", limits);
    expect(trusting.value).toEqual({ users: "many" });
    expect(() => store.config("limits", limits, { checkReads: true })).toThrow(/version 1 of config "limits".*users/);
    trusting.set({ users: 2 });
    const checking = store.config("limits", limits, { checkReads: true });
    expect(Object.isFrozen(checking.value)).toBe(true);
    store.config("limits", z.any()).set({ users: -1 });
    expect(() => checking.value).toThrow(InvalidValueError);
    trusting.set({ users: 5 });
    expect(checking.value).toEqual({ users: 5, label: "none" });
  });
});

describe("subscribers", () => {
  it("are told of the newest, in order, each once; one that throws keeps nobody from it", async () => {
    const store = await openStore();
    const warnings: Error[] = [];
    const hear = (warning: Error): void => {
      if ((warning as { code?: string }).code === "ENGRAM_OBSERVER") warnings.push(warning);
    };
    process.on("warning", hear);
    const data = store.shared("data", { initial: 0 });
    const told: unknown[][] = [];
    data.subscribe(() => {
      throw new Error("mine");
    });
    data.subscribe(async () => {
      throw new Error("mine, later");
    });
    const second = data.subscribe((...all) => told.push(all));
    const controller = new AbortController();
    const ended: number[] = [];
    data.subscribe((value) => ended.push(value), { signal: controller.signal });
    data.set(1);
    await until(() => told.length === 1 && warnings.length === 2);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/an observer of shared data "data" has thrown: Error: mine/),
      expect.stringMatching(/mine, later/),
    ]);
    controller.abort();
    data.set(2);
    data.set(3);
    await until(() => told.length === 2);
    expect(told).toEqual([
      [1, 0, 2],
      [3, 1, 4],
    ]);
    expect(ended).toEqual([1]);
    second.end();
    second.end();
    data.set(4);
    await until(() => warnings.length >= 6);
    expect(told).toHaveLength(2);
    expect(() => data.subscribe(() => {}, { signal: AbortSignal.abort(new Error("over")) })).toThrow("over");
    process.off("warning", hear);
  });

  it("are told of what is there, if they ask; and may end themselves, others or the store", async () => {
    const store = await openStore();
    const data = store.shared("data", { initial: 7 });
    const told: unknown[][] = [];
    const first = data.subscribe(
      (...all) => {
        told.push(["first", ...all]);
        first.end();
        third.end();
      },
      { initial: true },
    );
    data.subscribe((...all) => told.push(["second", ...all]), { initial: true });
    const third = data.subscribe((...all) => told.push(["third", ...all]), { initial: true });
    await until(() => told.length === 2);
    expect(told).toEqual([
      ["first", 7, undefined, 1],
      ["second", 7, undefined, 1],
    ]);
    data.subscribe(() => void store.close());
    data.subscribe((...all) => told.push(["never", ...all]));
    data.set(8);
    await until(() => told.length === 3);
    await store.close();
    await turn();
    expect(told[2]).toEqual(["second", 8, 7, 2]);
    expect(told).toHaveLength(3);
  });
});

describe("mutable shared data", () => {
  it("is read by many or changed by one, and a change that fails is none", async () => {
    const store = await openStore();
    const board = store.mutable("board", {
      initial: { n: 0, list: [] as number[] },
      schema: z.object({ n: z.number(), list: z.array(z.number()) }),
    });
    board.write((draft) => {
      draft.n = 1;
      draft.list.push(1);
    });
    expect(board.write(({ n }) => ({ n: n + 1, list: [] }))).toEqual({ n: 2, list: [] });
    expect(board.version).toBe(3);
    const fails: [() => unknown, RegExp][] = [
      [
        () =>
          board.write((draft) => {
            draft.n = 9;
            throw new Error("half way");
          }),
        /half way/,
      ],
      [() => board.write((draft) => void Object.assign(draft, { n: "9" })), /n: .*number/],
      [() => board.write((async () => undefined) as never), /promise/],
      [() => board.write(7 as never), /calls a function/],
      [() => board.write(() => undefined, { timeout: -1 }), /timeout/],
      [() => board.read((value) => void value.list.push(1)), /not extensible/],
    ];
    for (const [call, message] of fails) expect(call).toThrow(message);
    expect(board.version).toBe(3);
    const order: string[] = [];
    let open = (): void => {};
    const reading = board.readAsync(async ({ n }) => {
      order.push("reads");
      await new Promise<void>((done) => {
        open = done;
      });
      order.push("has read");
      return n;
    });
    await until(() => order.length === 1);
    expect(board.read(({ n }) => n)).toBe(2);
    await expect(board.writeAsync((draft) => void draft.n++, { timeout: 5 })).rejects.toBeInstanceOf(LockTimeoutError);
    const writing = board.writeAsync(async (draft) => {
      order.push("writes");
      draft.n++;
    });
    open();
    expect(await reading).toBe(2);
    expect(await writing).toEqual({ n: 3, list: [] });
    expect(order).toEqual(["reads", "has read", "writes"]);
    const dropped = board.writeAsync(async () => void store.mutable("board").drop());
    await expect(dropped).rejects.toThrow(/was dropped while it was changed/);
    expect(() => board.read((value) => value)).toThrow(ClosedError);
  });
});

describe("over threads", () => {
  const file = new URL("./threads/shared.mjs", import.meta.url);
  const start = async (store: Store): Promise<Worker> => {
    const worker = store.spawn(file);
    await once(worker, "message");
    return worker;
  };
  const ask = async (worker: Worker, verb: string, rest: object = {}): Promise<unknown> => {
    worker.postMessage({ verb, ...rest });
    for (;;) {
      const [message] = await once(worker, "message");
      if (typeof message === "object") return message.answer;
    }
  };
  const sum = { n: 0, again: 0, text: "" };

  it("no change of two at once is lost, whoever is told is told in order, and a thread that dies leaves a whole value", async () => {
    const store = await openStore({ capacity: "16MiB", maxWorkers: 8 });
    const data = store.shared("sum", { initial: sum });
    const board = store.mutable("board", { initial: sum });
    const [a, b, c] = await Promise.all([start(store), start(store), start(store)]);
    const listening = ask(c, "subscribe", { until: 400 });
    await Promise.all([
      ask(a, "update", { times: 150 }),
      ask(b, "updateLater", { times: 150 }),
      (async () => {
        for (let i = 0; i < 100; i++) {
          await data.updateAsync(({ n }) => ({ n: n + 1, again: n + 1, text: "" }));
        }
      })(),
    ]);
    expect(data.current).toMatchObject({ version: 401, value: { n: 400, again: 400 } });
    const told = (await listening) as { n: number; previous: number | undefined; version: number }[];
    expect(told.at(-1)).toMatchObject({ n: 400, version: 401 });
    for (const [i, { n, previous, version }] of told.entries()) {
      expect(version).toBe(n + 1);
      expect(previous).toBe(i === 0 ? undefined : told[i - 1].n);
      if (i > 0) expect(n).toBeGreaterThan(told[i - 1].n);
    }
    await Promise.all([ask(a, "write", { times: 60 }), ask(b, "write", { times: 60 })]);
    expect([board.version, board.read(({ n }) => n)]).toEqual([121, 120]);
    for (const [verb, read] of [
      ["updateForEver", () => ({ ...data.current })],
      ["writeForEver", () => ({ value: board.read((value) => value), version: board.version })],
    ] as const) {
      for (let round = 0; round < 2; round++) {
        const victim = await start(store);
        victim.postMessage({ verb });
        await once(victim, "message");
        const before = verb === "updateForEver" ? data.version : board.version;
        await until(() => (verb === "updateForEver" ? data.version : board.version) > before + round * 17);
        await victim.terminate();
        const { value, version } = read();
        expect(value.n).toBe(version - 1);
        expect(value.again).toBe(value.n);
        const from = value.n - 1; // what the change was made of
        expect(value.text).toHaveLength(from < 0 ? 0 : from % 10 === 9 ? 30_000 : (from % 40) * 100);
      }
      // those who live go on
      await ask(a, verb === "updateForEver" ? "update" : "write", { times: 3 });
    }
    for (const worker of [a, b, c]) {
      worker.postMessage({ verb: "close" });
      await once(worker, "exit");
    }
  });
});

it("does what its page shows", async () => {
  const store = await openStore();
  const page = readFileSync(new URL("../../docs/resources.md", import.meta.url), "utf8");
  const snippet = /## Shared data and configuration\n\n```js\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const program = snippet.replace(/^import .*\n/gm, "").replace(/^using /gm, "const ");
  const resized: number[] = [];
  new Function("store", "z", "resize", program)(store, z, (users: number) => resized.push(users));
  const again = store.config("limits", z.object({ users: z.number(), model: z.string() }));
  expect(again.current).toMatchObject({ value: { users: 20, model: "small" }, version: 2 });
  again.set({ users: 5, model: "small" });
  await until(() => resized.length > 0);
  expect(resized).toEqual([5]);
});

it("a backup keeps it, small and large, whole and damaged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "engram-shared-"));
  const store = await openStore({ capacity: "16MiB" });
  store.config("limits", limits, { initial: { users: 3 } }).set({ users: 4, label: "four" });
  store.shared("table", { initial: "t".repeat(90_000) });
  store.mutable("board", { initial: [1, 2] }).write((draft) => void draft.push(3));
  store.shared("dropped", { initial: 1 }).drop();
  store.namespace("gone");
  const ns = store.namespace("a"); // its id is one that a store of one namespace has not
  store.dropNamespace("gone");
  ns.set("k", new Uint8Array(100_000).fill(5));
  const backups = await store.backup({ directory: folder });
  await backups.now("full");
  await store.close();
  for (const options of [{}, { partial: true }, { store: { maxNamespaces: 1, capacity: "32MiB" } }]) {
    const restored = await restore(folder, options);
    const { store: back } = restored;
    expect(back.config("limits", limits, { checkReads: true }).current).toMatchObject({
      value: { users: 4, label: "four" },
      version: 2,
    });
    expect(back.shared<string>("table").value).toBe("t".repeat(90_000));
    expect(back.mutable<number[]>("board").read((value) => value)).toEqual([1, 2, 3]);
    expect(() => back.shared("dropped")).toThrow(/there is no/);
    expect(back.namespace("a").get("k")?.length).toBe(100_000);
    expect(restored.entries).toBe(1);
    expect((await back.verify()).violations).toEqual([]);
    await back.close();
  }
  // and so do the open formats
  const snapshot = new SnapshotEntries(chooseImage(folder, false).image);
  for (const format of ["jsonl", "msgpack"] as const) {
    const pieces = [...write(snapshot, 0, format, Date.now(), { entries: 0, expired: 0 })];
    const other = await openStore({ capacity: "16MiB" });
    load(other, parse("a file", Buffer.concat(pieces), format));
    expect(other.config("limits", limits).current).toMatchObject({ value: { users: 4, label: "four" }, version: 2 });
    expect(other.shared<string>("table").value).toBe("t".repeat(90_000));
  }
  rmSync(folder, { recursive: true, force: true });
});

it("is at every step what a model of it is, through any number of handles", async () => {
  const store = await openStore({ capacity: "4MiB", maxWorkers: 2 });
  const second = await Store.attach(store.handle);
  const schema = z.object({ n: z.number().max(50), pad: z.string() });
  type Value = z.infer<typeof schema>;
  const size = fc.constantFrom(0, 10, 2000, 30_000, 300_000);
  const step = fc.record({
    by: fc.nat({ max: 2 }),
    verb: fc.constantFrom("set", "set if", "update", "later", "refused", "too large", "drop"),
    n: fc.nat({ max: 50 }),
    size,
    back: fc.nat({ max: 2 }),
  });
  let run = 0;
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
    const name = `run ${run++}`;
    const initial = { n: 0, pad: "" };
    const handles = [store, store, second].map((on) => on.config<Value>(name, schema, { initial }));
    let model: { value: Value; version: number } | undefined = { value: initial, version: 1 };
    const told: [Value, Value | undefined, number][] = [];
    const subscription = handles[2].subscribe((...all) => told.push(all));
    let drops = 0;
    for (const { by, verb, n, size, back } of steps) {
      if (model === undefined) {
        for (const handle of handles) expect(() => handle.value).toThrow(ClosedError);
        (by === 2 ? second : store).config<Value>(name, schema, { initial });
        model = { value: initial, version: 1 };
      }
      const handle = handles[by];
      const value: Value = { n, pad: "p".repeat(size) };
      const next: { value: Value; version: number } = { value, version: model.version + 1 };
      if (verb === "set") {
        expect(handle.set(value)).toBe(true);
        model = next;
      } else if (verb === "set if") {
        const ifVersion = Math.max(1, model.version - back);
        expect(handle.set(value, { ifVersion })).toBe(ifVersion === model.version);
        if (ifVersion === model.version) model = next;
      } else if (verb === "update" || verb === "later") {
        const change = (before: Value): Value => {
          expect(before).toEqual(model?.value);
          return value;
        };
        if (verb === "update") handle.update(change);
        else await handle.updateAsync(async (before) => change(before));
        model = next;
      } else if (verb === "refused") {
        expect(() => handle.set({ n: n + 51, pad: "" })).toThrow(InvalidValueError);
      } else if (verb === "too large") {
        expect(() => handle.set({ n, pad: "p".repeat(2 ** 21) })).toThrow(ValueTooLargeError);
      } else {
        expect(handle.drop()).toBe(true);
        drops++;
        model = undefined;
        continue;
      }
      for (const handle of handles) {
        expect(handle.current).toMatchObject(model);
        expect(Object.isFrozen(handle.value)).toBe(true);
      }
    }
    if (model !== undefined && (model.version > 1 || drops > 0)) {
      await until(() => told.length > 0 && told.at(-1)?.[2] === model?.version);
      expect(told.at(-1)?.[0]).toEqual(model.value);
    }
    let previous: Value | undefined = initial;
    for (const [i, [value, before, version]] of told.entries()) {
      expect(before).toEqual(previous);
      if (i > 0 && drops === 0) expect(version).toBeGreaterThan(told[i - 1][2]);
      previous = value;
    }
    subscription.end();
    if (model !== undefined) handles[0].drop();
  });
  await fc.assert(property, { numRuns: 60 });
  await second.close();
});
