/** A Prometheus server of one's own: found, started on a free port of the loopback over a temporary folder, stopped, its folder removed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atFreePorts, freePort } from "./free-port.js";
import { answers, ServerProcess } from "./server-process.js";

const READY_MS = 60_000;

export interface Prometheus {
  readonly url: string;
  /** Answers of an instant query: one for each series. @throws Error with what Prometheus says of the expression */
  query(expression: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  /** Alerts that are pending or firing. */
  alerts(): Promise<{ labels: Record<string, string>; state: string }[]>;
  stop(): Promise<void>;
}

export interface PrometheusSettings {
  /** `host:port` of each monitor to scrape. */
  readonly targets: readonly string[];
  /** A rule file's text. */
  readonly rules?: string;
  /** Between two scrapes. Default 1. */
  readonly everySeconds?: number;
}

/** Why no Prometheus can be started here; null when one can. */
export function prometheusIsMissing(): string | null {
  for (const program of ["prometheus", "promtool"]) {
    if (spawnSync(program, ["--version"]).status !== 0) return `there is no ${program} on this machine`;
  }
  return null;
}

/** What promtool says of its input: its exit code and its words. */
export function promtool(args: readonly string[], input = ""): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { input, encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}` };
}

/** Starts one that scrapes, and waits until it is ready. @throws Error with its last words when it ends instead */
export function startPrometheus(settings: PrometheusSettings): Promise<Prometheus> {
  return atFreePorts(() => start(settings));
}

async function start({ targets, rules, everySeconds = 1 }: PrometheusSettings): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "engram-prometheus-"));
  const config = {
    global: { scrape_interval: `${everySeconds}s`, evaluation_interval: `${everySeconds}s` },
    scrape_configs: [{ job_name: "engram", static_configs: [{ targets }] }],
    rule_files: rules === undefined ? [] : [join(folder, "rules.yml")],
  };
  if (rules !== undefined) writeFileSync(join(folder, "rules.yml"), rules);
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config)); // JSON is YAML
  const port = await freePort();
  const command = [
    "prometheus",
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const server = new ServerProcess("prometheus", command, join(folder, "said.log"));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    server.spawn();
    await server.until(() => answers(`${url}/-/ready`), READY_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    query: (expression) => ask(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, "result"),
    alerts: () => ask(`${url}/api/v1/alerts`, "alerts"),
    stop,
  };
}

async function ask<T>(url: string, part: string): Promise<T> {
  const { status, error, data } = (await (await fetch(url)).json()) as {
    status: string;
    error?: string;
    data: Record<string, T>;
  };
  if (status !== "success") throw new Error(`prometheus: ${error}`);
  return data[part];
}
