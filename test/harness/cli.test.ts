import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, engram, OneProcess, start } from "./command-line.js";

let folder: string;
let cli: OneProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-cli-"));
  await writeFile(join(folder, "a-file"), "not a folder");
  await writeFile(join(folder, "broken.yaml"), "title: Broken\nstory: x\nphases: []\n");
  await writeFile(join(folder, "empty.oracleGeneral"), "");
  await mkdir(join(folder, "taken", "results.json"), { recursive: true });
  cli = new OneProcess({ cwd: folder });
});
afterAll(async () => {
  await cli.close();
  await rm(folder, { recursive: true, force: true });
});

/** What is wrong, and what its one line must say. */
const REFUSED: Array<[args: string, says: RegExp]> = [
  ["rnu", /unknown command 'rnu' \(Did you mean run\?\)/],
  ["run --wat", /unknown option '--wat'/],
  ["run blckboard", /no scenario "blckboard" \(did you mean blackboard\?\)/],
  ["run broken.yaml", /broken\.yaml:3: phases/],
  ["run no-such.yaml", /no-such\.yaml: no such file/],
  ["run --subjects engrm", /unknown subject "engrm" \(did you mean engram\?\); known: engram, /],
  ["run --subjects map,,lmdb", /--subjects map,,lmdb: expected names/],
  ["run --workers", /option '--workers <n>' argument missing/],
  ["run --workers 0", /--workers 0: expected a whole number from 1 to 62/],
  ["run --workers -1", /--workers -1: expected/],
  ["run --workers 1e99", /--workers 1e99: expected/],
  ["run --workers abc", /--workers abc: expected/],
  ["run --workers 2.5", /--workers 2\.5: expected/],
  ["run --duration 0", /--duration 0: expected a time such as 5s/],
  ["run --duration 0s", /--duration 0s: expected/],
  ["run --duration -5s", /--duration -5s: expected/],
  ["run --duration forever", /--duration forever: expected/],
  ["run --duration 9999h", /--duration 9999h: expected .* at most 24h/],
  ["run --ops 0", /--ops 0: expected a whole number from 1/],
  ["run --ops 1e99", /--ops 1e99: expected/],
  ["run --seed -3", /--seed -3: expected a whole number from 0/],
  ["run --seed NaN", /--seed NaN: expected/],
  ["run --rate 0", /--rate 0: expected operations a second/],
  ["run --rate fast", /--rate fast: expected/],
  ["run --out a-file", /--out a-file: is a file; expected a folder/],
  ["run --out a-file/below", /--out a-file\/below: cannot be written to \(ENOTDIR\)/],
  ["run --out taken", /--out taken: holds a folder named results\.json/],
  ["run replay", /scenario replay replays a trace: give one with --trace FILE/],
  ["run blackboard --trace x", /--trace goes with a scenario that replays one, such as replay; not with blackboard/],
  ["run replay --trace no-such-trace", /no-such-trace: no such file/],
  ["run replay --trace empty.oracleGeneral", /empty\.oracleGeneral: the file is empty/],
  ["run replay --trace a-file --format nonsense", /--format "nonsense": no such trace format/],
  ["run --format csv", /--format goes with --trace FILE/],
  ["run --limit 5", /--limit goes with --trace FILE/],
  ["run replay --trace a-file --limit 0", /--limit 0: expected/],
  ["tour --seed x", /--seed x: expected/],
  ["tour --out a-file", /--out a-file: is a file/],
  ["list --wat", /unknown option '--wat'/],
  ["targets extra", /too many arguments/],
];

describe("bad input", () => {
  let ended: Ended[];
  beforeAll(async () => {
    ended = await Promise.all(REFUSED.map(([args]) => cli.run(args.split(" "))));
  });

  it.each(REFUSED.map(([args, says], i) => [args, says, i] as const))(
    "engram %s: exit 2, one line, nothing written",
    (_, says, i) => {
      const { code, stdout, stderr } = ended[i];
      expect(stderr).toMatch(says);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect(stderr).toMatch(/^engram: /);
      expect(stdout).toBe("");
      expect(code).toBe(2);
    },
  );

  it("leaves no results behind", async () => {
    expect((await readdir(folder)).sort()).toEqual(["a-file", "broken.yaml", "empty.oracleGeneral", "taken"]);
  });
});

describe("telling what there is", () => {
  it("prints the version of the package", async () => {
    const { default: about } = await import("../../package.json", { with: { type: "json" } });
    const { version } = about;
    expect(await engram(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each(["", "run", "tour", "list", "targets", "report", "evict", "gate", "check"])(
    "engram %s --help: exit 0 and how it is used",
    async (command) => {
      const { code, stdout, stderr } = await cli.run([...(command === "" ? [] : [command]), "--help"]);
      expect(stdout).toContain(`Usage: engram ${command}`.trim());
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    },
  );

  it("lists every scenario in one line, and as JSON", async () => {
    const { stdout } = await cli.run(["list"]);
    const { scenarios } = JSON.parse((await cli.run(["list", "--json"])).stdout) as {
      scenarios: Array<{ name: string }>;
    };
    expect(scenarios.map(({ name }) => name)).toContain("blackboard");
    for (const { name } of scenarios)
      expect(stdout.split("\n").filter((line) => line.trim().split(" ")[0] === name)).toHaveLength(1);
  });

  it("prints the documented targets", async () => {
    const targets = JSON.parse((await cli.run(["targets", "--json"])).stdout) as Array<{ id: string }>;
    expect(targets.map(({ id }) => id)).toContain("m010-read-p95");
    expect((await cli.run(["targets"])).stdout).toContain("m010-read-p95");
  });

  it("ends quietly when its reader leaves early", async () => {
    const { child, ended } = start(["targets", "--json"]);
    child.stdout.destroy();
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("a fault of its own", () => {
  it("is one line and exit 3; where it happened only when asked for", async () => {
    // No input makes the program fail, as far as we know: so its output is made to.
    const preload = join(folder, "..", `engram-fault-${process.pid}.mjs`);
    await writeFile(preload, "process.stdout.write = () => { throw new Error('planted'); };\n");
    try {
      const env = { NODE_OPTIONS: `--import ${preload}` };
      const plain = await engram(["list"], { env });
      expect(plain).toMatchObject({
        code: 3,
        stderr: "engram: internal error: planted (ENGRAM_DEBUG=1 shows where)\n",
      });
      const debug = await engram(["list"], { env: { ...env, ENGRAM_DEBUG: "1" } });
      expect(debug.stderr).toContain("    at ");
    } finally {
      await rm(preload);
    }
  });
});
