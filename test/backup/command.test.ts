import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pack } from "msgpackr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseImage, SnapshotEntries } from "#dist/src/backup/index.js";
import { restore, Store } from "#dist/src/index.js";
import { OneProcess } from "../harness/command-line.js";
import { temporaryDirectories } from "./directory.js";

const temporary = temporaryDirectories();

let cli: OneProcess;
beforeAll(() => {
  cli = new OneProcess();
});
afterAll(() => cli.close());

async function backup(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await cli.run(["backup", ...args]);
  return { status: code, stdout, stderr };
}

/** Everything a store may hold: each encoding, keys and values that are no text, limits, a ttl, a grant. */
function fill(store: Store): void {
  store.namespace("b").set(Uint8Array.of(0xff, 0xfe), Uint8Array.of(1, 2, 3));
  store.namespace("b").set("text key", new Uint8Array(9000).fill(7));
  store.namespace("s", { encoding: "string" }).set("ключ", "значение\n");
  store.namespace("j", { encoding: "json", maxEntries: 10 }).set("k", { a: [1, null, "x"], b: 1.5 });
  const m = store.namespace("m", { encoding: "msgpack" });
  m.set("plain", { a: [1, 2], s: "t" });
  m.set("bytes", { raw: Buffer.from([0, 255]) });
  m.set("big", 2n ** 60n);
  m.set("kinds", {
    v: new Float32Array([1.5, -2]),
    map: new Map([[{ a: 1 }, new Set([undefined, -0])]]),
    at: new Date(7),
  });
  store.namespace("s", { encoding: "string" }).set("fleeting", "here", { ttl: 1e8 });
  store.namespace("capped", { maxEntries: 2, whenFull: "evict" });
  store.grant("alice", "s", ["read"]);
  store.grant("bob", "capped", ["read", "write", "delete", "admin"]);
}

/** What no entry tells of a store: its namespaces, and who may do what. */
function terms(file: string): object {
  const { namespaces, grants } = new SnapshotEntries(chooseImage(file, false).image);
  return {
    namespaces: [...namespaces.values()].map(({ id: _, ...rest }) => rest).sort((a, b) => (a.name < b.name ? -1 : 1)),
    grants: [...grants].sort((a, b) => (a.agent < b.agent ? -1 : 1)),
  };
}

function contents(store: Store): object {
  const out: Record<string, unknown> = {};
  for (const name of store.namespaces().sort()) {
    const entries = [...store.namespace(name).binaryEntries()].map(([key, value]) => [
      Buffer.from(key).toString("hex"),
      value,
    ]);
    out[name] = entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  }
  return out;
}

