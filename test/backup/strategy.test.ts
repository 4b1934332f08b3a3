import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BackupMetrics, decide, paceOf } from "#dist/src/backup/index.js";
import { backOffMs } from "#dist/src/backup/strategy.js";

const quiet: BackupMetrics = {
  writeRate: 0,
  dirtyRatio: 0,
  slabShare: 0.1,
  pressure: 0,
  ioLatencyMs: 1,
  writesSinceBackup: 0,
  sinceBackupMs: 0,
  sinceFullMs: 0,
};
const settings = {
  strategy: "time" as const,
  incrementalEveryMs: 5000,
  fullEveryMs: 3_600_000,
  dirtyShare: 0.1,
  writes: 1000,
};

describe("the table of M-009", () => {
  const rows: [Partial<BackupMetrics>, string][] = [
    [{ writeRate: 1001, dirtyRatio: 0.31 }, "aggressive"],
    [{ writeRate: 1001, dirtyRatio: 0.31, ioLatencyMs: 100 }, "aggressive"],
    [{ writeRate: 1000, dirtyRatio: 0.31 }, "balanced"],
    [{ writeRate: 1001, dirtyRatio: 0.3 }, "balanced"],
    [{ writeRate: 1000, dirtyRatio: 0.9, ioLatencyMs: 51 }, "conservative"],
    [{ ioLatencyMs: 50 }, "balanced"],
  ];
  it.each(rows)("%j is %s", (metrics, pace) => expect(paceOf({ ...quiet, ...metrics })).toBe(pace));
});

describe("time", () => {
  it("asks for an incremental every 5 s if anything changed, and a full one every hour", () => {
    expect(decide({ ...quiet, sinceBackupMs: 4999, dirtyRatio: 1 }, settings)).toBeNull();
    expect(decide({ ...quiet, sinceBackupMs: 5000, dirtyRatio: 0.001 }, settings)).toBe("incremental");
    expect(decide({ ...quiet, sinceBackupMs: 5000 }, settings)).toBeNull();
    expect(decide({ ...quiet, sinceFullMs: 3_600_000 }, settings)).toBe("full");
  });

  it("does not wait that long under memory pressure, but a fifth of it, and for something to save", () => {
    const pressed = { ...quiet, pressure: 2, dirtyRatio: 0.02 };
    expect(decide({ ...pressed, sinceBackupMs: 999 }, settings)).toBeNull();
    expect(decide({ ...pressed, sinceBackupMs: 1000 }, settings)).toBe("incremental");
    expect(decide({ ...pressed, pressure: 0, slabShare: 0.96, sinceBackupMs: 1000 }, settings)).toBe("incremental");
    expect(decide({ ...pressed, dirtyRatio: 0, sinceBackupMs: 1000 }, settings)).toBeNull();
  });
});

describe("change", () => {
  const change = { ...settings, strategy: "change" as const };
  const rows: [Partial<BackupMetrics>, string | null][] = [
    [{ dirtyRatio: 0.1 }, null],
    [{ dirtyRatio: 0.101 }, "incremental"],
    [{ writesSinceBackup: 999 }, null],
    [{ writesSinceBackup: 1000 }, "incremental"],
    [{ slabShare: 0.96, dirtyRatio: 0.02 }, "incremental"],
    [{ pressure: 2, dirtyRatio: 0.02 }, "incremental"],
    [{ pressure: 3, dirtyRatio: 0 }, null],
    [{ sinceBackupMs: 1e9 }, null],
  ];
  it.each(rows)("%j: %s", (metrics, kind) => expect(decide({ ...quiet, ...metrics }, change)).toBe(kind));
});

describe("adaptive", () => {
  const adaptive = { ...settings, strategy: "adaptive" as const };
  it("goes five times as often when busy and dirty, four times less often when the disk is slow", () => {
    const busy = { ...quiet, writeRate: 5000, dirtyRatio: 0.5 };
    expect(decide({ ...busy, sinceBackupMs: 999 }, adaptive)).toBeNull();
    expect(decide({ ...busy, sinceBackupMs: 1000 }, adaptive)).toBe("incremental");
    const slow = { ...quiet, dirtyRatio: 0.01, ioLatencyMs: 80 };
    expect(decide({ ...slow, sinceBackupMs: 19_999 }, adaptive)).toBeNull();
    expect(decide({ ...slow, sinceBackupMs: 20_000 }, adaptive)).toBe("incremental");
  });
});

describe("manual", () => {
  it("never asks", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (share, n) => {
        const metrics = {
          ...quiet,
          dirtyRatio: share,
          slabShare: share,
          writeRate: n,
          sinceBackupMs: n,
          sinceFullMs: n,
        };
        expect(decide(metrics, { ...settings, strategy: "manual" })).toBeNull();
      }),
    );
  });
});

describe("after failures", () => {
  it("waits twice as long each time, up to a minute", () => {
    expect([0, 1, 2, 3, 10, 11, 1000].map(backOffMs)).toEqual([0, 100, 200, 400, 51_200, 60_000, 60_000]);
  });
});
