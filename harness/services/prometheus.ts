/** A Prometheus server of one's own: found, started on a free port of the loopback over a temporary folder, stopped, its folder removed. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";

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
export async function startPrometheus({ targets, rules, everySeconds = 1 }: PrometheusSettings): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "engram-prometheus-"));
  const config = {
    global: { scrape_interval: `${everySeconds}s`, evaluation_interval: `${everySeconds}s` },
    scrape_configs: [{ job_name: "engram", static_configs: [{ targets }] }],
    rule_files: rules === undefined ? [] : [join(folder, "rules.yml")],
  };
  if (rules !== undefined) writeFileSync(join(folder, "rules.yml"), rules);
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config)); // JSON is YAML
  const port = await freePort();
  const child = spawn("prometheus", [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4096);
    });
  }
  const url = `http://127.0.0.1:${port}`;
  try {
    await ready(child, url);
  } catch (error) {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`prometheus ${(error as Error).message}: ${said}`);
  }
  return {
    url,
    query: (expression) => ask(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, "result"),
    alerts: () => ask(`${url}/api/v1/alerts`, "alerts"),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const READY_MS = 60_000;
const LOOK_MS = 50;

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (const began = performance.now(); performance.now() - began < READY_MS; ) {
    if (child.exitCode !== null) throw new Error(`ended with code ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  throw new Error(`was not ready within ${READY_MS / 1000} s`);
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
