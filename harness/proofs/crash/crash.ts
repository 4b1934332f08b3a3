/** Kills a whole process under load at a random instant, again and again, and looks at what is left each time. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BackupImage } from "../../../src/backup/index.js";
import {
  chooseImage,
  findCheckpoints,
  findGenerations,
  readBackup,
  SnapshotEntries,
} from "../../../src/backup/index.js";
import { CorruptBackupError, InvalidArgumentError, restore } from "../../../src/index.js";
import { Mulberry32 } from "../../../src/random.js";
import { Child } from "../../child/index.js";
import type { Committed, LifeOptions } from "./life.js";
import { brokenPromises, type Contents } from "./promises.js";

export interface CrashSettings {
  readonly kills: number;
  readonly seed: number;
  /** Longest life of a process after it is ready, ms. */
  readonly longestMs: number;
  /** Each so many steps of a writer writes a value of 17 to 200 KB, the others up to 9 KB; 0: none does. */
  readonly largeEvery: number;
  /** Where every life has to leave something to look at: the clock of a process starts with its first backup. */
  readonly afterBackup?: boolean;
}

export interface CrashCounts {
  kills: number;
  /** Killed before the first backup was finished: nothing to recover, and nothing promised. */
  empty: number;
  recovered: number;
  /** Kills that left a file unfinished: in the middle of a backup. */
  midBackup: number;
  commits: number;
  /** Lives that a process ended in good order, and went on from, before it was killed. */
  lives: number;
  entries: number;
  /** Of them, how many have large values. */
  large: number;
  /** Copies that were damaged on purpose: whole generation found, or refused. */
  damagedWhole: number;
  damagedRefused: number;
  /** Each a sentence: must stay empty. */
  readonly violations: string[];
}

/** The program that is killed. */
const LIFE = new URL("./life.js", import.meta.url);
const WRITERS = 2;
/** Bytes of a value that no chunk holds, with a key of any length. */
const IN_A_CHUNK = 16_352;
/** Every so many kills, a restore into a store with its invariants checked; and a copy is damaged. */
const RESTORE_EVERY = 10;
const DAMAGE_EVERY = 4;

