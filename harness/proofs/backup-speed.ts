/**
 * What backups cost: `npm run backup:speed -- [--mib 64] [--rounds 9] [--json]`. A full store of 64-byte values,
 * written mapped and at positions, to the page cache and to the disk: full, 1 % of the regions dirty, nothing dirty, the
 * first backup into new files; and recovery, with what its memory alone costs on this machine: a restored store has fresh pages, and
 * under some hypervisors the first touch of a page takes longer than all that is then done with it. Times are milliseconds, median
 * and worst of the rounds. `--json` prints
 *
 *   { "rows": SpeedRow[], "figures": SpeedFigure[] }
 *
 * where a figure is what one of the targets asks for, measured as this table is; `engram report` reads it beside results.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { type BackupSpeeds, backupSpeedsSchema } from "../../reports/measurement-files.js";
import { type BackupReport, type Namespace, restore, Store } from "../../src/index.js";
import { wholeNumber } from "../command-line/option-values.js";
import { optionsOf } from "../command-line/program-options.js";
import { median } from "../statistics/index.js";

export type SpeedRow = Required<BackupSpeeds["rows"][number]>;
export type SpeedFigure = BackupSpeeds["figures"][number] & { readonly unit: "ms" | "%" };

/** The figures of the table that targets ask for: mapped, to the page cache. */
export function figuresOf(rows: readonly SpeedRow[], mib: number): SpeedFigure[] {
  const written = (what: string) => rows.find((row) => row.what === what && row.durability === "process") as SpeedRow;
  const [dirty, full] = [written("1 % dirty"), written("full")];
  const recovery = rows.find(({ what }) => what === "recovery") as SpeedRow;
  const memory = rows.find(({ what }) => what === MEMORY_ALONE) as SpeedRow;
  const recovered = `median, page cache warm; touching as much fresh memory takes ${memory.medianMs.toFixed(0)} ms of it here`;
  const figure = (target: string, value: number, unit: "ms" | "%", of: string, rounds: number): SpeedFigure => ({
    target,
    value,
    unit,
    method: `npm run backup:speed: ${of}; store of ${mib} MiB, nine tenths full of 64-byte values`,
    rounds,
  });
  const how = `${dirty.writing}, to the page cache`;
  return [
    figure("m005-incremental-backup", dirty.medianMs, "ms", `median, 1 % of the regions dirty, ${how}`, dirty.rounds),
    figure("m005-full-backup", full.medianMs, "ms", `median, file there already, ${how}`, full.rounds),
    figure("m005-recovery", recovery.medianMs, "ms", recovered, recovery.rounds),
    figure(
      "m009-incremental-saving",
      100 * (1 - dirty.medianMs / full.medianMs),
      "%",
      `1 - median with 1 % dirty / median of full, ${how}`,
      dirty.rounds,
    ),
    figure(
      "m005-storage-efficiency",
      (100 * liveBytes(mib)) / (full.regions * REGION),
      "%",
      "bytes of keys and values over those of the regions that a full backup holds",
      full.rounds,
    ),
  ];
}

const MEMORY_ALONE = "its memory alone";
const PAGE = 4096;
/** Bytes that a backup writes at once or not at all. */
const REGION = 4096;
const DIRTY_SHARE = 0.01;
const VALUE = new Uint8Array(64).fill(0x61);

