/** Subjects of other people: examined before they are measured, in processes that end whatever the subject does. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examineSubject, isSound } from "#dist/harness/conformance/index.js";
import { OneProcess } from "./command-line.js";

const root = resolve(import.meta.dirname, "../..");
const examples = join(root, "examples", "subjects");
/** What a hang is told by. Where its process has not even started by then, that is told as one too. */
const limitMs = 5000;
/** What is told of one that does not hang, however long that takes. */
const PATIENT = { limitMs: 600_000 };
let folder = "";
let cli: OneProcess;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "engram-subject-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "engram"));
  cli = new OneProcess({ cwd: folder });
});
afterAll(async () => {
  await cli.close();
  rmSync(folder, { recursive: true, force: true });
});

function written(name: string, body: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `import { byKey, defineSubject } from "engram/lab";\n${body}`);
  return file;
}

describe("engram check-subject", () => {
  it.each([
    ["tiny-lru", { shared: false, asynchronous: false }],
    ["keyv", { shared: false, asynchronous: true, expires: true }],
  ])("finds nothing wrong with the example %s", async (name, says) => {
    const examination = await examineSubject(join(examples, `${name}.mjs`), PATIENT);
    expect(examination.findings).toEqual([]);
    expect(examination.subject).toMatchObject({ name, ...says });
    expect(examination.checked.get).toBeGreaterThan(500);
  });

  it("finds nothing wrong with what docs/subjects.md shows", async () => {
    const [, shown] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs", "subjects.md"), "utf8")) ?? [];
    const file = join(folder, "shown.mjs");
    writeFileSync(file, shown ?? "");
    expect(await examineSubject(file, PATIENT)).toMatchObject({ findings: [], subject: { name: "plain-map" } });
  });

  it("tells what lies: values nobody wrote, lengths, times to live, sharing, answers that come later", async () => {
    const file = written(
      "liar",
      `const made = () => {
        const map = new Map();
        return {
          get: async (key) => map.get(key) ?? (key.endsWith("3") ? new Uint8Array(7) : undefined),
          set: (key, value) => map.set(key, key.endsWith("4") ? value.slice(0, 1) : value),
          delete: () => true,
          increment() { throw new RangeError("no counters"); },
        };
      };
      export default defineSubject({
        name: "liar", shared: true, expires: true, also: ["scan"],
        attach: (_, context) => byKey(context, { ...made(), scan: () => 99 }),
      });`,
    );
    const { findings } = await examineSubject(file, PATIENT);
    const told = findings.map(({ about }) => about).sort();
    expect(told).toEqual([
      ...["bytes", "delete", "expiry", "get of another", "get of nothing"],
      ...["increment threw", "promise", "scan", "shared"],
    ]);
    expect(findings.every(({ kind }) => kind === "fault")).toBe(true);
  });

  it("ends what a subject leaves running, and says that it does", async () => {
    const marker = `engram-left-${process.pid}`;
    const file = written(
      "leaks",
      `import { spawn } from "node:child_process";
      export default defineSubject({
        name: "leaks", cannot: ["increment"],
        open() {
          spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "${marker}"], { stdio: "ignore" }).unref();
          return {};
        },
        attach: (_, context) => byKey(context, new Map()),
      });`,
    );
    const { findings } = await examineSubject(file, PATIENT);
    expect(findings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringMatching(/left a process running/)]),
    );
    const running = () => execFileSync("ps", ["-eo", "stat,args"], { encoding: "utf8" }).split("\n");
    // Killed it is by now; gone once it has had a processor.
    await expect.poll(() => running().filter((line) => line.includes(marker) && !line.startsWith("Z"))).toEqual([]);
  });

  it("gives up on one that hangs, and says in what", async () => {
    const file = written(
      "hangs",
      `export default defineSubject({
        name: "hangs", cannot: ["increment"],
        attach: (_, context) => byKey(context, { get() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }, set() {}, delete() {} }),
      });`,
    );
    const examination = await examineSubject(file, { limitMs });
    expect(isSound(examination)).toBe(false);
    expect(examination.findings[0].message).toMatch(/^it hangs: nothing came of .+ within 5 s$/);
  });

  it.each([
    ["nothing.mjs", "nothing.mjs: no such file; expected a module whose default export is a subject"],
    ["none.mjs", "there is no default export"],
    ["member.mjs", "a subject has no expire"],
    ["syntax.mjs", "cannot be loaded: SyntaxError"],
  ])("refuses %s in one line", async (file, message) => {
    writeFileSync(join(folder, "none.mjs"), "export const x = 1;");
    writeFileSync(join(folder, "member.mjs"), 'export default { name: "x", expire: true, attach() {} };');
    writeFileSync(join(folder, "syntax.mjs"), "export default (");
    const { code, stderr } = await cli.run(["check-subject", file]);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});

describe("engram init", () => {
  it("writes a subject that is fit to be measured, beside ours and by its name", async () => {
    expect(await cli.run(["init", "subject", "mine.mjs"])).toMatchObject({
      ...{ code: 0, stdout: "mine.mjs is written. Next: engram check-subject mine.mjs\n" },
    });
    const args = ["--subjects", "map", "--subject", "mine.mjs", "--ops", "2000", "--workers", "1", "--out", "out"];
    const { code, stdout } = await cli.run(["run", "blackboard", ...args]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^blackboard +map .*\n +my-store +[\d.]+ [KM]\/s/m);
    const { runs } = JSON.parse(readFileSync(join(folder, "out", "results.json"), "utf8"));
    const notes = expect.arrayContaining(["not shared: each worker has a Map of its own"]);
    expect(runs[1]).toMatchObject({ subject: "my-store", notes });
  });

  it("writes a scenario that runs, and leaves alone what is there", async () => {
    expect((await cli.run(["init", "scenario", "mine.yaml"])).code).toBe(0);
    const again = await cli.run(["init", "scenario", "mine.yaml"]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("is there already") });
    const args = ["--subjects", "noop", "--duration", "20ms", "--workers", "1", "--out", "scenario"];
    expect(await cli.run(["run", "mine.yaml", ...args])).toMatchObject({ code: 0 });
  });

  it.each([
    [["init", "sbject"], 'nothing named "sbject" to begin with (did you mean subject?)'],
    [["init", "subject", "mine.yaml"], "expected a name that ends in .mjs"],
  ])("refuses %j", async (args, message) => {
    expect(await cli.run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

describe("engram run --subject", () => {
  it("refuses a subject that is not what it says, and a name that another has", async () => {
    const unfit = written(
      "unfit",
      'export default defineSubject({ name: "unfit", shared: true, cannot: ["increment"], attach: (_, context) => byKey(context, new Map()) });',
    );
    const refused = await cli.run(["run", "blackboard", "--subject", unfit]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("nothing is shared, and it says that it is"),
    });
    const named = written(
      "named",
      'export default defineSubject({ name: "map", cannot: ["increment"], attach: (_, context) => byKey(context, new Map()) });',
    );
    const taken = await cli.run(["run", "blackboard", "--subject", named]);
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining("there is another subject named map") });
  });
});
