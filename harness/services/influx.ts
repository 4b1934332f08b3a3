/** An InfluxDB (version 1) of one's own on a free port of the loopback: it can be killed, stopped for a while, and started again with what it had. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atFreePorts, freePorts } from "./free-port.js";
import { answers, ServerProcess } from "./server-process.js";

export interface Influx {
  readonly url: string;
  /** As the machine would: without a word to anybody. */
  kill(): Promise<void>;
  /** Again, at the same address, over the same files. */
  restart(): Promise<void>;
  /** It stands still, its connections open; and goes on. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** Why no InfluxDB can be started here; null when one can. */
export function influxIsMissing(): string | null {
  return spawnSync("influxd", ["version"]).status === 0 ? null : "there is no influxd on this machine";
}

const READY_MS = 60_000;

/** Continuous queries are run each second, and points beyond their retention looked for every two. @throws Error with its last words when it ends instead */
export function startInflux(): Promise<Influx> {
  return atFreePorts(start);
}

async function start(): Promise<Influx> {
  const folder = mkdtempSync(join(tmpdir(), "engram-influx-"));
  const [port, rpc] = await freePorts(2);
  const config = join(folder, "influxdb.conf");
  writeFileSync(config, configuration(folder, port, rpc));
  const url = `http://127.0.0.1:${port}`;
  const server = new ServerProcess("influxd", ["influxd", "-config", config], join(folder, "said.log"));
  const restart = async (): Promise<void> => {
    server.spawn();
    await server.until(() => answers(`${url}/ping`), READY_MS);
  };
  const stop = async (): Promise<void> => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await restart();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    kill: () => server.kill(),
    restart,
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop,
  };
}

function configuration(folder: string, port: number, rpc: number): string {
  const path = (name: string) => JSON.stringify(join(folder, name));
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = ${path("meta")}
[data]
  dir = ${path("data")}
  wal-dir = ${path("wal")}
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[continuous_queries]
  run-interval = "1s"
[retention]
  check-interval = "2s"
[monitor]
  store-enabled = false
`;
}
