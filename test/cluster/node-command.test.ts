/** `engram node` as one starts it by hand, alone, and started again; asked and told by `engram cluster`. And what docs/cluster.md shows, done. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { clusterCommand } from "#dist/harness/commands/cluster.js";
import { freePorts, natsIsMissing, startNats } from "#dist/harness/services/index.js";
import { DistributedMemory, MemoryCluster } from "#dist/src/cluster/index.js";
import { Store } from "#dist/src/index.js";

const CLI = resolve(import.meta.dirname, "../../dist/harness/cli.js");
const directory = mkdtempSync(join(tmpdir(), "engram-node-"));
const started: ChildProcess[] = [];

afterAll(() => {
  for (const node of started) node.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

async function start(): Promise<{ node: ChildProcess; control: string }> {
  const args = [
    "node",
    "--name",
    "a",
    "--capacity",
    "16MiB",
    "--checkpoints",
    directory,
    "--domains",
    "plans",
    "--json",
  ];
  const node = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  started.push(node);
  const [line] = await once(node.stdout!, "data");
  return { node, control: String(JSON.parse(String(line)).control) };
}

/** What the command prints. @throws what it would end with */
async function cluster(...args: string[]): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await clusterCommand().parseAsync(args, { from: "user" });
  } finally {
    spy.mockRestore();
  }
  return written.join("");
}

describe("engram node", () => {
  it("is asked and told over its control port, leaves when it is stopped, and goes on from its directory", async () => {
    const { node, control } = await start();
    const status = await cluster("status", "--control", control);
    expect(status).toMatch(/^Cluster: a alone \(memory 1, 1 copy\)\n1 node keeps .*no checkpoint/);
    for (const domain of ["session", "shared", "plans"])
      expect(status).toMatch(new RegExp(`^${domain} +cluster +0 `, "m"));
    expect(status).toMatch(/^cache +node +0 .*this node's alone/m);
    const recover = ["recover", "--mode", "full", "--domain", "shared", "--control", control, "--json"];
    expect(JSON.parse(await cluster(...recover))).toMatchObject([{ domain: "shared", mode: "full", merged: true }]);
    expect(await cluster("heal", "--control", control)).toBe(
      "all is merged; 0 conflicts resolved; 1 nodes are there\n",
    );
    expect(await cluster("checkpoint", "--name", "mine", "--control", control)).toMatch(/^checkpoint mine: /);
    await expect(cluster("recover", "--domain", "plan", "--control", control)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("replicated domains here: session, shared, plans"),
    });
    node.kill("SIGTERM");
    expect(await once(node, "exit")).toEqual([0, null]);
    await expect(cluster("status", "--control", control)).rejects.toThrow(`no node answers on port ${control}`);

    const again = await start();
    expect(await cluster("status", "--control", again.control)).toContain("last checkpoint mine");
  });
});

const page = readFileSync(new URL("../../docs/cluster.md", import.meta.url), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text]) => text);

const SHOWN = "return typeof dropped === 'undefined' ? null : { dropped, acknowledged, merged, conflictsResolved };";

describe("the page of the cluster", () => {
  it.each(blocks("js").map((text, index) => [index + 1, text] as const))(
    "program %i does what it shows",
    async (_, text) => {
      const AsyncFunction = (async () => {}).constructor as new (
        ...text: string[]
      ) => (...given: unknown[]) => Promise<unknown>;
      const program = new AsyncFunction(
        "Store",
        "DistributedMemory",
        "MemoryCluster",
        `${text.replace(/^import .*\n/gm, "")}
${SHOWN}`,
      );
      // what the second one's comments say
      expect([null, { dropped: 1, acknowledged: ["a"], merged: true, conflictsResolved: 0 }]).toContainEqual(
        await program(Store, DistributedMemory, MemoryCluster),
      );
    },
  );

  it.skipIf(natsIsMissing() !== null)(
    "three nodes join by its commands, and are asked and told by the next",
    async () => {
      const [nodes, commands] = blocks("sh").map((text) => text.trim().split("\n"));
      expect([blocks("sh").length, nodes.length, commands.length]).toEqual([2, 3, 4]);
      const nats = await startNats();
      try {
        const ports = await freePorts(3);
        const here = (line: string): string[] =>
          line
            .replace(/#.*/, "")
            .replace("127.0.0.1:4222", nats.addresses[0])
            .replace(/700([123])/, (_, node) => String(ports[Number(node) - 1]))
            .trim()
            .split(/\s+/)
            .slice(2);
        const joined = nodes.map(async (line, place) => {
          const kept = place === 0 ? ["--checkpoints", join(directory, "quick")] : [];
          const args = [...here(line), "--capacity", "16MiB", ...kept];
          const node = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "inherit"] });
          started.push(node);
          return String((await once(node.stdout!, "data"))[0]);
        });
        for (const said of await Promise.all(joined)) expect(said).toMatch(/joined/);
        const [status, recovered, healed, kept] = await inTurn(
          commands.map((line) => () => cluster(...here(line).slice(1))),
        );
        expect(status).toMatch(/3 nodes keep/);
        expect(recovered).toMatch(/full/);
        expect(healed).toContain("3 nodes are there");
        expect(kept).toMatch(/^checkpoint /);
      } finally {
        for (const node of started) node.kill("SIGKILL");
        await nats.stop();
      }
    },
  );
});

async function inTurn<T>(work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const done: T[] = [];
  for (const one of work) done.push(await one());
  return done;
}
