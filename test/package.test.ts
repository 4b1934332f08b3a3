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
import { stageLab } from "#dist/harness/house/stage-lab.js";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "engram-package-")));
const installed = join(folder, "node_modules", "engram");
/** A program that has installed the lab. */
const labFolder = realpathSync(mkdtempSync(join(tmpdir(), "engram-lab-package-")));
const installedLab = join(labFolder, "node_modules", "engram-lab");
let packed: string[] = [];
let packedLab: string[] = [];

interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages as Record<string, Locked>;

function link(name: string, into: string): void {
  const place = join(into, "node_modules", name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(root, "node_modules", name), place);
}

/** Packages that are needed for these, these included. */
function closure(names: Iterable<string>): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || locked[`node_modules/${name}`] === undefined) return;
    found.add(name);
    for (const needed of Object.keys(locked[`node_modules/${name}`].dependencies ?? {})) visit(needed);
  };
  for (const name of names) visit(name);
  return [...found];
}

/** What npm installs beside the store; peers are for those who ask for them. */
function storeNeeds(): string[] {
  const { dependencies, optionalDependencies } = locked[""];
  return closure(Object.keys({ ...dependencies, ...optionalDependencies }));
}

async function filesPackedFrom(place: string): Promise<string[]> {
  const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: place });
  return (JSON.parse(stdout)[0].files as { path: string }[]).map(({ path }) => path);
}

beforeAll(async () => {
  packed = await filesPackedFrom(root);
  for (const path of packed) cpSync(join(root, path), join(installed, path));
  for (const name of [...storeNeeds(), "@types/node", "undici-types"]) link(name, folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));

  const staged = stageLab(root, join(labFolder, "staged"));
  packedLab = await filesPackedFrom(staged);
  for (const path of packedLab) cpSync(join(staged, path), join(installedLab, path));
  const { dependencies } = JSON.parse(readFileSync(join(staged, "package.json"), "utf8"));
  for (const name of closure(Object.keys(dependencies))) link(name, labFolder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(labFolder, { recursive: true, force: true });
});

describe("the lab's package", () => {
  it("holds what its users need: the command, scenarios, documents, licence", () => {
    expect(packedLab).toEqual(
      expect.arrayContaining([
        ...["LICENSE", "package.json", "docs/scenarios.md", "docs/decisions/README.md"],
        ...["dist/harness/cli.js", "dist/src/core/core.wasm"],
        ...["workloads/blackboard.yaml", "workloads/scenario.schema.json"],
      ]),
    );
  });

  it("holds nothing that only works in a checkout: tests, sources, the bench and what measures a build", () => {
    const proofs = /^dist\/harness\/(house|proofs)\//;
    expect(packedLab.filter((path) => /\.map$|explore\.wasm$/.test(path) || proofs.test(path))).toEqual([]);
  });

  it("has a command that runs without the peers it is measured beside, and says that they are missing", async () => {
    const cli = join(installedLab, "dist", "harness", "cli.js");
    const args = ["run", "blackboard", "--ops", "100", "--workers", "1", "--out", "out"];
    const { stdout, stderr } = await run(process.execPath, [cli, ...args], { cwd: labFolder });
    expect(stderr).toContain("engram: subject lmdb needs the package lmdb: npm install lmdb\n");
    expect(stdout).toMatch(/^blackboard +engram .*\n +map /m);
  });
});

