/** Namespaces whose values go through a validator, any with the Standard Schema interface. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { InvalidArgumentError, InvalidValueError, type StandardSchema, type Store } from "#dist/src/index.js";
import { openStore } from "./fixture.js";

const PLAN = z.object({ step: z.number().int(), owner: z.string().default("nobody") });

function failure(run: () => unknown): InvalidValueError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidValueError);
    return error as InvalidValueError;
  }
  throw new Error("nothing was thrown");
}

/** A validator that does what it is told to. */
function answering(validate: (value: unknown) => unknown): StandardSchema<unknown> {
  return { "~standard": { version: 1, vendor: "test", validate: validate as never } };
}

async function plans(checkReads = false) {
  const store = await openStore();
  return { store, ns: store.namespace("plans", { encoding: "json", schema: PLAN, checkReads }) };
}

const raw = (store: Store) => store.namespace<unknown>("plans", { encoding: "json" });

describe("a namespace with a schema", () => {
  it("writes what the validator makes of a value, by every way in", async () => {
    const { store, ns } = await plans();
    const half = { step: 1 } as { step: number; owner: string };
    ns.set("set", half);
    ns.set("prepared", half, { ttl: 60_000 });
    ns.setMany([["many", half]]);
    ns.setMany(new Set([["one by one", half] as const]));
    expect(ns.update("update", () => half)).toEqual({ step: 1, owner: "nobody" });
    for (const key of ns.keys()) expect(raw(store).get(key)).toEqual({ step: 1, owner: "nobody" });
    expect(ns.size).toBe(5);
  });

  it("refuses with key, issues and code, and changes nothing", async () => {
    const { ns } = await plans();
    ns.set("a", { step: 1, owner: "x" });
    const wrong = { step: "one" } as never;
    const ways = [
      () => ns.set("a", wrong),
      () => ns.set(ns.key("a"), wrong),
      () => ns.set("a", wrong, { ttl: 1 }),
      () => ns.update("a", () => wrong),
      () => ns.setMany([["a", wrong]]),
    ];
    for (const way of ways) {
      const error = failure(way);
      expect(error.code).toBe("INVALID_VALUE");
      expect(Buffer.from(error.key as string).toString()).toBe("a");
      expect(error.issues[0].path).toEqual(["step"]);
      expect(error.message).toMatch(/namespace "plans" is refused: step: /);
      expect(ns.get("a")).toEqual({ step: 1, owner: "x" });
    }
  });

  it("leaves what came before in a batch written, as a refused value does without a schema", async () => {
    const { ns } = await plans();
    const good = { step: 1, owner: "x" };
    failure(() =>
      ns.setMany([
        ["a", good],
        ["b", {} as never],
        ["c", good],
      ]),
    );
    expect([...ns.keys()]).toEqual(["a"]);
  });

  it("counts only as far as the schema lets it", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "json", schema: z.number().max(2) });
    expect([ns.increment("k"), ns.increment("k")]).toEqual([1n, 2n]);
    failure(() => ns.increment("k"));
    expect(ns.get("k")).toBe(2);
  });

  it("believes what is there, unless it is to check reads", async () => {
    const { store, ns } = await plans();
    raw(store).set("old", { step: "one" });
    expect(ns.get("old")).toEqual({ step: "one" });
    const checked = store.namespace("plans", { encoding: "json", schema: PLAN, checkReads: true });
    checked.set("new", { step: 2, owner: "x" });
    const ways = [
      () => checked.get("old"),
      () => checked.getEntry("old"),
      () => checked.getMany(["new", "old"]),
      () => [...checked.values()],
      () => [...checked],
      () => [...checked.binaryEntries()],
    ];
    for (const way of ways) expect(Buffer.from(failure(way).key as string).toString()).toBe("old");
    expect([...checked.keys()].sort()).toEqual(["new", "old"]);
    expect(checked.getMany(["new", "absent"])).toEqual([{ step: 2, owner: "x" }, undefined]);
    expect(checked.update("old", () => ({ step: 3, owner: "x" }))?.step).toBe(3); // else it could not be mended
  });

  it("refuses validators that throw, answer later, or answer nothing", async () => {
    const store = await openStore();
    const broken = new Error("broken");
    const open = (name: string, validate: (value: unknown) => unknown) =>
      store.namespace(name, { encoding: "json", schema: answering(validate) });
    const threw = failure(() =>
      open("throws", () => {
        throw broken;
      }).set("k", 1),
    );
    expect([threw.cause, threw.key, threw.issues]).toEqual([broken, "k", []]);
    expect(() => open("later", async () => Promise.reject(new Error("x"))).set("k", 1)).toThrow(InvalidArgumentError);
    failure(() => open("nothing", () => undefined).set("k", 1));
    expect(failure(() => open("no reason", () => ({ issues: [] })).set("k", 1)).issues).toEqual([]);
    for (const name of ["throws", "later", "nothing", "no reason"]) expect(store.namespace(name).size).toBe(0);
  });

  it("asks whether the store is open after the validator, which may have closed it", async () => {
    const store = await openStore();
    const schema = answering((value) => {
      void store.close();
      return { value };
    });
    expect(() => store.namespace("n", { encoding: "json", schema }).set("k", 1)).toThrow(/closed/);
  });

  it.each([
    ["no validator", { encoding: "json", schema: {} }, /schema is an object/],
    ["another version", { encoding: "json", schema: { "~standard": { version: 2, validate() {} } } }, /version 2/],
    ["bytes", { encoding: "binary", schema: PLAN }, /for bytes/],
    ["no encoding", { schema: PLAN }, /no encoding/],
    ["a flag that is none", { encoding: "json", schema: PLAN, checkReads: 1 }, /checkReads is 1/],
  ])("is not made with %s", async (_, options, message) => {
    const store = await openStore();
    expect(() => store.namespace("n", options as never)).toThrow(message);
    expect(store.namespaces()).toEqual([]);
  });
});
