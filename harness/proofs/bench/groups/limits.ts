import { checkBackupOptions, decide } from "../../../../src/backup/index.js";
import { Header, layout, Slot } from "../../../../src/core/index.js";
import { type NamespaceOptions, OutOfMemoryError, Store, type StoreStats } from "../../../../src/index.js";
import { DEFAULT_TOLERANCE } from "../../../gate/index.js";
import { figureAnswers, plainFigure } from "../judge.js";
import { openEngine } from "../peers/engine.js";
import type { Group } from "./group.js";

const LARGEST = 4 * 2 ** 30;
/** Bytes of a namespace's name here: short and all alike. */
const NAME_BYTES = 8;
/** Of a buffer whose size class nothing else here uses. */
const UNUSED_SIZE = 4000;
/** The finest step in which the pool is filled: an entry of 128 bytes in a pool of some MiB. */
const VALUE = new Uint8Array(64);

/** Entries between two looks at the pressure, where they need not be exact: a fortieth of a per cent of the pool. */
const QUICK_STEP = 16;
const MOST_NAMESPACES = 65_534;
const QUICK_NAMESPACES = 4096;

/** Limits and defaults that the documents name as figures: counted, filled up to or read from the options that apply. */
export const limits: Group = {
  title: "limits and defaults that the documents name",
  async measure({ settings, onRound }) {
    const plain = (id: string, label: string, unit: string, value: number) => plainFigure(id, label, unit, [value]);
    const pressure = await pressureLevels(settings.quick ? QUICK_STEP : 1);
    onRound(1, 4);
    const namespaces = await namespacesThatFit(settings.quick ? QUICK_NAMESPACES : MOST_NAMESPACES);
    onRound(2, 4);
    const share = await poolShare();
    const largest = await largestMemory();
    onRound(3, 4);
    const backups = backupDefaults();
    const rows: [string, ReturnType<typeof plain>][] = [
      [
        "m010-regression-threshold",
        plain("tolerance", "default tolerance of engram gate", "%", DEFAULT_TOLERANCE * 100),
      ],
      ["m006-refill", plain("refill", "chunks a thread's empty cache takes at once", "chunks", refill())],
      [
        "m006-pool-share",
        plain("pool-share", "bytes of the pool over those of a default store, to a tenth", "%", share),
      ],
      [
        "m008-namespaces",
        plain("namespaces", "namespaces made in one store before it refuses", "namespaces", namespaces.count),
      ],
      [
        "m008-namespace-bytes",
        plain("namespace-bytes", "chunk and id record of a namespace besides its name", "bytes", namespaces.bytes),
      ],
      ["r011-linear-memory", plain("memory", "largest memory that a store can be made with", "GiB", largest / 2 ** 30)],
      [
        "d-pressure-medium",
        plain("medium", "pool in use when pressure turns medium, to a tenth", "%", pressure.medium),
      ],
      ["d-pressure-high", plain("high", "pool in use when pressure turns high, to a tenth", "%", pressure.high)],
      [
        "d-pressure-critical",
        plain("critical", "pool in use when pressure turns critical, to a tenth", "%", pressure.critical),
      ],
      [
        "m009-incremental-interval",
        plain("incremental", "default between incremental backups", "s", backups.incrementalS),
      ],
      ["m009-full-interval", plain("full", "default between full backups", "h", backups.fullH)],
      [
        "m009-dirty-threshold",
        plain("dirty", "default share of dirty regions that starts a backup", "%", backups.dirtyPercent),
      ],
      [
        "m009-emergency-triggers",
        plain(
          "emergency",
          "of memory pressure, closing and SIGTERM, those that start a backup",
          "events",
          backups.triggers,
        ),
      ],
    ];
    onRound(4, 4);
    return {
      reference: null,
      figures: rows.map(([, figure]) => figure),
      judgements: [],
      answers: rows.flatMap(([target, figure]) => figureAnswers(figure, 1, [target])),
      notes: [`Names of namespaces are ${NAME_BYTES} bytes here.`],
    };
  },
};

