/** What is left of a namespace when it is dropped: nothing, in handles and grants too. */
import { describe, expect, it } from "vitest";
import { AccessDeniedError, type Permission, Store } from "#dist/src/index.js";
import { bytesOf, openStore } from "./fixture.js";

const one = Uint8Array.of(1);
const ALL: Permission[] = ["read", "write", "delete", "admin"];

describe("a handle of a dropped namespace", () => {
  it("finds nothing, whatever it is asked, and makes nothing", async () => {
    const store = await openStore();
    const other = await Store.attach(store.handle);
    const ns = store.namespace("n");
    const key = ns.key("k");
    const reads: [string, () => unknown, unknown][] = [
      ["get", () => ns.get("k"), undefined],
      ["get, prepared", () => ns.get(key), undefined],
      ["getEntry", () => ns.getEntry("k"), undefined],
      ["getInto", () => ns.getInto("k", new Uint8Array(8)), -1],
      ["borrow", () => ns.borrow("k", (view) => view.length), undefined],
      ["has", () => ns.has("k"), false],
      ["getMany", () => ns.getMany(["k", key]), [undefined, undefined]],
      ["keys", () => [...ns.keys()], []],
      ["entries", () => [...ns], []],
      ["size", () => ns.size, 0],
      ["usage", () => ns.usage().entries, 0],
      ["delete", () => ns.delete("k"), false],
      ["clear", () => ns.clear(), undefined],
      ["key", () => ns.key("k").hash === key.hash, true],
    ];
    for (const [what, read, nothing] of reads) {
      ns.set("k", one);
      other.dropNamespace("n");
      expect(read(), what).toEqual(nothing);
      expect(store.namespaces(), what).toEqual([]);
    }
    await other.close();
  });

  it("makes it again by writing, empty", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { maxEntries: 5 });
    ns.set("k", one);
    for (const write of [
      () => ns.set("l", one),
      () => ns.setMany([["l", one]]),
      () => ns.increment("l"),
      () => ns.limit({ maxEntries: 7 }),
    ]) {
      store.dropNamespace("n");
      write();
      expect(store.namespaces()).toEqual(["n"]);
      expect(ns.get("k")).toBeUndefined();
    }
  });

  it("makes it again for an agent only if that may write", async () => {
    const store = await openStore();
    store.namespace("n").set("k", one);
    store.grant("7", "n", ["read", "delete"]);
    const theirs = store.as("7").namespace("n");
    expect(theirs.get("k")).toEqual(one);
    store.dropNamespace("n");
    expect(theirs.get("k")).toBeUndefined();
    expect(theirs.size).toBe(0);
    expect(theirs.delete("k")).toBe(false);
    expect([...theirs.keys()]).toEqual([]);
    expect(() => theirs.set("k", one)).toThrow(AccessDeniedError);
    expect(store.namespaces()).toEqual([]);
  });

  it("is no way around dropIdleNamespaces", async () => {
    const store = await openStore();
    store.namespace("n");
    expect(store.dropIdleNamespaces(0)).toEqual(["n"]);
    expect(store.namespaces()).toEqual([]);
  });
});

describe("a grant", () => {
  it("ends with the namespace it was given for", async () => {
    const store = await openStore();
    const other = await Store.attach(store.handle);
    store.namespace("n").set("k", one);
    store.grant("7", "n", ALL);
    const theirs = other.as("7").namespace("n");
    expect(theirs.get("k")).toEqual(one);
    store.dropNamespace("n");
    expect(() => store.as("7").namespace("n")).toThrow(AccessDeniedError); // to make it, that is
    store.namespace("n").set("k", bytesOf("another's"));
    for (const use of [
      () => theirs.get("k"),
      () => theirs.set("k", one),
      () => [...theirs],
      () => theirs.size,
      () => theirs.clear(),
    ]) {
      expect(use).toThrow(AccessDeniedError);
    }
    expect(() => other.as("7").namespace("n").get("k")).toThrow(AccessDeniedError);
    expect(() => other.as("7").dropNamespace("n")).toThrow(AccessDeniedError);
    store.grant("7", "n", ["read"]);
    expect(theirs.get("k")).toEqual(bytesOf("another's"));
    await other.close();
  });

  it("outlives a clear and a new limit", async () => {
    const store = await openStore();
    const ns = store.namespace("n");
    store.grant("7", "n", ["read"]);
    const theirs = store.as("7").namespace("n");
    for (const change of [() => ns.clear(), () => ns.limit({ maxEntries: 5 }), () => ns.clear()]) {
      change();
      ns.set("k", one);
      expect(theirs.get("k")).toEqual(one);
    }
  });

  it("given before there is a namespace is on the first that is made, whoever makes it", async () => {
    const store = await openStore();
    store.grant("7", "n", ["read"]);
    store.namespace("n").set("k", one);
    expect(store.as("7").namespace("n").get("k")).toEqual(one);
    store.dropNamespace("n");
    store.namespace("n").set("k", bytesOf("another's"));
    expect(() => store.as("7").namespace("n").get("k")).toThrow(AccessDeniedError);
  });

  it("given before there is a namespace lets the agent make it, again too, and use what it made", async () => {
    const store = await openStore();
    store.grant("7", "n", ALL);
    const theirs = store.as("7").namespace("n");
    for (let round = 0; round < 3; round++) {
      theirs.set("k", one);
      expect(theirs.get("k")).toEqual(one);
      store.dropNamespace("n");
    }
    store.namespace("n").set("k", bytesOf("another's"));
    expect(() => theirs.get("k")).toThrow(AccessDeniedError);
    expect(() => theirs.set("k", one)).toThrow(AccessDeniedError);
    store.dropNamespace("n");
    theirs.set("k", one);
    expect(theirs.get("k")).toEqual(one);
    store.revoke("7", "n");
    expect(() => theirs.get("k")).toThrow(AccessDeniedError);
  });

  it("takes no memory once its namespace is dropped", async () => {
    const store = await openStore();
    const used = () => store.stats().memory.usedBytes;
    const round = (i: number) => {
      store.namespace(`n${i}`);
      for (let agent = 0; agent < 20; agent++) store.grant(agent, `n${i}`, ["read"]);
      store.dropNamespace(`n${i}`);
    };
    for (let i = 0; i < 5; i++) round(i);
    const before = used();
    for (let i = 5; i < 25; i++) round(i);
    expect(used()).toBeLessThan(before + 64 * 1024);
  });
});

describe("names that were used once", () => {
  it("keep their prepared keys good while those are used", async () => {
    const store = await openStore({ capacity: "16MiB" });
    const ns = store.namespace("n");
    const key = ns.key("k");
    for (let i = 0; i < 3000; i++) store.namespace(`n${i}`);
    ns.set(key, one);
    expect(ns.get(key)).toEqual(one);
    expect(store.namespace("n").get(key)).toEqual(one);
  });
});
