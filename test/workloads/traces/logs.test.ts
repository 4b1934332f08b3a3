/** Logs of other programs as traces: what each line asks for, what is left out, and what is refused. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { measureTrace } from "#dist/harness/trace/measure.js";
import { withNames } from "#dist/harness/trace/names.js";
import { Store } from "#dist/src/index.js";
import { loadTrace, OPERATION_NAMES, type Trace } from "#dist/workloads/index.js";
import { CLI } from "../../harness/command-line.js";
import { temporaryFolder } from "../temporary-folder.js";

const files = temporaryFolder();
const read = (name: string, lines: readonly string[], options = {}) =>
  loadTrace(files.file(name, `${lines.join("\n")}\n`), options);
const keys = (trace: Trace) => [...trace.ids].map((id) => trace.keyOf(id));
const ops = (trace: Trace) => [...(trace.ops ?? [])].map((op) => OPERATION_NAMES[op]);

const ACCESS = [
  '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.png?x=1 HTTP/1.0" 200 2326',
  '::1 - - [10/Oct/2000:20:55:37 +0000] "HEAD /a.png?x=1 HTTP/1.1" 304 - "http://from/" "Agent \\"quoted\\" [1]"',
  '10.0.0.1 - - [10/Oct/2000:20:55:38 +0000] "\\x16\\x03\\x01" 400 150 "-" "-"',
  '10.0.0.1 - - [10/Oct/2000:20:55:38 +0000] "DELETE /b HTTP/2.0" 204 0 "-" "curl/8"',
  '10.0.0.1 - - [10/Oct/2000:20:55:39 +0000] "POST /b HTTP/2.0" 200 9 "-" "curl/8"',
];

describe("access logs", () => {
  it("are known by their lines, and name targets, times with their zone, sizes and methods", async () => {
    const trace = await read("access.log", ACCESS);
    expect(trace.format).toBe("weblog");
    expect(keys(trace)).toEqual(["/a.png?x=1", "/a.png?x=1", "/b", "/b"]);
    expect([...(trace.times ?? [])]).toEqual([971211336, 971211337, 971211338, 971211339]);
    // A size that is not sent is one that is not known, and taken from where it is.
    expect([...(trace.sizes ?? [])].slice(0, 2)).toEqual([2326, 2326]);
    expect(ops(trace)).toEqual(["get", "get", "delete", "other"]);
    expect(trace.reading?.warnings.join()).toMatch(
      /1 line is no request and left out, the first of them line 3: .*: no HTTP request/,
    );
    expect((await read("x.txt", ACCESS, { format: "nginx" })).format).toBe("weblog");
  });

  it("without any are refused with the first line and what was expected", async () => {
    await expect(read("y.log", ["hello", "world"], { format: "weblog" })).rejects.toThrow(
      /y\.log: no line is a request \(line 1: "hello": no line of an access log\); expected lines such as 127/,
    );
  });
});

describe("Redis' MONITOR", () => {
  it("is known by its lines: keys of one command or several, values' lengths, times to live, databases", async () => {
    const trace = await read("monitor.log", [
      "OK",
      '1339518083.107412 [0 127.0.0.1:60866] "SET" "user:1" "12345" "EX" "60"',
      '1339518084.000001 [3 127.0.0.1:60866] "get" "user:1"',
      '1339518085.5 [0 lua] "mget" "a b" "\\"q\\\\\\x00"',
      '1339518086.5 [0 unix:/s] "mset" "a b" "xyz" "d" ""',
      '1339518087.5 [0 [::1]:5] "ping"',
      '1339518088.5 [0 1.1.1.1:5] "incr" "n"',
      '1339518089.5 [0 1.1.1.1:5] "psetex" "p" "1500" "v"',
      '1339518090.5 [0 1.1.1.1:5] "unlink" "d" "p"',
    ]);
    expect(trace.format).toBe("redis-monitor");
    expect(keys(trace)).toEqual(["user:1", "3:user:1", "a b", '"q\\\0', "a b", "d", "n", "p", "d", "p"]);
    expect(ops(trace)).toEqual(["set", "get", "get", "get", "set", "set", "increment", "set", "delete", "delete"]);
    expect([...(trace.ttls ?? [])]).toEqual([60, 0, 0, 0, 0, 0, 0, 1.5, 0, 0]);
    expect(trace.sizes?.[0]).toBe(5);
    expect(trace.times?.[0]).toBe(1339518083.107412);
    expect(trace.reading?.warnings.join()).toMatch(
      /2 lines are no request and left out, the first of them line 1: "OK": what MONITOR begins with/,
    );
  });
});

describe("JSON lines", () => {
  it("are read by paths, in arrays too, with times that are numbers or dates", async () => {
    const lines = [
      '{"ts":"2024-05-01T00:00:01Z","request":{"uri":"/a","method":"GET"},"bytes":[7,10],"ttl":30}',
      '{"ts":"2024-05-01T00:00:03.5Z","request":{"uri":"/b","method":"PUT"},"bytes":[7,20]}',
      "no object",
      '{"ts":"2024-05-01T00:00:04Z","request":{}}',
    ];
    const trace = await read("a.jsonl", lines, {
      columns: "id=request.uri,time=ts,op=request.method,size=bytes.1,ttl=ttl",
    });
    expect(keys(trace)).toEqual(["/a", "/b"]);
    expect([...(trace.times ?? [])]).toEqual([1714521601, 1714521603.5]);
    expect([...(trace.sizes ?? [])]).toEqual([10, 20]);
    expect([...(trace.ttls ?? [])]).toEqual([30, 0]);
    expect(ops(trace)).toEqual(["get", "set"]);
    expect(trace.reading?.columns).toMatch(/^key from "request\.uri", .*\(as --columns says\)$/);
    expect(trace.reading?.warnings.join()).toMatch(/2 lines are no request/);
  });

  it("of usual names need no columns, whatever the file is called", async () => {
    const trace = await read("plain", [
      '{"timestamp":1700000000123,"key":"k","size":3}',
      '{"timestamp":1700000001123,"key":7,"size":4}',
    ]);
    expect([trace.format, keys(trace), [...(trace.times ?? [])]]).toEqual([
      "jsonl",
      ["k", "7"],
      [1700000000.123, 1700000001.123],
    ]);
    expect(trace.reading?.times).toMatch(/^times in ms/);
  });

  it("never name what an object has from elsewhere", async () => {
    await expect(read("p.jsonl", ['{"a":1}'], { columns: "id=constructor.name" })).rejects.toThrow(
      /no line is a request/,
    );
    await expect(read("q.jsonl", ['{"a":1}'])).rejects.toThrow(/none of key, id, .*expected --columns id=PATH/);
  });
});

describe("--pattern", () => {
  it("reads any log by named groups", async () => {
    const lines = ["t=5 hit a 10", "nothing", "t=6 miss b 20"];
    const trace = await read("any.log", lines, { pattern: "t=(?<time>\\d+) \\w+ (?<key>\\S+) (?<size>\\d+)$" });
    expect([trace.format, keys(trace), [...(trace.times ?? [])], [...(trace.sizes ?? [])]]).toEqual([
      "pattern",
      ["a", "b"],
      [5, 6],
      [10, 20],
    ]);
    expect(trace.reading?.warnings.join()).toMatch(/line 2: "nothing": --pattern does not find anything/);
  });

  it.each([
    ["(", {}, /--pattern "\(": Invalid regular expression/],
    ["(?<time>a)", {}, /it has no group for the key; expected \(\?<key>…\)/],
    ["(?<key>a)(?<colour>b)", {}, /\(\?<colour>…\) is no field/],
    ["(?<key>a)", { format: "csv" }, /--pattern reads any log by itself, and --format csv is another way/],
    [undefined, { format: "pattern" }, /--format pattern goes with --pattern REGEX/],
  ])("%s is refused", async (pattern, options, message) => {
    await expect(read("r.log", ["a b"], { pattern, ...options })).rejects.toThrow(message);
  });
});

describe("a trace by standard input", () => {
  it("is read where its name is -", () => {
    const run = (input: string, ...args: string[]) =>
      spawnSync(process.execPath, [CLI, ...args], { input, encoding: "utf8" });
    const { stdout, status } = run(`${ACCESS.join("\n")}\n`, "trace", "info", "-", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ name: "standard input", format: "weblog", requests: 4 },
      hottest: [
        { key: "/a.png?x=1", requests: 2, share: 0.5 },
        { key: "/b", requests: 2, share: 0.5 },
      ],
    });
    expect(run("", "trace", "info", "-").stderr).toMatch(/-: the file is empty/);
  });
});

describe("hot keys of an operation log", () => {
  it("are named by their owner's keys, and only they", async () => {
    const store = await Store.create({ capacity: "4MiB", shared: false });
    const path = files.file("own.oplog", "");
    const recording = store.record(path);
    const users = store.namespace("users", { encoding: "string" });
    for (let i = 0; i < 9; i++) users.get(i < 6 ? "é:1" : "b");
    await recording.stop();
    await store.close();
    const info = await measureTrace(path, {});
    expect(info.hottest.map(({ requests, name }) => [requests, name])).toEqual([
      [6, undefined],
      [3, undefined],
    ]);
    const named = await withNames(info, files.file("keys.tsv", "users\té:1\nothers\tb\n\n"));
    expect(named.hottest.map(({ name }) => name)).toEqual(["users é:1", undefined]);
    await expect(withNames(info, files.file("bad.tsv", "users\n"))).rejects.toThrow(
      /bad\.tsv:1: expected a namespace, a tab/,
    );
    await expect(withNames({ ...info, format: "csv" }, path)).rejects.toThrow(/goes with operation logs/);
  });
});
