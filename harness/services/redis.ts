/** A Redis server of one's own on a free port of the loopback: it keeps nothing, can be killed and started again at the same address. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atFreePorts, freePort } from "./free-port.js";
import { ServerProcess } from "./server-process.js";

export interface Redis {
  readonly port: number;
  readonly url: string;
  /** As the machine would: without a word to anybody. */
  kill(): Promise<void>;
  /** SIGSTOP, waited for: connections are taken, and nothing is answered. */
  pause(): Promise<void>;
  resume(): void;
  /** Again, at the same address, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const READY_MS = 30_000;
const ANSWER_MS = 1000;

/** Why no Redis can be started here; null when one can. */
export function redisIsMissing(): string | null {
  return spawnSync("redis-server", ["--version"]).status === 0 ? null : "there is no redis-server on this machine";
}

/** @param settings lines of its configuration, as arguments: `["--maxclients", "20"]`. @throws Error with its last words when it ends instead */
export function startRedis(settings: readonly string[] = []): Promise<Redis> {
  return atFreePorts(() => start(settings));
}

async function start(settings: readonly string[]): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), "engram-redis-"));
  const port = await freePort();
  const where = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const command = ["redis-server", ...where, "--save", "", "--appendonly", "no", ...settings];
  const server = new ServerProcess("redis-server", command, join(folder, "said.log"));
  const restart = async (): Promise<void> => {
    server.spawn();
    await server.until(() => isThere(port), READY_MS);
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
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    restart,
    stop,
  };
}

/** It answers: what only takes the connection may be another's server, which was quicker to take the port. */
async function isThere(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    socket.write("PING\r\n");
    const [said] = await once(socket, "data", { signal: AbortSignal.timeout(ANSWER_MS) });
    return String(said).startsWith("+PONG");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
