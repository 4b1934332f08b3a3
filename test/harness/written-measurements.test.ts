/** What the tools really write is what a report really reads: no copies of shapes in between. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, expect, test } from "vitest";
import { figuresOf, measureSpeed } from "#dist/harness/proofs/backup-speed.js";
import { readInputs } from "#dist/reports/measurements.js";
import { renderReport } from "#dist/reports/page.js";

const built = (path: string) => fileURLToPath(new URL(`../../dist/harness/${path}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-written-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(program: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [built(program), ...args], { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}

async function put(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

const operation = (client: string, op: string, input: unknown, output: unknown, call: number) =>
  JSON.stringify({ client, key: "k", op, input, output, call, return: call + 5 });

test("one report takes what run, bench, backup:speed, check and evict wrote, and shows it all", async () => {
  const history = [operation("a", "set", { value: "x" }, true, 0), operation("b", "get", null, "x", 10)];
  await put("history.jsonl", `${history.join("\n")}\n`);
  await put("trace.txt", Array.from({ length: 400 }, (_, i) => `${(i * i) % 37}\n`).join(""));
  await run("cli.js", "run", "blackboard", "--subjects", "engram", "--duration", "50ms", "--out", "results");
  await run("proofs/main.js", "bench", "--quick", "--rounds", "1", "--only", "engine,hash", "--json", "bench.json");
  const check = await put("check.json", await run("cli.js", "check", "history.jsonl", "--json"));
  const evict = await put(
    "evict.json",
    await run("cli.js", "evict", "trace.txt", "--policy", "lru,adaptive", "--size", "5,10", "--windows", "4", "--json"),
  );
  const rows = await measureSpeed(16, 1);
  const speed = await put("speed.json", JSON.stringify({ rows, figures: figuresOf(rows, 16) }));

  const given = [join(folder, "results"), join(folder, "bench.json"), check, evict, speed];
  const { results } = await readInputs(given);
  expect(results).toHaveLength(1);
  const [{ bench, checks, backups, evictions, targets }] = results;
  expect(bench?.map(({ name }) => name)).toEqual(["engine", "hash"]);
  expect(checks).toMatchObject([{ outcome: "ok", operations: 2 }]);
  expect(backups).toHaveLength(rows.length);
  expect(evictions?.map(({ policy, capacity }) => `${policy} ${capacity}`)).toEqual([
    ...["lru 5", "lru 10", "adaptive 5", "adaptive 10"],
  ]);
  const verdictOf = (id: string) => targets.find((target) => target.id === id)?.verdict;
  for (const { target } of figuresOf(rows, 16)) expect(verdictOf(target), target).not.toBe("not measured");
  expect(verdictOf("d-strong-consistent")).toBe("met");
  expect(verdictOf("m007-adaptive-gain")).not.toBe("not measured");

  const { document } = new JSDOM(renderReport(results)).window;
  const sections = [...document.querySelectorAll("main > section")].map(({ id }) => id);
  expect(sections).toEqual(expect.arrayContaining(["bench", "backups", "linearizability", "hit-ratio"]));
  for (const { title } of bench ?? []) expect(document.querySelector("#bench")?.textContent).toContain(title);
});
