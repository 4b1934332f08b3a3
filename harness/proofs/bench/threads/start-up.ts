/** A process that opens a store, writes and reads an entry, and says how long that took, ms: from before the import to after the read. */
const [, , what, directory] = process.argv;
const value = new Uint8Array(64);
const start = performance.now();
let found = 0;
if (what === "engram") {
  const { Store } = await import("../../../../src/index.js");
  const store = await Store.create({ capacity: "64MiB" });
  const namespace = store.namespace("first");
  namespace.set("key", value);
  found = namespace.get("key")?.length ?? 0;
} else if (what === "lmdb") {
  const { open } = await import("lmdb");
  const database = open({ path: directory, encoding: "binary", noSync: true });
  await database.put("key", value as Buffer);
  found = database.getBinary("key")?.length ?? 0;
} else {
  found = value.length;
}
const elapsed = performance.now() - start;
if (found !== value.length) throw new Error(`${what} gave ${found} bytes back`);
process.stdout.write(`${elapsed}\n`, () => process.exit(0));
