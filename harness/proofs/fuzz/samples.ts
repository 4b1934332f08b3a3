/** Valid files of every kind that is read, made here. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { Store } from "../../../src/index.js";
import { loadTrace, scenarioFolder, writeTrace } from "../../../workloads/index.js";
import { listScenarios } from "../../../workloads/scenarios.js";
import { convert } from "../../backup/index.js";
import { formatOperation } from "../../checker/index.js";
import type { TargetName } from "./targets.js";

export interface Sample {
  /** What the file is called: readers go by names too. */
  readonly name: string;
  readonly bytes: Buffer;
}

const NUMBERS = Array.from({ length: 60 }, (_, i) => (i * 31) % 17);

/** The samples of each target. */
export async function makeSamples(): Promise<Record<TargetName, Sample[]>> {
  const folder = await mkdtemp(join(tmpdir(), "engram-fuzz-samples-"));
  try {
    const traces = [...textTraces(), ...binaryTraces()];
    const log = await written(folder, "log.oplog", "oplog");
    const oracle = await written(folder, "t.oracleGeneral", "oracleGeneral");
    const { backups, jsonl, msgpack } = await storeSamples(folder);
    return {
      traces: [...traces, oracle, log],
      logs: [...publishedTraces(), ...logs()],
      compressed: compressedTraces(),
      oplogs: [log, { name: "blocks.oplog", bytes: Buffer.concat([log.bytes, log.bytes, log.bytes]) }],
      scenarios: await scenarioSamples(),
      results: [{ name: "results.json", bytes: Buffer.from(JSON.stringify(RESULTS, null, 2)) }],
      histories: [{ name: "history.jsonl", bytes: Buffer.from(historyLines().join("\n")) }],
      "monitor-histories": [{ name: "monitor.jsonl", bytes: Buffer.from(MONITOR_HISTORY) }],
      records: [{ name: "gates.jsonl", bytes: Buffer.from(RECORDS) }],
      backups,
      jsonl: [jsonl],
      msgpack: [msgpack],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function text(name: string, lines: readonly string[]): Sample {
  return { name, bytes: Buffer.from(`${lines.join("\n")}\n`) };
}

function textTraces(): Sample[] {
  return [
    text("t.lirs", [...NUMBERS.map(String), "*"]),
    text(
      "t.txt",
      NUMBERS.map((n) => `key-${n}`),
    ),
    text(
      "t.arc",
      NUMBERS.map((n, i) => `${n} ${(n % 5) + 1} 0 ${i}`),
    ),
    text("t.csv", ["time,id,size,op,ttl", ...NUMBERS.map((n, i) => `${1_700_000_000_000 + i},"k,${n}",${n},get,5`)]),
    text("counts.csv", ["key,op,size,op_count,key_size", ...NUMBERS.map((n) => `${n},GET_LEASE,${n},${n % 4},3`)]),
    text(
      "t.tr",
      NUMBERS.map((n, i) => `${i} ${n} ${n + 100}`),
    ),
    text("scsi.csv", ["version,time,op,size,lbn", ...NUMBERS.map((n, i) => `1,${i},2a,512,${n}`)]),
    text(
      "t.twr",
      NUMBERS.map((n, i) => `${i},k${n},2,${n},1,get,0`),
    ),
  ];
}

/** Block I/O, objects and pages as their publishers lay them down. */
function publishedTraces(): Sample[] {
  return [
    text(
      "hm_1.csv",
      NUMBERS.map((n, i) => `12816637200306${1000 + i},hm,1,${n % 2 === 0 ? "Read" : "Write"},${n * 512},4096,15`),
    ),
    text("io_traces.csv", [
      "device_id,opcode,offset,length,timestamp",
      ...NUMBERS.map((n, i) => `${n % 3},${n % 2 === 0 ? "R" : "W"},${n * 4096},4096,157780800000${1000 + i}`),
    ]),
    text(
      "tencent.csv",
      NUMBERS.map((n, i) => `153832${3200 + i},${n},8,${n % 2},2313`),
    ),
    text(
      "Financial1.spc",
      NUMBERS.map((n, i) => `${n % 3},${n},8192,${n % 2 === 0 ? "r" : "W"},${i}.026214`),
    ),
    text(
      "IBMObjectStoreTrace000Part0",
      NUMBERS.flatMap((n, i) => [
        `${i} REST.PUT.OBJECT 8d4fcda3d675ba${n + 10} 1056`,
        `${i} REST.GET.OBJECT 8d4fcda3d675ba${n + 10} 1168 0 1167`,
        `${i} REST.DELETE.OBJECT 8d4fcda3d675ba${n + 10}`,
      ]),
    ),
    text("cache-t-01", [
      "relative_unix\thashed_host_path_query\tresponse_size\ttime_firstbyte",
      ...NUMBERS.map((n, i) => `${i}\t-${n}22337203685477\t${n * 100}\t0.000123`),
    ]),
  ];
}

/** What other programs write down as they run. */
function logs(): Sample[] {
  return [
    text(
      "access.log",
      NUMBERS.map(
        (n, i) =>
          `10.0.0.${n} - - [10/Oct/2000:13:55:${10 + (i % 50)} -0700] "GET /a/${n}?q=\\"x HTTP/1.1" 200 ${n * 10} "-" "curl/8 [1]"`,
      ),
    ),
    text("monitor.log", [
      "OK",
      ...NUMBERS.flatMap((n, i) => [
        `13395180${10 + i}.107412 [0 127.0.0.1:60866] "SET" "user:${n}" "12\\x0045\\"" "EX" "60"`,
        `13395180${10 + i}.207412 [3 lua] "mget" "user:${n}" "q\\\\"`,
      ]),
    ]),
    text(
      "requests.jsonl",
      NUMBERS.map((n, i) =>
        JSON.stringify({
          ts: 1_700_000_000 + i,
          key: `k\u00e9${n}`,
          size: n,
          op: "get",
          ttl: 5,
          of: { uri: ["/", n] },
        }),
      ),
    ),
    text(
      "app.log",
      NUMBERS.map((n, i) => `${i}.5 t=${i} cache GET key=k${n} size=${n} ttl=9`),
    ),
  ];
}

function binaryTraces(): Sample[] {
  const records = (name: string, size: number, fill: (record: Buffer, n: number, i: number) => void): Sample => {
    const bytes = Buffer.alloc(size * NUMBERS.length);
    NUMBERS.forEach((n, i) => {
      fill(bytes.subarray(i * size, (i + 1) * size), n, i);
    });
    return { name, bytes };
  };
  return [
    records("t.corda", 8, (record, n) => record.writeBigInt64BE(BigInt(n))),
    records("t.cache2k", 4, (record, n) => record.writeInt32BE(n)),
    records("t.vscsi", 40, (record, n, i) => {
      record.writeUInt16LE(0x28, 0);
      record.writeUInt16LE(2 << 8, 2);
      record.writeUInt32LE(n * 512, 8);
      record.writeBigUInt64LE(BigInt(n), 16);
      record.writeBigUInt64LE(BigInt(i), 24);
    }),
    records("t.twr.bin", 20, (record, n, i) => {
      record.writeUInt32LE(i, 0);
      record.writeBigUInt64LE(BigInt(n), 4);
      record.writeUInt32LE((3 << 22) | n, 12);
      record.writeUInt32LE((1 << 24) | n, 16);
    }),
    records("t.oracleGeneralOpNS", 27, (record, n, i) => {
      record.writeUInt32LE(i, 0);
      record.writeBigUInt64LE(BigInt(n), 4);
      record.writeUInt32LE(n, 12);
      record.writeUInt8(1, 16);
      record.writeBigInt64LE(-1n, 19);
    }),
  ];
}

/** "1\n2\n1\n" in a stream of xz (CRC32). */
const XZ = "/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAFMQoyCjEKAAAAWjZpRQABGgbF6sh5kEKZDQEAAAAAAVla";

function compressedTraces(): Sample[] {
  const plain = Buffer.from(`${Array.from({ length: 3000 }, (_, i) => (i * 7919) % 499).join("\n")}\n`);
  const gzip = zlib.gzipSync(plain);
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
  const zstd = zstdCompressSync?.(plain);
  const raw = rawFrame(plain.subarray(0, 4000));
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const run = Buffer.from([
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0,
    0x88,
    ((100_000 << 3) & 0xff) | 3,
    (100_000 >> 5) & 0xff,
    (100_000 >> 13) & 0xff,
    0,
  ]);
  return [
    { name: "t.lirs.gz", bytes: gzip },
    { name: "two.lirs.gz", bytes: Buffer.concat([gzip, gzip]) },
    { name: "raw.lirs.zst", bytes: raw },
    { name: "frames.lirs.zst", bytes: Buffer.concat([skippable, raw, skippable, raw]) },
    { name: "run.cache2k.zst", bytes: run },
    { name: "t.lirs.xz", bytes: Buffer.from(XZ, "base64") },
    ...(zstd === undefined ? [] : [{ name: "t.lirs.zst", bytes: Buffer.concat([zstd, skippable, zstd]) }]),
  ];
}

/** A Zstandard frame of one raw block, its window of 1 MiB, its size not told. */
function rawFrame(content: Buffer): Buffer {
  const word = (content.length << 3) | 1;
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

async function written(folder: string, name: string, format: string): Promise<Sample> {
  const source = join(folder, "source.csv");
  await writeFile(source, ["time,id,size,op,ttl", ...NUMBERS.map((n, i) => `${i},${n},${n + 1},get,9`), ""].join("\n"));
  const path = join(folder, name);
  await writeTrace(path, await loadTrace(source), format);
  return { name, bytes: await readFile(path) };
}

async function scenarioSamples(): Promise<Sample[]> {
  const names = listScenarios().map(({ name }) => `${name}.yaml`);
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(scenarioFolder(), name)) })));
}