export async function crash(settings: CrashSettings, onKill: (counts: CrashCounts) => void): Promise<CrashCounts> {
  const random = new Mulberry32(settings.seed);
  const counts: CrashCounts = {
    kills: 0,
    empty: 0,
    recovered: 0,
    midBackup: 0,
    commits: 0,
    lives: 0,
    entries: 0,
    large: 0,
    damagedWhole: 0,
    damagedRefused: 0,
    violations: [],
  };
  const directory = mkdtempSync(join(tmpdir(), "engram-crash-"));
  let last: Committed = { generation: 0, steps: [] };
  try {
    while (counts.kills < settings.kills) {
      // now and then a new beginning, so that the first backups are killed too
      if (counts.kills % 25 === 24) {
        for (const file of [...findGenerations(directory), ...findCheckpoints(directory).map((c) => c.file)])
          rmSync(file);
        last = { generation: 0, steps: [] };
      }
      const options: LifeOptions = {
        directory,
        writers: WRITERS,
        largeEvery: settings.largeEvery,
        durability: random.unit() < 0.2 ? "disk" : "process",
        writing: random.unit() < 0.5 ? "mapped" : "positioned",
      };
      last = await killOne(options, random, settings, last, counts);
      counts.kills++;
      lookAt(directory, last, settings, counts);
      if (counts.kills % RESTORE_EVERY === 0) await restoreWhole(directory, last, settings, counts);
      if (counts.kills % DAMAGE_EVERY === 0) damageCopy(directory, random, settings, counts);
      onKill(counts);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return counts;
}

/** One life. Returns the last backup that is known to have been finished. */
async function killOne(
  options: LifeOptions,
  random: Mulberry32,
  { longestMs, afterBackup = false }: CrashSettings,
  before: Committed,
  counts: CrashCounts,
): Promise<Committed> {
  let said = "";
  let armed = false;
  const child = Child.program(process.execPath, [fileURLToPath(LIFE), JSON.stringify(options)], {
    onStdout: (text) => {
      said += text;
      if (armed || !said.startsWith(afterBackup ? "ready\n{" : "ready")) return;
      armed = true;
      setTimeout(() => child.kill(), random.unit() * longestMs);
    },
  });
  // some die before they are ready: while they recover, or open their files
  if (random.unit() < 0.1 && !afterBackup) setTimeout(() => child.kill(), random.unit() * 200);
  const { exitCode, killedBy, stderr } = await child.ended;
  if (killedBy !== "SIGKILL")
    counts.violations.push(`the process ended by itself (${exitCode ?? killedBy}): ${stderr.trim()}`);
  const lines = said
    .split("\n")
    .slice(1, -1)
    .map((line) => JSON.parse(line) as Committed | { life: number });
  const commits = lines.filter((line) => "generation" in line);
  counts.commits += commits.length;
  counts.lives += lines.length - commits.length;
  return commits.at(-1) ?? before;
}

function lookAt(directory: string, last: Committed, { largeEvery }: CrashSettings, counts: CrashCounts): void {
  const files = findGenerations(directory);
  counts.midBackup += files.some(isUnfinished) ? 1 : 0;
  const image = chosen(directory);
  if (image === null) {
    if (last.generation > 0) counts.violations.push(`generation ${last.generation} was finished; none is whole`);
    counts.empty++;
    return;
  }
  counts.recovered++;
  if (image.header.generation < last.generation) {
    counts.violations.push(
      `generation ${last.generation} was finished; the newest whole one is ${image.header.generation}`,
    );
  }
  const contents = contentsOf(image);
  counts.entries += contents.size;
  for (const { length } of contents.values()) counts.large += length > IN_A_CHUNK ? 1 : 0;
  counts.violations.push(...brokenPromises(contents, WRITERS, largeEvery, last.steps));
  for (const { file } of findCheckpoints(directory)) {
    counts.violations.push(...brokenPromises(contentsOf(readBackup(file)), WRITERS, largeEvery, []));
  }
}

function isUnfinished(file: string): boolean {
  try {
    readBackup(file);
    return false;
  } catch (error) {
    if (error instanceof CorruptBackupError) return true;
    throw error;
  }
}

/** The newest whole generation, or null when there is none. */
function chosen(directory: string): BackupImage | null {
  try {
    return chooseImage(directory, false).image;
  } catch (error) {
    if (error instanceof CorruptBackupError || error instanceof InvalidArgumentError) return null;
    throw error;
  }
}

function contentsOf(image: BackupImage): Contents {
  const snapshot = new SnapshotEntries(image);
  const contents = new Map<string, Uint8Array>();
  for (const { namespaceId, key, value } of snapshot) {
    const name = `${snapshot.namespaces.get(namespaceId)?.name}/${Buffer.from(key).toString()}`;
    if (contents.has(name)) throw new Error(`${name} is in the snapshot twice`);
    contents.set(name, value);
  }
  return contents;
}

async function restoreWhole(
  directory: string,
  last: Committed,
  { largeEvery }: CrashSettings,
  counts: CrashCounts,
): Promise<void> {
  if (chosen(directory) === null) return;
  const { store } = await restore(directory);
  const contents = new Map<string, Uint8Array>();
  for (const name of store.namespaces()) {
    const space = store.namespace(name);
    for (const [key, value] of space.entries()) {
      const bytes = typeof value === "object" && value instanceof Uint8Array ? value : Buffer.from(String(value));
      contents.set(`${name}/${key}`, bytes);
    }
  }
  counts.violations.push(...brokenPromises(contents, WRITERS, largeEvery, last.steps));
  counts.violations.push(...(await store.verify()).violations);
  await store.close();
}

/** Damages one file of a copy: a whole generation comes out, or a refusal, never a wrong value. */
function damageCopy(directory: string, random: Mulberry32, { largeEvery }: CrashSettings, counts: CrashCounts): void {
  const copy = mkdtempSync(join(tmpdir(), "engram-crash-copy-"));
  try {
    cpSync(directory, copy, { recursive: true });
    const files = findGenerations(copy);
    if (files.length === 0) return;
    for (const file of files) if (random.unit() < 0.7) damage(file, random);
    const image = chosen(copy);
    if (image === null) counts.damagedRefused++;
    else {
      counts.damagedWhole++;
      counts.violations.push(...brokenPromises(contentsOf(image), WRITERS, largeEvery, []));
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const PAGE = 4096;

function damage(file: string, random: Mulberry32): void {
  const bytes = readFileSync(file);
  if (bytes.length === 0) return;
  const at = Math.floor(random.unit() * bytes.length);
  const page = at - (at % PAGE);
  const other = Math.floor(random.unit() * bytes.length);
  const kind = Math.floor(random.unit() * 4);
  if (kind === 0) {
    truncateSync(file, at);
    return;
  }
  if (kind === 1) bytes[at] ^= 1 << Math.floor(random.unit() * 8);
  if (kind === 2) bytes.fill(0, page, page + PAGE);
  if (kind === 3) bytes.copyWithin(page, other - (other % PAGE), other - (other % PAGE) + PAGE);
  writeFileSync(file, bytes);
}