/** Per cent of the pool in use when a store that is being filled first tells each level. */
async function pressureLevels(step: number): Promise<{ medium: number; high: number; critical: number }> {
  const store = await Store.create({ capacity: "8MiB", maxWorkers: 1, eviction: "none", maintenance: false });
  const entries = store.namespace("entries");
  const seen: Partial<Record<StoreStats["eviction"]["pressure"], number>> = {};
  for (let i = 0; seen.critical === undefined; i++) {
    entries.set(`key-${i}`, VALUE);
    if (i % step !== 0) continue;
    const { eviction, memory } = store.stats();
    seen[eviction.pressure] ??= Math.round(memory.utilisation * 1000) / 10;
  }
  await store.close();
  return { medium: seen.medium ?? Number.NaN, high: seen.high ?? Number.NaN, critical: seen.critical };
}

async function namespacesThatFit(maxNamespaces: number): Promise<{ count: number; bytes: number }> {
  const store = await Store.create({ capacity: "128MiB", maxWorkers: 1, maxNamespaces, eviction: "none" });
  const options: NamespaceOptions = { encoding: "binary" };
  const before = store.stats().memory.usedBytes;
  let count = 0;
  try {
    for (; ; count++) store.namespace(`n${String(count).padStart(NAME_BYTES - 1, "0")}`, options);
  } catch {
    // refused: that is the limit
  }
  const bytes = (store.stats().memory.usedBytes - before) / count + layout.ID_STRIDE - NAME_BYTES;
  await store.close();
  return { count, bytes };
}

async function poolShare(): Promise<number> {
  const store = await Store.create();
  const { poolBytes, capacityBytes } = store.stats().memory;
  await store.close();
  return Math.round((1000 * poolBytes) / capacityBytes) / 10;
}

/** Bytes: 4 GiB is the most that the engine can address, if the machine lets a store have it. */
async function largestMemory(): Promise<number> {
  for (let bytes = LARGEST; ; bytes /= 2) {
    try {
      const store = await Store.create({ capacity: "256MiB", maxCapacity: bytes, maxWorkers: 1, maintenance: false });
      await store.close();
      return bytes;
    } catch (error) {
      if (bytes < 2 ** 29 || !(error instanceof RangeError || error instanceof OutOfMemoryError)) throw error;
    }
  }
}

/** Chunks that a thread's first allocation of a size takes: the one it asked for, and those that then lie in its cache. */
function refill(): number {
  const { engine, slotNumber, memory } = openEngine();
  const slot = new Slot(new Header(memory.buffer), slotNumber);
  const cached = () => {
    let chunks = 0;
    for (let sizeClass = 0; sizeClass < layout.CLASS_COUNT; sizeClass++) {
      chunks += slot.cachedChunks(sizeClass);
    }
    return chunks;
  };
  const before = cached();
  const buffer = engine.takeBuffer(UNUSED_SIZE);
  const taken = 1 + cached() - before;
  engine.returnBuffer(buffer);
  engine.detach();
  return taken;
}

function backupDefaults() {
  const options = checkBackupOptions({ directory: ".", strategy: "change" });
  const { incrementalEveryMs, fullEveryMs, dirtyShare, writes, strategy, onClose, onSignal } = options;
  const quiet = { writeRate: 0, dirtyRatio: 0.05, slabShare: 0.5, pressure: 0, ioLatencyMs: 1 };
  const metrics = { ...quiet, writesSinceBackup: 10, sinceBackupMs: 1000, sinceFullMs: 1000 };
  const settings = { strategy, incrementalEveryMs, fullEveryMs, dirtyShare, writes };
  const byPressure = decide(metrics, settings) === null && decide({ ...metrics, pressure: 3 }, settings) !== null;
  return {
    incrementalS: incrementalEveryMs / 1000,
    fullH: fullEveryMs / 3_600_000,
    dirtyPercent: dirtyShare * 100,
    triggers: [byPressure, onClose, onSignal].filter(Boolean).length,
  };
}