function historyLines(): string[] {
  return Array.from({ length: 12 }, (_, i) =>
    formatOperation({
      ...{ client: `w${i % 3}`, key: "k", call: i * 10, return: i * 10 + 5 },
      ...(i % 3 === 0
        ? { op: "set", input: { value: i }, output: true }
        : { op: "get", input: null, output: i - (i % 3) }),
    }),
  );
}

/** A backup, and its entries in both open forms. */
async function storeSamples(folder: string): Promise<{ backups: Sample[]; jsonl: Sample; msgpack: Sample }> {
  const directory = join(folder, "backup");
  const store = await Store.create({ capacity: "2MiB", maxWorkers: 2, eviction: "none", maintenance: false });
  const texts = store.namespace("texts", { encoding: "string" });
  for (let i = 0; i < 200; i++) texts.set(`key ${i}`, `value ${"x".repeat(i)}`);
  const objects = store.namespace("objects", { encoding: "json" });
  for (let i = 0; i < 20; i++) objects.set(`o${i}`, { i, list: [i, null, "text"] });
  const backups = await store.backup({ directory, writing: "positioned" });
  await backups.now("full");
  await backups.close();
  await store.close();
  const files = (await readdir(directory)).filter((name) => name.endsWith(".engram"));
  const open = async (name: string) => {
    await convert(directory, { to: join(folder, name), partial: false, capacity: undefined });
    return { name, bytes: await readFile(join(folder, name)) };
  };
  return {
    backups: await Promise.all(files.map(async (name) => ({ name, bytes: await readFile(join(directory, name)) }))),
    jsonl: await open("entries.jsonl"),
    msgpack: await open("entries.msgpack"),
  };
}

