import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { OneProcess } from "./harness/command-line.js";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts as Record<string, string>;

function snippets(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map((match) =>
    match[1].trim(),
  );
}

const commands = snippets("sh").flatMap((snippet) => snippet.split("\n"));
/** The install, start and test commands are what runs this; a gate needs a history to compare with and has its own tests. */
const elsewhere = (command: string) => command.startsWith("npm ci") || command.startsWith("npx engram gate");

/** What the programs print, in the order of the README. */
const OUTPUTS = ["42n\n", "the agents met\n", "mine\n", "200\n"];

let folder = "";
let cli: OneProcess;
let gateHelp: Promise<string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "engram-readme-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "engram"));
  // a few thousand requests with a hot set: the README's own "my-trace.txt"
  const lines = Array.from({ length: 6000 }, (_, i) => `key-${i % 3 === 0 ? i % 900 : i % 40}`);
  writeFileSync(join(folder, "my-trace.txt"), `${lines.join("\n")}\n`);
  // and its "my-agents.mjs": a cache-aside loop
  const agents = `import { Store } from "engram";
    const store = await Store.create({ capacity: "8MiB" });
    const cache = store.namespace("cache", { encoding: "string" });
    for (let i = 0; i < 3000; i++) if (cache.get("k" + (i * i) % 997) === undefined) cache.set("k" + (i * i) % 997, "v");
    await store.close();`;
  writeFileSync(join(folder, "my-agents.mjs"), agents);
  cli = new OneProcess({ cwd: folder });
  gateHelp = cli.run(["gate", "--help"]).then(({ stdout }) => stdout);
});

afterAll(async () => {
  await cli.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the README", () => {
  it("shows the two commands of a fresh machine, and their scripts exist", () => {
    expect(commands).toContain("npm ci && npm start");
    expect(commands).toContain("npm ci && npm test");
    expect(scripts).toHaveProperty("start");
    expect(scripts).toHaveProperty("test");
  });

  // before the commands: one of those looks at the backups that a program has left
  it.each(snippets("js").map((code, index) => [index + 1, code] as const))(
    "program %i runs as printed",
    async (index, code) => {
      const file = join(folder, `snippet-${index}.mjs`);
      writeFileSync(file, code);
      const { stdout } = await run(process.execPath, [file], { cwd: folder });
      expect(stdout).toBe(OUTPUTS[index - 1]);
    },
  );

  it.each(commands.filter((command) => !elsewhere(command)))("runs: %s", async (command) => {
    // nobody reads the figures: a tenth of the time shows as well that the command works
    const [npx, name, ...args] = command.replace(/(--duration \d+)0ms\b/, "$1ms").split(" ");
    expect([npx, name]).toEqual(["npx", "engram"]);
    // What is run against without being told to, the first of them shows; the others go on with one subject.
    if (args[0] === "run" && !args.includes("--subjects") && !args.includes("blackboard"))
      args.push("--subjects", "map");
    const { code, stdout } = await cli.run(args);
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe("");
    const output = args[Math.max(args.indexOf("-o"), args.indexOf("--out")) + 1];
    if (args.includes("-o") || args.includes("--out")) expect(existsSync(join(folder, output))).toBe(true);
  });

  it.each(commands.filter((command) => command.startsWith("npx engram gate")))(
    "knows every option of: %s",
    async (command) => {
      const help = await gateHelp;
      const options = command.split(" ").filter((word) => word.startsWith("--"));
      for (const option of options) expect(help).toContain(option);
    },
  );

  it("shows a workflow that calls the gate with options it has", async () => {
    const [workflow] = snippets("yaml").map((text) => parse(text));
    const step = workflow.jobs.gate.steps.at(-1).run as string;
    const help = await gateHelp;
    for (const option of step.split(" ").filter((word) => word.startsWith("--"))) expect(help).toContain(option);
  });

  it("links to nothing that is not there", () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)]
      .map((match) => match[1])
      .filter((link) => !link.startsWith("http"));
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });
});
