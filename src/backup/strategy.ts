/**
 * When backups are taken (M-009, M-005). Pure: what is known goes in, a decision comes out.
 *
 *   time      an incremental every 5 s, a full one every hour
 *   change    an incremental when more than 10 % of the regions are dirty, or after N writes, or under memory pressure
 *   adaptive  by time, but with the interval the ADR's table gives: busy and dirty, a fifth of it; slow disk, four times
 *   manual    only when asked
 *
 * Under memory pressure all but the last take one early, the first and third not more often than every fifth of the interval.
 */
import type { BackupKind } from "./format.js";

export const STRATEGIES = ["manual", "time", "change", "adaptive"] as const;
/** When backups are taken by themselves: never, by time, by how much has changed, or by both as fast as the store changes. */
export type StrategyName = (typeof STRATEGIES)[number];

/** M-009's table. */
export type Pace = "aggressive" | "balanced" | "conservative";

export interface BackupMetrics {
  /** Writes a second since the last look. */
  readonly writeRate: number;
  /** Share of the regions in use that are dirty, 0 to 1. */
  readonly dirtyRatio: number;
  /** Share of the slabs that are cut, 0 to 1, and the store's own level, 0 to 3. */
  readonly slabShare: number;
  readonly pressure: number;
  /** What the last backup took, ms; 0 before the first. */
  readonly ioLatencyMs: number;
  readonly writesSinceBackup: number;
  readonly sinceBackupMs: number;
  readonly sinceFullMs: number;
}

export interface StrategySettings {
  readonly strategy: StrategyName;
  readonly incrementalEveryMs: number;
  readonly fullEveryMs: number;
  readonly dirtyShare: number;
  readonly writes: number;
}

const BUSY_WRITES_PER_SECOND = 1000;
const BUSY_DIRTY_RATIO = 0.3;
const SLOW_IO_MS = 50;
const AGGRESSIVE_FACTOR = 0.2;
const CONSERVATIVE_FACTOR = 4;
/** Memory pressure: this share of the slabs is cut, or the store says so. A backup by pressure needs something to save. */
const PRESSURE_SLAB_SHARE = 0.95;
const PRESSURE_LEVEL = 2;
const PRESSURE_DIRTY_RATIO = 0.01;

/** M-009, "Adaptive Strategy", to the letter. */
export function paceOf({ writeRate, dirtyRatio, ioLatencyMs }: BackupMetrics): Pace {
  if (writeRate > BUSY_WRITES_PER_SECOND && dirtyRatio > BUSY_DIRTY_RATIO) return "aggressive";
  return ioLatencyMs > SLOW_IO_MS ? "conservative" : "balanced";
}

/** The backup to take now, or null. */
export function decide(metrics: BackupMetrics, settings: StrategySettings): BackupKind | null {
  switch (settings.strategy) {
    case "manual":
      return null;
    case "time":
      return byTime(metrics, settings.incrementalEveryMs, settings.fullEveryMs) ?? emergency(metrics, settings);
    case "change":
      return byChange(metrics, settings);
    case "adaptive": {
      const factor = { aggressive: AGGRESSIVE_FACTOR, balanced: 1, conservative: CONSERVATIVE_FACTOR }[paceOf(metrics)];
      return (
        byTime(metrics, settings.incrementalEveryMs * factor, settings.fullEveryMs) ?? emergency(metrics, settings)
      );
    }
  }
}

function byTime(metrics: BackupMetrics, incrementalEveryMs: number, fullEveryMs: number): BackupKind | null {
  if (metrics.sinceFullMs >= fullEveryMs) return "full";
  return metrics.sinceBackupMs >= incrementalEveryMs && metrics.dirtyRatio > 0 ? "incremental" : null;
}

function emergency(metrics: BackupMetrics, settings: StrategySettings): BackupKind | null {
  const soon = metrics.sinceBackupMs >= settings.incrementalEveryMs * AGGRESSIVE_FACTOR;
  return soon && isUnderPressure(metrics) ? "incremental" : null;
}

function byChange(metrics: BackupMetrics, settings: StrategySettings): BackupKind | null {
  const changed =
    metrics.dirtyRatio > settings.dirtyShare ||
    metrics.writesSinceBackup >= settings.writes ||
    isUnderPressure(metrics);
  return changed ? "incremental" : null;
}

function isUnderPressure(metrics: BackupMetrics): boolean {
  const pressed = metrics.slabShare >= PRESSURE_SLAB_SHARE || metrics.pressure >= PRESSURE_LEVEL;
  return pressed && metrics.dirtyRatio > PRESSURE_DIRTY_RATIO;
}

/** How often to look: often enough for the shortest interval the strategy may ask for. */
export function lookEveryMs(settings: StrategySettings): number {
  if (settings.strategy === "change") return 100;
  const shortest = settings.incrementalEveryMs * (settings.strategy === "adaptive" ? AGGRESSIVE_FACTOR : 1);
  return Math.max(10, Math.min(1000, shortest / 4, settings.fullEveryMs / 4));
}

/** Waits after failures: doubling from 100 ms to a minute. */
export function backOffMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(60_000, 100 * 2 ** (failures - 1));
}
