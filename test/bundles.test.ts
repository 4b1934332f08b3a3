/** Bundled programs run in a folder of their own, with the engine and the workers beside them; and CommonJS can require the store. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { rollup } from "rollup";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const store = join(root, "dist", "src");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "engram-bundles-")));

/** As docs/adapters.md lists them: what the store opens by its place, beside the file that opens it. */
const WORKERS = ["store/maintenance", "backup/backup-worker", "backup/loading-worker"];
const ENGINES = ["core.wasm", "core.private.wasm"];

const PROGRAM = `
import { isMainThread, workerData, Worker } from "node:worker_threads";
import { restore, Store } from "engram";
if (isMainThread) {
  const store = await Store.create({ capacity: "8MiB", eviction: "none" });
  const agent = store.spawn(new URL(import.meta.url));
  await new Promise((done) => agent.once("exit", done));
  const backups = await store.backup({ directory: "backups" });
  await backups.now();
  await store.close();
  const { store: again } = await restore("backups");
  console.log(again.namespace("n", { encoding: "string" }).get("k"));
  await again.close();
} else {
  const store = await Store.attach(workerData.store);
  store.namespace("n", { encoding: "string" }).set("k", "from a bundled worker");
  await store.close();
}`;

const inputs = () =>
  Object.fromEntries([
    ["program", join(folder, "program.mjs")],
    ...WORKERS.map((path) => [path.split("/")[1], join(store, `${path}.js`)]),
  ]);

async function runs(out: string, engines = ENGINES): Promise<string> {
  writeFileSync(join(out, "package.json"), JSON.stringify({ type: "module" }));
  for (const file of engines) cpSync(join(store, "core", file), join(out, file));
  const { stdout } = await run(process.execPath, ["program.js"], { cwd: out });
  return stdout;
}

beforeAll(() => {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "engram"));
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withEsbuild(name: string): Promise<string> {
  const outdir = join(realpathSync(mkdtempSync(join(folder, "out-"))), name);
  await build({ entryPoints: inputs(), outdir, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  return outdir;
}

describe("a bundle", () => {
  it("of esbuild runs where nothing is installed: threads, backup, restore", async () => {
    expect(await runs(await withEsbuild("whole"))).toBe("from a bundled worker\n");
  });

  it("of rollup runs too", async () => {
    const engram = { name: "engram", resolveId: (id: string) => (id === "engram" ? join(store, "index.js") : null) };
    const bundle = await rollup({
      input: inputs(),
      external: /^node:/,
      plugins: [engram],
      onwarn: () => undefined,
    });
    const dir = join(folder, "rollup");
    // each file beside the engine: what is shared lies there as well, so that places are told from there
    await bundle.write({ dir, format: "esm", chunkFileNames: "[name].js" });
    await bundle.close();
    expect(await runs(dir)).toBe("from a bundled worker\n");
  });

  it("without the engine says which file it misses, and where", async () => {
    const failure = runs(await withEsbuild("bare"), []).catch((error: { stderr: string }) => error.stderr);
    expect(await failure).toMatch(/core\.wasm.* is not there.*bundle/s);
  });
});

describe("CommonJS", () => {
  it("requires the store, and the adapter for Keyv", async () => {
    writeFileSync(
      join(folder, "user.cjs"),
      `const { Store } = require("engram");
      const { EngramKeyv } = require("engram/keyv");
      Store.create({ capacity: "8MiB" }).then(async (store) => {
        const keyv = new EngramKeyv(store);
        await keyv.set("k", "required");
        console.log(await keyv.get("k"));
        await store.close();
      });`,
    );
    const { stdout } = await run(process.execPath, ["--no-warnings", "user.cjs"], { cwd: folder });
    expect(stdout).toBe("required\n");
  });
});
