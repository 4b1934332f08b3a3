/** What nobody knows is refused by name, in every public object of options: a misspelt option is never an option that was left out. */
import { describe, expect, it } from "vitest";
import { createPolicy } from "#dist/src/eviction/index.js";
import { InvalidArgumentError, type Namespace, restore, Store } from "#dist/src/index.js";
import { openStore } from "./fixture.js";

type Loose = { [method: string]: (...args: unknown[]) => unknown };
const loose = (value: unknown) => value as Loose;

async function filled() {
  const store = await openStore();
  const ns = store.namespace("n", { encoding: "string" });
  ns.set("k", "old");
  return { store, ns };
}

const MISSPELT: [string, (store: Store, ns: Namespace<string>) => unknown, RegExp][] = [
  ["set", (_, ns) => loose(ns).set("k", "new", { tll: 5 }), /set: unknown option "tll"; did you mean "ttl"/],
  ["set", (_, ns) => loose(ns).set("k", "new", { ifabsent: true }), /did you mean "ifAbsent"/],
  ["set", (_, ns) => loose(ns).set("k", "new", { IfVersion: 1n }), /did you mean "ifVersion"/],
  ["set", (_, ns) => loose(ns).set("k", "new", { ttl: 5, Ttl: 6 }), /unknown option "Ttl"/],
  ["set with a prepared key", (_, ns) => loose(ns).set(ns.key("k"), "new", { tll: 5 }), /"tll"/],
  ["setMany", (_, ns) => loose(ns).setMany([["k", "new"]], { ifAbsnet: true }), /did you mean "ifAbsent"/],
  ["setMany of an iterator", (_, ns) => loose(ns).setMany([["k", "new"]].values(), { tll: 5 }), /"tll"/],
  ["delete", (_, ns) => loose(ns).delete("k", { ifversion: 1n }), /delete: .*did you mean "ifVersion"/],
  ["limit", (_, ns) => loose(ns).limit({ maxentries: 5 }), /did you mean "maxEntries"/],
  ["namespace", (store) => loose(store).namespace("m", { maxentries: 5 }), /namespace: .*did you mean "maxEntries"/],
  ["namespace", (store) => loose(store).namespace("m", { encodng: "json" }), /did you mean "encoding"/],
  ["namespace", (store) => loose(store).namespace("m", { encoding: "jsno" }), /did you mean "json"/],
  ["channel", (store) => loose(store).channel("m", { capcity: 3 }), /channel: .*did you mean "capacity"/],
  ["channel", (store) => loose(store).channel("m", { encoding: "mspack" }), /did you mean "msgpack"/],
  ["dropIdleNamespaces", (store) => loose(store).dropIdleNamespaces(0, { evenIffilled: true }), /"evenIfFilled"/],
  ["spawn", (store) => loose(store).spawn("x.js", { workerdata: 1 }), /did you mean "workerData"/],
  ["spawn's own key", (store) => loose(store).spawn("x.js", { workerData: { store: 1 } }), /workerData\.store/],
  ["as", (store) => loose(store.as("7")).namespace("agent_7_m", { encodng: "json" }), /did you mean "encoding"/],
];

describe("a misspelt option", () => {
  it.each(MISSPELT)("of %s is refused, and nothing has changed", async (_, use, message) => {
    const { store, ns } = await filled();
    expect(() => use(store, ns)).toThrow(InvalidArgumentError);
    expect(() => use(store, ns)).toThrow(message);
    expect([[...ns.entries()], ns.getEntry("k")?.expiresAt, ns.usage().maxEntries, store.namespaces()]).toEqual([
      [["k", "old"]],
      undefined,
      0,
      ["n"],
    ]);
  });

  it("of Store.create, backup, restore and createPolicy is refused too", async () => {
    const { store } = await filled();
    await expect(loose(Store).create({ maxworkers: 2 })).rejects.toThrow(/did you mean "maxWorkers"/);
    await expect(loose(Store).create({ eviction: "lur" })).rejects.toThrow(/did you mean "lru"/);
    await expect(loose(store).backup({ directory: "/nowhere", stratgy: "manual" })).rejects.toThrow(/"strategy"/);
    await expect(restore("/nowhere", { partal: true } as never)).rejects.toThrow(/restore: .*did you mean "partial"/);
    await expect(restore("/nowhere", { partial: "yes" } as never)).rejects.toThrow(/partial is "yes"/);
    await expect(restore("/nowhere", { threads: 0 })).rejects.toThrow(/threads is 0/);
    expect(() => createPolicy("lru", { capacity: 5, distinct: 5, sed: 1 } as never)).toThrow(/"sed"/);
    expect(() => createPolicy("lru", { capacity: 5, distinct: 5, by: "byte" } as never)).toThrow(/by is "byte"/);
    expect(() => createPolicy("lur" as never, { capacity: 5, distinct: 5 })).toThrow(/policy is "lur"/);
  });

  it("is not the name of what the options describe, if it is the same", async () => {
    const { store } = await filled();
    const inbox = { name: "inbox", capacity: 4 };
    expect(store.channel(inbox.name, inbox).capacity).toBe(4);
    expect(() => store.channel("outbox", inbox)).toThrow(/"outbox" was given options of one named "inbox"/);
    expect(() => store.namespace("m", { name: "n" } as object)).toThrow(InvalidArgumentError);
  });

  it("that is inherited is refused as well", async () => {
    const { ns } = await filled();
    expect(() => ns.set("k", "new", Object.create({ tll: 5 }))).toThrow(/"tll"/);
    expect(ns.set("k", "new", Object.create({ ttl: 5000 }))).toBe(true);
    expect(ns.getEntry("k")?.expiresAt).toBeDefined();
  });
});

