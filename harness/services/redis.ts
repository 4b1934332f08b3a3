/** A Redis server of one's own on a free port of the loopback: it keeps nothing, can be killed and started again at the same address. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";

export interface Redis {
  readonly port: number;
  readonly url: string;
  /** As the machine would: without a word to anybody. */
  kill(): Promise<void>;
  /** Again, at the same address, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Why no Redis can be started here; null when one can. */
export function redisIsMissing(): string | null {
  return spawnSync("redis-server", ["--version"]).status === 0 ? null : "there is no redis-server on this machine";
}

/** @param settings lines of its configuration, as arguments: `["--maxclients", "20"]`. @throws Error with its last words when it ends instead */
export async function startRedis(settings: readonly string[] = []): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), "engram-redis-"));
  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    const where = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    const child = spawn("redis-server", [...where, "--save", "", "--appendonly", "no", ...settings]);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-4096);
      });
    }
    try {
      await ready(child, port);
    } catch (error) {
      child.kill("SIGKILL");
      throw new Error(`redis-server ${(error as Error).message}: ${said}`);
    }
    return child;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  let child: ChildProcess;
  try {
    child = await start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end(child, "SIGKILL"),
    restart: async () => {
      child = await start();
    },
    stop: async () => {
      await end(child, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const READY_MS = 30_000;
const LOOK_MS = 20;

async function ready(child: ChildProcess, port: number): Promise<void> {
  for (const began = performance.now(); performance.now() - began < READY_MS; ) {
    if (child.exitCode !== null) throw new Error(`ended with code ${child.exitCode}`);
    if (await listens(port)) return;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  throw new Error(`was not ready within ${READY_MS / 1000} s`);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