describe("the store's package", () => {
  it("holds the store, and nothing of the lab beside it", () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        ...["LICENSE", "README.md", "package.json", "CHANGELOG.md", "dist/reports/results.js"],
        ...["dist/src/index.js", "dist/src/index.d.ts", "dist/src/core/core.wasm", "dist/src/core/core.private.wasm"],
      ]),
    );
    const stray = packed.filter(
      (path) =>
        !/^dist\/(?:src|reference)\/|^dist\/reports\/(?:results|ingest-use)\.|^[A-Z]+(\.md)?$|^package\.json$/.test(
          path,
        ),
    );
    expect([...stray, ...packed.filter((path) => path.endsWith(".map"))]).toEqual([]);
  });

  it("is a dozen packages at most with all that npm installs beside it, optional ones included", () => {
    expect(storeNeeds().length + 1).toBeLessThanOrEqual(12);
  });

  it("says where the command line is", async () => {
    const command = run(process.execPath, [join(installed, "dist", "src", "command.js"), "list"], { cwd: folder });
    await expect(command).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("npm install --save-dev engram-lab"),
    });
  });

  it("is imported by its name", async () => {
    writeFileSync(
      join(folder, "user.mjs"),
      `import { Store } from "engram";
      import { policyNames } from "engram/eviction";
      import { openRecorder } from "engram/record";
      await using_();
      async function using_() {
        const store = await Store.create({ capacity: "8MiB" });
        const board = store.namespace("board", { encoding: "json" });
        board.set("answer", { is: 42 });
        const recorder = openRecorder("asked.oplog");
        recorder.wrap(new Map()).set("a", 1);
        console.log(JSON.stringify(board.get("answer")), policyNames.includes("lru"), recorder.status.waiting);
        await store.close();
      }`,
    );
    const { stdout } = await run(process.execPath, ["user.mjs"], { cwd: folder });
    expect(stdout).toBe('{"is":42} true 1\n');
  });

  it("compiles and runs the README's program in TypeScript, as strictly as that can be", async () => {
    const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
    writeFileSync(join(folder, "program.mts"), program ?? "");
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["--strict", "--module", "NodeNext", "--target", "es2023", "--types", "node"];
    const { stdout: faults } = await run(process.execPath, [tsc, ...options, "program.mts"], { cwd: folder }).catch(
      (failure: { stdout: string }) => failure,
    );
    expect(faults).toBe("");
    const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: folder });
    expect(stdout).toBe("{ step: 2 }\n");
  });

  it("shows nothing in its types that is for the rooms inside alone", () => {
    const types = packed.filter((path) => path.endsWith(".d.ts"));
    expect(types.length).toBeGreaterThan(50);
    const inside = types.filter((path) => readFileSync(join(installed, path), "utf8").includes("@internal"));
    expect(inside).toEqual([]);
    const store = readFileSync(join(installed, "dist/src/store/store.d.ts"), "utf8");
    expect(store).not.toMatch(/closeView|opened\(\)/);
    expect(readFileSync(join(installed, "dist/src/store/namespace/operations.d.ts"), "utf8")).not.toContain(
      "setEncoded",
    );
  });

  // Without the DOM's types, where some programs have them: what compiles here asks for nothing of theirs.
  it("compiles in a program that checks its libraries too", async () => {
    link("zod", folder); // what engram/results is written with, an optional peer
    const options = ["--target", "es2023", "--lib", "es2023,esnext.disposable"];
    writeFileSync(
      join(folder, "user.ts"),
      `import { type NamespaceUsage, restore, Store, type PreparedKey, type StoreOptions, type Version } from "engram";
      import { z } from "zod";
      import { createPolicy, policyNames } from "engram/eviction";
      import { openRecorder } from "engram/record";
      import type { Results } from "engram/results";
      const recorded: Map<string, number> = openRecorder("asked.oplog").wrap(new Map<string, number>(), { has: false });
      const options: StoreOptions = { capacity: "8MiB", eviction: "lru" };
      const store = await Store.create(options);
      const text: string | undefined = store.namespace("text", { encoding: "string" }).get("key");
      const bytes: Uint8Array | undefined = store.namespace("bytes").get("key");
      const version: Version | undefined = store.namespace("bytes").getEntry("key")?.version;
      const usage: NamespaceUsage = store.namespace("bytes").usage();
      interface Plan { step: number }
      const plans = store.namespace<Plan>("plans", { encoding: "msgpack" });
      const step: number | undefined = plans.get("now")?.step;
      plans.update("now", (plan) => (plan === undefined ? { step: 1 } : undefined));
      // @ts-expect-error a plan has a step
      plans.set("now", { stop: 1 });
      const unknown: unknown = store.namespace("unknown", { encoding: "json" }).get("key");
      // @ts-expect-error nobody said what it is
      store.namespace("unknown", { encoding: "json" }).get("key")?.step;
      const schema = z.object({ step: z.number() });
      const checked = store.as("a").namespace("agent_a_plans", { encoding: "json", schema });
      const its: number | undefined = checked.get("now")?.step;
      // @ts-expect-error what the schema makes
      checked.set("now", { step: "one" });
      // @ts-expect-error made by ns.key() alone
      const key: PreparedKey = { length: 1 };
      // @ts-expect-error a namespace of text takes text
      store.namespace("text", { encoding: "string" }).set("key", 1);
      const results: Results | undefined = undefined;
      interface Message { text: string }
      const mail = store.channel<Message>("mail", { encoding: "json" });
      mail.trySend({ text: "here" });
      // @ts-expect-error a message has a text
      mail.trySend({ txt: "here" });
      const said: string | undefined = mail.tryReceive()?.text;
      const heard: Promise<Message | undefined> = store.as("a").channel<Message>("agent_a_mail", { encoding: "msgpack" }).receiveWait();
      const raw: Uint8Array | undefined = store.channel("raw").tryReceive();
      const line: string | undefined = store.channel("lines", { encoding: "string" }).tryReceive();
      // @ts-expect-error a channel of bytes takes bytes
      store.channel("raw").trySend("text");
      // @ts-expect-error nobody said what it is
      store.channel("unknown", { encoding: "json" }).tryReceive()?.text;
      const task: string | undefined = store.queue<Message>("tasks", { encoding: "json" }).tryReceive()?.value.text;
      // @ts-expect-error a queue of text takes text
      store.queue("lines", { encoding: "string" }).trySend(5);
      export { bytes, createPolicy, policyNames, restore, heard, its, key, line, raw, results, said, step, task, text, unknown, usage, version };`,
    );
    const strict = ["--strict", "--module", "NodeNext", "--skipLibCheck", "false", "--types", "node", "--noEmit"];
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, ...strict, ...options, "user.ts"], { cwd: folder }).catch(
      (failure: { stdout: string }) => failure,
    );
    expect(stdout).toBe("");
  });
});