describe("an option that is undefined", () => {
  it("is one that was left out, but for ifVersion: that was meant to be a condition", async () => {
    const { ns } = await filled();
    expect(ns.set("k", "new", { ttl: undefined, ifAbsent: undefined })).toBe(true);
    expect(() => ns.set("absent", "x", { ifVersion: ns.getEntry("absent")?.version })).toThrow(
      /ifVersion is undefined.*ifAbsent/,
    );
    expect(() => ns.setMany([["absent", "x"]], { ifVersion: undefined })).toThrow(InvalidArgumentError);
    expect(ns.has("absent")).toBe(false);
  });

  it.each([0, 1, "yes", null])("and ifAbsent is true or false, not %j", async (ifAbsent) => {
    const { ns } = await filled();
    expect(() => ns.set("k", "new", { ifAbsent } as never)).toThrow(/ifAbsent/);
    expect(ns.get("k")).toBe("old");
  });
});

describe("a full store", () => {
  it("names the number of workers that it was given", async () => {
    const store = await openStore({ maxWorkers: 2 });
    const attached = await Promise.all([1, 2, 3].map(() => Store.attach(store.handle)));
    await expect(Store.attach(store.handle)).rejects.toThrow(/maxWorkers: 2\b/);
    for (const each of attached) await each.close();
  });
});

describe("the view of an agent", () => {
  it.each([
    "as",
    "grant",
    "revoke",
    "dropIdleNamespaces",
    "buffer",
    "returnBuffer",
    "spawn",
    "watch",
    "maintain",
    "stats",
    "health",
    "verify",
    "backup",
    "record",
  ])("may not %s", async (method) => {
    const { store } = await filled();
    expect(() => loose(store.as("7"))[method]("8")).toThrow(/agent "7" may not/);
  });

  it("gives no handle, and its close closes the view alone", async () => {
    const { store, ns } = await filled();
    const seven = store.as("7");
    expect(() => (seven as unknown as Store).handle).toThrow(/agent "7" may not/);
    const own = seven.namespace("agent_7_own", { encoding: "string" });
    const channel = seven.channel("agent_7_in");
    own.set("k", "v");
    const other = store.as("7").namespace("agent_7_own");
    await seven.close();
    for (const use of [
      () => own.get("k"),
      () => own.set("k", "w"),
      () => channel.receive(),
      () => seven.namespaces(),
      () => seven.namespace("agent_7_x"),
      () => seven.channel("agent_7_in"),
      () => seven.dropNamespace("agent_7_own"),
    ]) {
      expect(use).toThrow(/view of agent "7" is closed/);
    }
    expect([ns.get("k"), other.get("k")]).toEqual(["old", "v"]);
    expect([...store.namespace("agent_7_own").keys()]).toEqual(["k"]);
  });

  it("shows no way to the store behind it", async () => {
    const { store } = await filled();
    const seven = store.as("7");
    expect(Object.values(seven)).toEqual(["7"]);
    expect(JSON.stringify(seven)).toBe('{"agent":"7"}');
  });

  it("sees the namespaces that it may use", async () => {
    const { store } = await filled();
    store.namespace("agent_7_a");
    store.namespace("agent_77_b");
    store.grant("7", "n", ["read"]);
    expect(store.as(7).namespaces().sort()).toEqual(["agent_7_a", "n"]);
  });

  it("uses a channel as it was granted, and its own as it likes", async () => {
    const { store } = await filled();
    const seven = store.as("7");
    expect(() => seven.channel("payments")).toThrow(/may not write namespace "payments"/);
    expect(() => seven.channel("system_x")).toThrow(/system/);
    store.channel("payments").send(Uint8Array.of(1));
    const theirs = seven.channel("payments");
    for (const use of [
      () => theirs.send(Uint8Array.of(2)),
      () => theirs.sendMany([Uint8Array.of(2)]),
      () => theirs.receive(),
      () => theirs.receiveMany(),
      () => theirs.length,
    ]) {
      expect(use).toThrow(/agent "7" may not/);
    }
    await expect(theirs.receiveWait(0)).rejects.toThrow(/may not read/);
    store.grant("7", "payments", ["write"]);
    expect(theirs.send(Uint8Array.of(2))).toBe(true);
    expect(() => theirs.receive()).toThrow(/may not read/);
    store.grant("7", "payments", ["read"]);
    expect(theirs.receiveMany()).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
    const own = seven.channel("agent_7_in");
    own.send(Uint8Array.of(3));
    expect(own.receive()).toEqual(Uint8Array.of(3));
    store.channel("others");
    expect(seven.channels().sort()).toEqual(["agent_7_in", "payments"]);
  });

  it('has an id without "_": another agent would own what is named after it', async () => {
    const { store } = await filled();
    expect(() => store.as("team_1")).toThrow(/no "_".*agent "team"/);
    expect(() => store.as(Number.NaN)).toThrow(InvalidArgumentError);
    store.as("team-1").namespace("agent_team-1_notes").set("k", Uint8Array.of(1));
    expect(() => store.as("team").namespace("agent_team-1_notes").get("k")).toThrow(/may not/);
  });
});