describe("engram backup", () => {
  let directory: string;
  let original: object;

  beforeAll(async () => {
    directory = temporary();
    const store = await Store.create({ capacity: "4MiB", maxWorkers: 1 });
    fill(store);
    original = contents(store);
    const backups = await store.backup({ directory });
    await backups.now();
    await backups.createCheckpoint("first");
    await store.close();
  });

  it("inspects: one paragraph a file, or JSON", async () => {
    const { status, stdout } = await backup("inspect", directory);
    expect(status).toBe(0);
    expect(stdout).toContain("generation-a.engram: generation 1");
    expect(stdout).toContain("checkpoint-first.engram: generation 2");
    const json = JSON.parse((await backup("inspect", directory, "--json")).stdout);
    expect(json).toHaveLength(3);
    expect(json[0].header).toMatchObject({ generation: 1, epoch: 1 });
  });

  it("verifies: whole files with their counts", async () => {
    const { status, stdout } = await backup("verify", directory);
    expect(status).toBe(0);
    expect(stdout.match(/^whole .* 9 entries in 5 namespaces$/gm)).toHaveLength(3);
  });

  it.each(["entries.jsonl", "entries.msgpack"])(
    "goes out to %s and comes back the same, into a fresh backup",
    async (name) => {
      const file = join(temporary(), name);
      const out = await backup("restore", directory, "-o", file);
      expect(out.stderr).toBe("");
      expect(out.status).toBe(0);
      const again = join(temporary(), "again");
      const back = await backup("restore", file, "-o", again, "--json");
      expect(back.stderr).toBe("");
      expect(JSON.parse(back.stdout)).toMatchObject({ entries: 9, to: again });
      const { store } = await restore(again);
      expect(contents(store)).toEqual(original);
      expect(terms(again)).toEqual(terms(directory));
      expect(store.as("alice").namespace("s", { encoding: "string" }).get("ключ")).toBe("значение\n");
      expect(store.namespace("j").usage().maxEntries).toBe(10);
      expect(store.namespace("s").getEntry("fleeting")?.expiresAt).toBeGreaterThan(Date.now() + 9e7);
      await store.close();
      expect(readdirSync(join(file, "..")).filter((other) => other !== name)).toEqual([]);
    },
  );

  it("restores a backup into a fresh one of another size, and says what it did", async () => {
    const to = join(temporary(), "larger");
    const { status, stdout } = await backup("restore", directory, "-o", to, "--capacity", "16MiB");
    expect(status).toBe(0);
    expect(stdout).toMatch(/: 9 entries, as of 20\d\d-.* restored to /);
    const { store } = await restore(to);
    expect(contents(store)).toEqual(original);
    expect(store.stats().memory.capacityBytes).toBe(16 * 2 ** 20);
    await store.close();
  });

  it("verifies a directory with one damaged file: exit 1; with none whole: exit 2 and one line", async () => {
    const damaged = temporary();
    for (const name of ["generation-a.engram", "generation-b.engram"]) {
      writeFileSync(join(damaged, name), readFileSync(join(directory, name)));
    }
    truncateSync(join(damaged, "generation-b.engram"), 9000);
    const half = await backup("verify", damaged);
    expect(half.status).toBe(1);
    expect(half.stdout).toMatch(/^damaged .*generation-b\.engram: byte 9000: the file ends; expected \d+ bytes/m);
    truncateSync(join(damaged, "generation-a.engram"), 10);
    const none = await backup("verify", damaged);
    expect(none.status).toBe(2);
    expect(none.stderr.trim().split("\n")).toHaveLength(1);
    expect((await backup("restore", damaged)).status).toBe(2);
  });

  it("reads an export of before, without whenFull and grants", async () => {
    const folder = temporary();
    const file = join(folder, "old.jsonl");
    writeFileSync(
      file,
      '{"engram":"entries","version":1,"namespaces":[{"name":"s","encoding":"string","maxEntries":3,"maxBytes":0}]}\n' +
        '{"namespace":"s","key":"k","value":"v"}\n',
    );
    expect((await backup("restore", file, "-o", join(folder, "out"))).status).toBe(0);
    expect(terms(join(folder, "out"))).toEqual({
      namespaces: [{ name: "s", encoding: "string", whenFull: "refuse", maxEntries: 3, maxBytes: 0 }],
      grants: [],
    });
  });

  it("verifies a directory where one generation cannot be read: exit 1", async () => {
    const half = temporary();
    writeFileSync(join(half, "generation-a.engram"), readFileSync(join(directory, "generation-a.engram")));
    mkdirSync(join(half, "generation-b.engram"));
    const { status, stdout } = await backup("verify", half);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^unreadable .*generation-b\.engram: is no file; expected a backup$/m);
  });

  const bad: [string, string, RegExp][] = [
    ["no such file", "nowhere.jsonl", /nowhere\.jsonl: ENOENT/],
    ["empty", "empty.jsonl", /the file is empty/],
    ["no JSON", "broken.jsonl", /broken\.jsonl: line 2: is no JSON/],
    ["no head", "headless.jsonl", /headless\.jsonl: line 1: is not a head: engram/],
    ["an unknown namespace", "stranger.jsonl", /stranger\.jsonl: line 2: namespace "x" is not in the head/],
    ["no value", "valueless.jsonl", /valueless\.jsonl: line 3: it has no value/],
    [
      "MessagePack that claims gigabytes",
      "claims.msgpack",
      /claims\.msgpack: after 1 objects: is no MessagePack: .*an array of 33554431 has \d+ bytes/,
    ],
    ["a grant that no store takes", "grant.jsonl", /grant\.jsonl: line 1: namespace "system" is reserved/],
    ["cut MessagePack", "cut.msgpack", /cut\.msgpack: after \d+ objects: is no MessagePack/],
  ];

  it.each(bad)("refuses %s in one line, exit 2", async (_what, name, message) => {
    const folder = temporary();
    const head = '{"engram":"entries","version":1,"namespaces":[{"name":"s","encoding":"string"}]}';
    const texts: Record<string, string | Buffer> = {
      "empty.jsonl": "",
      "broken.jsonl": `${head}\n{"namespace"`,
      "headless.jsonl": '{"namespace":"s","key":"k","value":"v"}\n',
      "stranger.jsonl": `${head}\n{"namespace":"x","key":"k","value":"v"}\n`,
      "valueless.jsonl": `${head}\n\n{"namespace":"s","key":"k"}\n`,
      "claims.msgpack": Buffer.concat([
        pack(JSON.parse(head)),
        ...Array.from({ length: 2000 }, () => Buffer.from([0xdd, 0x01, 0xff, 0xff, 0xff])),
      ]),
      "grant.jsonl": `${head.slice(0, -1)},"grants":[{"agent":"a","namespace":"system","permissions":["read"]}]}\n`,
      "cut.msgpack": Buffer.concat([
        pack(JSON.parse(head)),
        pack({ namespace: "s", key: "k", value: "vvvvvvvvv" }).subarray(0, -3),
      ]),
    };
    if (texts[name] !== undefined) writeFileSync(join(folder, name), texts[name]);
    const { status, stderr, stdout } = await backup("restore", join(folder, name), "-o", join(folder, "out"));
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(readdirSync(folder).filter((other) => other !== name)).toEqual([]);
  });
});
