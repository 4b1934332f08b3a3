/** What of a gate's report goes into its record. */
import { cpus } from "node:os";
import { type GateRecord, RECORD_VERSION } from "../records/index.js";
import type { GateReport } from "./report.js";

export function recordOf(report: GateReport, at: Date): GateRecord {
  const { commits, mode, outcome, settings, tolerance, seed, rounds } = report;
  return {
    engramGateRecord: RECORD_VERSION,
    at: at.toISOString(),
    ...{ commit: commits.head, dirty: commits.dirty, base: { label: report.base, commit: commits.base } },
    ...{ mode, outcome, machine: thisMachine(), settings, tolerance, seed, rounds },
    metrics: report.metrics.map(({ id, name, unit, better, scale, head, base, worse, interval, verdict }) => ({
      ...{ id, name, unit, better, scale, head, base, worse, interval, verdict },
    })),
  };
}

function thisMachine(): GateRecord["machine"] {
  const all = cpus();
  return {
    ...{ cpuModel: all[0]?.model.trim() || "unknown", cpuCount: Math.max(1, all.length) },
    ...{ node: process.version, platform: process.platform, arch: process.arch },
  };
}
