/** What is loaded of others: nothing by the store, its peers by the adapters, and what is missing is named. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..", "..");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "engram-peers-")));
const installed = join(folder, "node_modules", "engram");

/** A program in a folder where the store alone is installed; it prints each module that is loaded. */
async function loads(program: string): Promise<{ stdout: string; loaded: string[] }> {
  writeFileSync(join(folder, "program.mjs"), program);
  const seen = join(folder, "loaded.txt");
  writeFileSync(seen, "");
  const { stdout } = await run(process.execPath, ["--no-warnings", "--import", "./hooks.mjs", "program.mjs"], {
    cwd: folder,
    env: { ...process.env, SEEN: seen },
  });
  return { stdout, loaded: readFileSync(seen, "utf8").split("\n").filter(Boolean) };
}

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, "dist", "src"), join(installed, "dist", "src"), {
    recursive: true,
    filter: (path) => !/\.(map|ts)$/.test(path),
  });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  writeFileSync(
    join(folder, "hooks.mjs"),
    `import { register } from "node:module";
    register("data:text/javascript," + encodeURIComponent(\`
      import { appendFileSync } from "node:fs";
      export async function load(url, context, next) {
        appendFileSync(process.env.SEEN, url + "\\\\n");
        return next(url, context);
      }\`));`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("who has installed the store alone", () => {
  it("loads no code of others by it, and can use all of it", async () => {
    const { stdout, loaded } = await loads(`
      import { Store } from "engram";
      const store = await Store.create({ capacity: "8MiB" });
      store.namespace("n", { encoding: "msgpack" }).set("k", new Map([[1, "one"]]));
      console.log(store.namespace("n", { encoding: "msgpack" }).get("k").get(1));
      await store.close();`);
    expect(stdout).toBe("one\n");
    const ours = (url: string) =>
      url.startsWith("node:") || url.includes("/node_modules/engram/") || url.endsWith("/program.mjs");
    expect(loaded.some((url) => url.endsWith("/engram/dist/src/index.js"))).toBe(true);
    expect(loaded.filter((url) => !ours(url))).toEqual([]);
    expect(loaded.filter((url) => url.includes("/adapters/"))).toEqual([]);
  });

  it("can load the adapter for Keyv, which needs nothing of Keyv", async () => {
    const { stdout } = await loads(`
      import { Store } from "engram";
      import EngramKeyv from "engram/keyv";
      const store = await Store.create({ capacity: "8MiB" });
      const adapter = new EngramKeyv(store);
      await adapter.set("k", "v");
      console.log(await adapter.get("k"));
      await store.close();`);
    expect(stdout).toBe("v\n");
  });

  it("is told which package Kafka needs, before anything is started", async () => {
    const { stdout } = await loads(`
      import { createIngest } from "engram/ingest";
      await createIngest({ journal: "journal", port: 0, kafka: { brokers: "b:9092" } })
        .catch(({ code, message }) => console.log(code, message));`);
    expect(stdout).toBe("INVALID_ARGUMENT Kafka needs a package that is not installed: npm install kafkajs\n");
  });

  it("is told which package the adapters for LangGraph need", async () => {
    const { stdout } = await loads(`
      await import("engram/langgraph").catch(({ name, code, message }) => console.log(name, code, message));`);
    expect(stdout).toBe(
      "MissingPeerError INVALID_ARGUMENT engram/langgraph needs the package @langchain/langgraph-checkpoint, which is not installed: npm install @langchain/langgraph-checkpoint @langchain/core\n",
    );
  });
});
