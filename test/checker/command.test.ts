import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { JSDOM, VirtualConsole } from "jsdom";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { formatOperation, type Operation } from "#dist/harness/checker/index.js";
import { type Ended, engramEach, OneProcess } from "../harness/command-line.js";
import { op } from "./make-history.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "check-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(history: Operation[] | string, name = "h.jsonl"): void {
  const text = typeof history === "string" ? history : history.map(formatOperation).join("\n");
  writeFileSync(join(folder, name), text);
}

let cli: OneProcess;
beforeAll(() => {
  cli = new OneProcess();
});
afterAll(() => cli.close());

async function check(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await cli.run(["check", ...args], { cwd: folder });
  return { status: code, stdout, stderr };
}

const stale = [
  op("w1", "set", { value: "<b>old</b>" }, true, [0, 10]),
  op("w2", "set", { value: "new" }, true, [20, 30]),
  op("w3", "get", null, "<b>old</b>", [40, 50]),
  op("w4", "set", { value: "lost" }, null, [45, null]),
  op("w3", "get", null, "new", [60, 70]),
];

describe("engram check", () => {
  it("exits with 0 and one line for a linearizable history", async () => {
    write(stale.slice(0, 2));
    const { status, stdout, stderr } = await check("h.jsonl");
    expect(stdout).toMatch(/^h\.jsonl: linearizable \(model ttl, 2 operations on 1 keys, \d+ ms\)\n$/);
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("exits with 1 and names the line, the client and what would have been right", async () => {
    write(stale);
    const { status, stdout } = await check("h.jsonl", "--model", "register");
    expect(stdout).toContain('key "k": 2 of 5 operations can be placed; then, with the object "new":');
    expect(stdout).toContain('  line 3, client w3: get → "<b>old</b>": should have been "new"');
    expect(stdout).toContain("NOT LINEARIZABLE");
    expect(status).toBe(1);
  });

  it("exits with 4 when it cannot decide in time", async () => {
    const writes = Array.from({ length: 24 }, (_, i) => op(`c${i}`, "set", { value: i }, true, [0, 100]));
    write([...writes, op("r", "get", null, 99, [200, 201])]);
    const { status, stdout } = await check("h.jsonl", "--deadline", "50ms");
    expect(stdout).toMatch(/not decided, the deadline of 50 ms has passed/);
    expect(status).toBe(4);
  });

  it("prints JSON alone with --json", async () => {
    write(stale);
    const { status, stdout } = await check("h.jsonl", "--json");
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ outcome: "illegal", operations: 5, partitions: [{ key: "k", outcome: "illegal" }] });
    expect(result.partitions[0].violation.unplaced[0].operation.line).toBe(3);
    expect(status).toBe(1);
  });

  it("writes no page for a good history", async () => {
    write(stale.slice(0, 2));
    await check("h.jsonl", "-o", "v.html");
    expect(existsSync(join(folder, "v.html"))).toBe(false);
  });

  const refused: [string[], RegExp][] = [
    [["absent.jsonl"], /^absent\.jsonl: no such file\n$/],
    [["empty.jsonl"], /^empty\.jsonl: no operations in it\n$/],
    [["cut.jsonl"], /^cut\.jsonl:2: not one JSON object a line: /],
    [["."], /^\.: is a folder, expected a history file\n$/],
    [["latin1.jsonl"], /^latin1\.jsonl: bytes after line \d+ are not UTF-8\n$/],
    [["h.jsonl", "--model", "stack"], /^--model stack: expected one of register, cas, counter, ttl, eviction, fifo\n$/],
    [["h.jsonl", "--model", "toString"], /^--model toString: expected one of/],
    [["h.jsonl", "--model", "fifo"], /^h\.jsonl:1: op set is not one of model fifo/],
    [["h.jsonl", "--deadline", "0s"], /^--deadline 0s: expected a time above 0/],
    [["h.jsonl", "--slack", "-1ms"], /^--slack -1ms: expected a time from 0/],
    [["h.jsonl", "--capacity", "0"], /^--capacity 0: expected a whole number/],
    [["h.jsonl", "-o", "no/such/v.html"], /^-o no\/such\/v\.html: cannot be written \(no folder no\/such\)\n$/],
    [["good.jsonl", "-o", "no/such/v.html"], /^-o no\/such\/v\.html: cannot be written/],
    [["h.jsonl", "-o", "."], /^-o \.: is a folder/],
    [["h.jsonl", "-o", "h.jsonl"], /^-o h\.jsonl: is read as well/],
  ];

  describe("what it refuses", () => {
    let ended: Ended[];
    let left: string[];

    // in one process: each is refused before there is anything to do
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "check-"));
      write(stale);
      write(stale.slice(0, 2), "good.jsonl");
      write("", "empty.jsonl");
      const latin1 = Buffer.from(formatOperation({ ...stale[0], key: "\u00e9" }), "latin1");
      writeFileSync(join(folder, "latin1.jsonl"), latin1);
      write(`${formatOperation(stale[0])}\n${formatOperation(stale[1]).slice(0, 30)}`, "cut.jsonl");
      ended = await engramEach(
        refused.map(([args]) => ["check", ...args]),
        { cwd: folder },
      );
      left = readdirSync(folder);
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(refused.map(([args, message], i) => ({ args, message, i })))(
      "$args: exit 2 and one line",
      ({ message, i }) => {
        const { code, stdout, stderr } = ended[i];
        expect(stderr.replace(/^engram: /, "")).toMatch(message);
        expect(stderr.trimEnd().split("\n")).toHaveLength(1);
        expect([code, stdout]).toEqual([2, ""]);
      },
    );

    it("leaves no half-written file", () => expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]));
  });
});

describe("the violation page", () => {
  let html = "";
  let document: Document;
  beforeEach(async () => {
    write(stale);
    expect((await check("h.jsonl", "-o", "v.html")).status).toBe(1);
    html = readFileSync(join(folder, "v.html"), "utf8");
    document = new JSDOM(html).window.document;
  });

  it("draws one bar an operation, marked by its role, and a lane a client", () => {
    const roles = [...document.querySelectorAll("svg .op")].map((g) => g.getAttribute("class"));
    expect(roles.sort()).toEqual(["op dead-end open", "op impossible", "op later", "op placed", "op placed"]);
    expect([...document.querySelectorAll("svg .client")].map((t) => t.textContent)).toEqual(["w1", "w2", "w3", "w4"]);
  });

  it("lists the prefix, last first, with the object's states and says what would have been right", () => {
    const prefix = document.querySelectorAll(".prefix tbody tr");
    expect([...prefix].map((row) => row.lastElementChild!.textContent)).toEqual(['"new"', '"<b>old</b>"']);
    expect(document.querySelector("section > table")!.textContent).toContain('the answer should have been "new"');
  });

  it("shows values as text, never as markup", () => {
    expect(document.querySelector("main b")).toBeNull();
    expect(document.querySelector("script")).toBeNull();
  });

  it("is self-contained, for light and dark", () => {
    expect(html).not.toMatch(/https?:|src=|@import|url\(/);
    expect(html).toContain("prefers-color-scheme:dark");
  });

  it("has no accessibility violation that axe can find without a layout", async () => {
    const silent = new VirtualConsole();
    const dom = new JSDOM(html, { runScripts: "outside-only", virtualConsole: silent });
    dom.window.eval(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
    const { axe } = dom.window as unknown as { axe: { run(): Promise<AxeResults> } };
    const { violations } = await axe.run();
    expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
  });
});
