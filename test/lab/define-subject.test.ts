import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "#dist/src/index.js";
import { type AgentContext, byKey, defineSubject, type KeyedStore } from "#dist/src/lab/index.js";

const attach = async (_: unknown, context: AgentContext) => byKey(context, new Map<string, Uint8Array>());
const context: AgentContext = {
  ...{ worker: 0, workers: 1, keys: ["a", "b"], namespaces: [{ name: "one" }], namespaceOf: null },
  ...{ values: [undefined, Uint8Array.of(1), undefined, Uint8Array.of(1, 2, 3)], maxValueBytes: 3 },
};

describe("a subject's definition", () => {
  it("has its defaults filled in, and keeps what it has besides", async () => {
    const subject = defineSubject({ name: "mine", attach, learns: true });
    expect(subject).toMatchObject({
      ...{ name: "mine", summary: "mine", shared: false, expires: false, asynchronous: false, learns: true },
      ...{ cannot: [], also: [] },
    });
    const part = await subject.open({} as never);
    expect(part).toMatchObject({ attachment: null, notes: [] });
    expect(part.memory()).toEqual({ usedBytes: null, capacityBytes: null });
    await part.close();
  });

  it("that was made here is taken as it is", () => {
    const subject = defineSubject({ name: "mine", attach });
    expect(defineSubject(subject)).toBe(subject);
  });

  it("keeps an open that needs its `this`", async () => {
    const definition = { name: "mine", attach, made: 7, open: undefined as unknown };
    definition.open = function (this: { made: number }) {
      return { attachment: this.made };
    };
    expect((await defineSubject(definition as never).open({} as never)).attachment).toBe(7);
  });

  it.each([
    [null, "a subject is null; expected an object"],
    [{}, "name of a subject is undefined; expected letters"],
    [{ name: "no spaces" }, 'name of a subject is "no spaces"'],
    [{ name: "x".repeat(41) }, "40 at most"],
    [{ name: "x" }, "subject x: attach is undefined; expected a function"],
    [{ name: "x", attach, open: 1 }, "subject x: open is number; expected a function"],
    [{ name: "x", attach, shared: "yes" }, 'subject x: shared is "yes"; expected a boolean'],
    [{ name: "x", attach, summary: 1 }, "subject x: summary is number; expected a string"],
    [{ name: "x", attach, cannot: "scan" }, 'subject x: cannot is "scan"; expected a list of get, set'],
    [{ name: "x", attach, cannot: ["sacn"] }, 'subject x: cannot is "sacn"; expected one of get'],
    [{ name: "x", attach, also: ["get"] }, 'subject x: also is "get"; expected one of borrow'],
  ])("that cannot be meant is refused by name: %j", (definition, message) => {
    expect(() => defineSubject(definition as never)).toThrow(InvalidArgumentError);
    expect(() => defineSubject(definition as never)).toThrow(message);
  });

  it.each([
    ["open", { open: () => 5 }, "what open answers with is number"],
    ["attach", { attach: () => undefined }, "what attach answers with is undefined"],
    ["an agent", { attach: () => ({ get() {}, set() {} }) }, "delete of its agents is undefined"],
  ])("is told what is wrong with what %s answered", async (_, part, message) => {
    const subject = defineSubject({ name: "x", attach, ...(part as object) });
    const used = subject.open({} as never).then(({ attachment }) => subject.attach(attachment, context));
    await expect(used).rejects.toThrow(message);
  });
});

describe("a store driven by key", () => {
  it("gets, sets and deletes what the numbers stand for", async () => {
    const map = new Map<string, Uint8Array>();
    const agent = byKey(context, map);
    expect(agent.get(1)).toBe(-1);
    agent.set(1, 3, 0);
    expect([...map]).toEqual([["b", Uint8Array.of(1, 2, 3)]]);
    expect([agent.get(1), agent.bytes?.(1), agent.delete(1), agent.delete(1)]).toEqual([
      ...[3, Uint8Array.of(1, 2, 3), true, false],
    ]);
    expect(() => agent.increment(0)).toThrow('name it in "cannot"');
    await agent.close();
  });

  it("answers later where the store does", async () => {
    const map = new Map<string, Uint8Array>();
    const later: KeyedStore = {
      get: async (key) => map.get(key),
      set: async (key, value) => map.set(key, value),
      delete: async (key) => map.delete(key),
    };
    const agent = byKey(context, later);
    await agent.set(0, 1, 0);
    expect(await agent.get(0)).toBe(1);
    expect(await agent.get(1)).toBe(-1);
  });

  it("says so when a value is no bytes", () => {
    const agent = byKey(context, { get: () => "text" as never, set() {}, delete() {} });
    expect(() => agent.get(0)).toThrow("its get answered with a string; expected a Uint8Array");
  });
});