export async function measureSpeed(mib: number, rounds: number): Promise<SpeedRow[]> {
  const rows: SpeedRow[] = [];
  const directory = mkdtempSync(join(tmpdir(), "engram-speed-"));
  try {
    for (const durability of ["process", "disk"] as const) {
      for (const writing of ["mapped", "positioned"] as const) {
        const folder = join(directory, `${writing}-${durability}`);
        rows.push(...(await measureWriting(mib, rounds, folder, writing, durability)));
      }
    }
    rows.push(...(await measureRecovery(join(directory, "mapped-process"), rounds)));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return rows;
}

async function measureWriting(
  mib: number,
  rounds: number,
  directory: string,
  writing: "mapped" | "positioned",
  durability: "process" | "disk",
): Promise<SpeedRow[]> {
  const store = await Store.create({ capacity: `${mib}MiB`, maxWorkers: 1, eviction: "none" });
  const entries = store.namespace("entries");
  const count = fill(entries, mib);
  const backups = await store.backup({ directory, writing, durability });
  const status = await backups.status();
  const row = (what: string, reports: BackupReport[]): SpeedRow => ({
    what,
    writing: status.writing,
    durability,
    medianMs: median(reports.map(({ totalMs }) => totalMs)),
    worstMs: Math.max(...reports.map(({ totalMs }) => totalMs)),
    regions: median(reports.map(({ regionsWritten }) => regionsWritten)),
    rounds: reports.length,
  });
  const first = [await backups.now(), await backups.now()];
  await backups.now("full");
  const full: BackupReport[] = [];
  const clean: BackupReport[] = [];
  const dirty: BackupReport[] = [];
  for (let i = 0; i < rounds; i++) full.push(await backups.now("full"));
  for (let i = 0; i < rounds; i++) clean.push(await backups.now());
  // a key overwritten dirties the region of its old entry and that of its new one; two files make up for each round
  const keys = Math.max(1, Math.floor((full[0].regions * DIRTY_SHARE) / 2));
  for (let i = 0; i < rounds + 1; i++) {
    for (let k = 0; k < keys; k++) entries.set(`key-${(k * Math.floor(count / keys) + i * 7919) % count}`, VALUE);
    await backups.now();
    for (let k = 0; k < keys; k++) entries.set(`key-${(k * Math.floor(count / keys) + i * 7919) % count}`, VALUE);
    dirty.push(await backups.now());
  }
  await store.close();
  return [
    row("first, new file", first),
    row("full", full),
    row("1 % dirty", dirty.slice(1)),
    row("nothing dirty", clean),
  ];
}

/** Entries until nine tenths of the pool are in use. */
function entriesOf(mib: number): number {
  return Math.floor((mib * 2 ** 20 * 0.6 * 0.9) / 128);
}

/** Of their keys and values. */
function liveBytes(mib: number): number {
  let bytes = 0;
  for (let i = 0; i < entriesOf(mib); i++) bytes += `key-${i}`.length + VALUE.length;
  return bytes;
}

function fill(entries: Namespace, mib: number): number {
  const count = entriesOf(mib);
  for (let i = 0; i < count; i++) entries.set(`key-${i}`, VALUE);
  return count;
}

/** Restores, and in turn with them touches as much fresh memory as they do. */
async function measureRecovery(directory: string, rounds: number): Promise<SpeedRow[]> {
  const times: number[] = [];
  const alone: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    const { store } = await restore(directory);
    store.namespace("entries").get("key-0");
    times.push(performance.now() - start);
    const { capacityBytes, slabBytes } = store.stats().memory;
    await store.close();
    alone.push(touch(capacityBytes, slabBytes));
  }
  const row = (what: string, ms: number[]): SpeedRow => ({
    what,
    writing: "read",
    durability: "",
    medianMs: median(ms),
    worstMs: Math.max(...ms),
    regions: 0,
    rounds,
  });
  return [row("recovery", times), row(MEMORY_ALONE, alone)];
}

/** Milliseconds for the first touch of each page in so many bytes of a new shared memory. */
function touch(capacity: number, bytes: number): number {
  const pages = Math.ceil(capacity / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const view = new Uint8Array(memory.buffer);
  const start = performance.now();
  for (let at = 0; at < bytes; at += PAGE) view[at] = 1;
  return performance.now() - start;
}

function show(rows: readonly SpeedRow[]): string {
  const table = new Table({
    head: ["what", "written", "survives", "median ms", "worst ms", "regions"],
    colAligns: ["left", "left", "left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { what, writing, durability, medianMs, worstMs, regions } of rows) {
    table.push([what, writing, durability, medianMs.toFixed(2), worstMs.toFixed(2), regions]);
  }
  return `${table}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const program = new Command("backup:speed")
    .option("--mib <n>", "size of the store", (text) => wholeNumber("--mib", text, 16, 4096), 64)
    .option("--rounds <n>", "backups of each kind", (text) => wholeNumber("--rounds", text, 1, 10_000), 9)
    .option("--json", "print rows and figures as JSON, alone on stdout");
  const { mib, rounds, json } = optionsOf<{ mib: number; rounds: number; json?: boolean }>(program);
  const rows = await measureSpeed(mib, rounds);
  const written = (): BackupSpeeds => backupSpeedsSchema.parse({ rows, figures: figuresOf(rows, mib) });
  process.stdout.write(json ? `${JSON.stringify(written(), null, 2)}\n` : show(rows));
}
