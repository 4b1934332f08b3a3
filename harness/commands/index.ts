/** What the command line can do. */
import type { Command } from "commander";

interface Entry {
  /** Its line in the list of commands, as the command itself has it: what it takes, and what it is for. */
  readonly takes: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/**
 * Commands by name. Each is loaded when it is asked for: most of what one needs the others do not, and whoever asks what there is
 * needs none of it.
 */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    takes: "[options] [scenario...]",
    summary: "replay scenarios over worker threads; writes results.json and report.html, prints a summary",
    load: async () => (await import("./run.js")).runCommand(),
  },
  list: {
    takes: "[options]",
    summary: "the scenarios and subjects there are, one line each",
    load: async () => (await import("./list.js")).listCommand(),
  },
  tour: {
    takes: "[options]",
    summary: "the main scenarios against engram, map and lmdb, and eviction policies over a trace: about a minute",
    load: async () => (await import("./tour.js")).tourCommand(),
  },
  targets: {
    takes: "[options]",
    summary: "the documented targets a run is judged by",
    load: async () => (await import("./targets.js")).targetsCommand(),
  },
  report: {
    takes: "[options] <results...>",
    summary: "draw results as one HTML page that works offline; several results stand side by side",
    load: async () => (await import("../../reports/index.js")).reportCommand(),
  },
  notebook: {
    takes: "[options] <files...>",
    summary: "explore results, a sweep, a history or records of gates in a notebook, offline, in a browser",
    load: async () => (await import("../notebook/index.js")).notebookCommand(),
  },
  evict: {
    takes: "[options] <trace...>",
    summary: "simulate eviction policies over traces and print their miss ratios",
    load: async () => (await import("../sweep/index.js")).evictCommand(),
  },
  worker: {
    takes: "[options] <url>",
    summary: "simulate on this machine what engram evict --workers asks for on another, until it is stopped",
    load: async () => (await import("../sweep/index.js")).workerCommand(),
  },
  trace: {
    takes: "",
    summary: "traces of cache requests: look into, convert, generate, record",
    load: async () => (await import("../trace/index.js")).traceCommand(),
  },
  gate: {
    takes: "[options]",
    summary: "fail when this build is slower than a revision or a stored baseline",
    load: async () => (await import("../gate/index.js")).gateCommand(),
  },
  "check-subject": {
    takes: "[options] <file>",
    summary: "is a store of one's own fit to be measured: every answer compared with a Map's, on several workers",
    load: async () => (await import("../conformance/index.js")).checkSubjectCommand(),
  },
  init: {
    takes: "<what> [file]",
    summary: "a file to begin with: a subject of one's own, or a scenario",
    load: async () => (await import("./init.js")).initCommand(),
  },
  explore: {
    takes: "[options] [programs...]",
    summary: "the engine under thousands of schedules of its threads' accesses, deaths included",
    load: async () => (await import("../explorer/index.js")).exploreCommand(),
  },
  backup: {
    takes: "",
    summary: "backup files: inspect, verify, restore",
    load: async () => (await import("../backup/index.js")).backupCommand(),
  },
  top: {
    takes: "[options] <url>",
    summary: "a monitored store in the terminal",
    load: async () => (await import("../monitor/index.js")).topCommand(),
  },
  monitor: {
    takes: "",
    summary: "alert rules for Prometheus, a dashboard for Grafana",
    load: async () => (await import("../monitor/index.js")).monitorCommand(),
  },
  ingest: {
    takes: "[options]",
    summary: "the metric pipeline: HTTP to a journal, and from there to InfluxDB and Kafka",
    load: async () => (await import("../ingest/index.js")).ingestCommand(),
  },
  trend: {
    takes: "[options] <files...>",
    summary: "monitor histories and records of gates over time: forecasts, and the commits where a metric moved",
    load: async () => (await import("../trend/index.js")).trendCommand(),
  },
  node: {
    takes: "[options]",
    summary: "a node of the distributed memory: joins, keeps its copies, answers on a control port until it is stopped",
    load: async () => (await import("./node.js")).nodeCommand(),
  },
  cluster: {
    takes: "",
    summary: "a running node of the distributed memory: status, checkpoint, recover, heal",
    load: async () => (await import("./cluster.js")).clusterCommand(),
  },
  check: {
    takes: "[options] <history>",
    summary: "is a recorded history linearizable?",
    load: async () => (await import("../checker/index.js")).checkCommand(),
  },
};
