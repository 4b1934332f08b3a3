import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "engram-package-")));
const installed = join(folder, "node_modules", "engram");
let packed: string[] = [];

interface Locked {
  dev?: boolean;
  devOptional?: boolean;
}

function link(name: string): void {
  const place = join(folder, "node_modules", name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(root, "node_modules", name), place);
}

beforeAll(async () => {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
  packed = (JSON.parse(stdout)[0].files as { path: string }[]).map(({ path }) => path);
  for (const path of packed) cpSync(join(root, path), join(installed, path));
  // what npm would install beside it; peers such as lmdb are not among it
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages as Record<string, Locked>;
  const ships = ([path, { dev, devOptional }]: [string, Locked]) =>
    /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !devOptional;
  const dependencies = Object.entries(lock)
    .filter(ships)
    .map(([path]) => path.slice("node_modules/".length));
  for (const name of [...dependencies, "@types/node", "undici-types"]) link(name);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package", () => {
  it("holds what its users need: code, types, engine, scenarios, documents, licence", () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        ...["LICENSE", "README.md", "package.json", "docs/scenarios.md", "docs/decisions/README.md"],
        ...["dist/src/index.js", "dist/src/index.d.ts", "dist/src/core/core.wasm", "dist/src/core/core.private.wasm"],
        ...["dist/harness/cli.js", "workloads/blackboard.yaml", "workloads/scenario.schema.json"],
      ]),
    );
  });

  it("holds nothing that only works in a checkout: tests, sources, the bench and what measures a build", () => {
    const stray = packed.filter((path) =>
      /^(src|test|notebooks)\/|\.map$|explore\.wasm$|^dist\/harness\/(bench|crash|picture|soak|stress|gate\/proof)\//.test(
        path,
      ),
    );
    expect(stray).toEqual([]);
  });

  it("is imported by its name", async () => {
    writeFileSync(
      join(folder, "user.mjs"),
      `import { Store } from "engram";
      import { policyNames } from "engram/eviction";
      await using_();
      async function using_() {
        const store = await Store.create({ capacity: "8MiB" });
        const board = store.namespace("board", { encoding: "json" });
        board.set("answer", { is: 42 });
        console.log(JSON.stringify(board.get("answer")), policyNames.includes("lru"));
        await store.close();
      }`,
    );
    const { stdout } = await run(process.execPath, ["user.mjs"], { cwd: folder });
    expect(stdout).toBe('{"is":42} true\n');
  });

  it("has a command that runs without the peers it is measured beside, and says that they are missing", async () => {
    const cli = join(installed, "dist", "harness", "cli.js");
    const args = ["run", "blackboard", "--ops", "100", "--workers", "1", "--out", "out"];
    const { stdout, stderr } = await run(process.execPath, [cli, ...args], { cwd: folder });
    expect(stderr).toBe("engram: subject lmdb needs the package lmdb: npm install lmdb\n");
    expect(stdout).toMatch(/^blackboard +engram .*\n +map /m);
  });

  // Without the DOM's types, where some programs have them: what compiles here asks for nothing of theirs.
  it("compiles in a program that checks its libraries too", async () => {
    const options = ["--target", "es2023", "--lib", "es2023,esnext.disposable"];
    writeFileSync(
      join(folder, "user.ts"),
      `import { type NamespaceUsage, restore, Store, type StoreOptions, type Version } from "engram";
      import { createPolicy, policyNames } from "engram/eviction";
      import type { Results } from "engram/results";
      const options: StoreOptions = { capacity: "8MiB", eviction: "lru" };
      const store = await Store.create(options);
      const text: string | undefined = store.namespace("text", { encoding: "string" }).get("key");
      const bytes: Uint8Array | undefined = store.namespace("bytes").get("key");
      const version: Version | undefined = store.namespace("bytes").getEntry("key")?.version;
      const usage: NamespaceUsage = store.namespace("bytes").usage();
      // @ts-expect-error a namespace of text takes text
      store.namespace("text", { encoding: "string" }).set("key", 1);
      const results: Results | undefined = undefined;
      export { bytes, createPolicy, policyNames, restore, results, text, usage, version };`,
    );
    const strict = ["--strict", "--module", "NodeNext", "--skipLibCheck", "false", "--types", "node", "--noEmit"];
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, ...strict, ...options, "user.ts"], { cwd: folder }).catch(
      (failure: { stdout: string }) => failure,
    );
    expect(stdout).toBe("");
  });
});