const MONITOR_HISTORY = [
  { engramHistory: 1, startedAt: 1_767_268_800_000 },
  ...NUMBERS.map((n, i) => ({
    ...{ at: 1_767_268_801_000 + i * 1000, ms: 1000, of: i % 20 === 19 ? "minute" : "tick" },
    figures: { operations: n * 1000, utilisation: n },
    latencies: { get: { max: 90 + n, counts: [[n, 3]] } },
  })),
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join("");

const RECORDS = NUMBERS.slice(0, 12)
  .map((n, i) =>
    JSON.stringify({
      ...{ engramGateRecord: 1, at: `2026-03-01T12:00:${10 + i}.000Z`, commit: `c${i}`, dirty: false },
      ...{
        base: { label: "main", commit: "b" },
        mode: "against",
        outcome: "pass",
        tolerance: 0.1,
        seed: 1,
        rounds: 20,
      },
      machine: { cpuModel: "CPU", cpuCount: 2, node: "v20.0.0", platform: "linux", arch: "x64" },
      settings: { scenarios: ["blackboard"], duration: "1s", workers: null },
      metrics: [
        {
          ...{
            id: "blackboard/get",
            name: "get",
            unit: "ns",
            better: "lower",
            scale: "ratio",
            head: 100 + n,
            base: 100,
          },
          ...{ worse: 0, interval: { lower: -0.1, upper: 0.1 }, verdict: "pass" },
        },
      ],
    }),
  )
  .map((line) => `${line}\n`)
  .join("");

const RESULTS = {
  schemaVersion: 1,
  engram: "0.1.0",
  createdAt: "2026-01-01T00:00:00.000Z",
  environment: {
    ...{ cpuModel: "cpu", cpuCount: 2, memoryBytes: 8e9, platform: "linux", arch: "x64", node: "20", v8: "11" },
    ...{ flags: [], loadAverage: [0, 0, 0], commit: null, timerFloorNs: 20, noise: 0.03 },
  },
  config: {
    ...{ command: ["run"], scenarios: ["blackboard"], subjects: ["engram"], workers: 2, durationMs: 1000 },
    ...{ ops: null, rate: null, seed: 1, trace: null },
  },
  runs: [],
  evictions: [
    {
      ...{ trace: "t", policy: "lru", capacity: 5, by: "objects", requests: 10, hits: 4, misses: 6, missRatio: 0.6 },
      ...{ evictions: 1, nsPerRequest: 20, read: "csv", warnings: ["all different"] },
    },
  ],
  targets: [],
};
