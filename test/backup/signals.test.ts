import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { restore } from "#dist/src/index.js";
import { temporaryDirectories } from "./directory.js";

const temporary = temporaryDirectories();
const FIXTURE = new URL("fixtures/signals.mjs", import.meta.url).pathname;

async function start(mode: string) {
  const directory = temporary();
  const child = spawn(process.execPath, [FIXTURE, directory, mode], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (text) => {
    said.out += text;
  });
  child.stderr.on("data", (text) => {
    said.err += text;
  });
  const ended = once(child, "close");
  const hears = async (text: string) => {
    while (!said.out.includes(text)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it has ended: ${said.err}`);
      await Promise.race([once(child.stdout, "data"), ended]);
    }
  };
  await hears("ready");
  return { directory, child, said, ended, hears };
}

async function last(directory: string, name: string): Promise<unknown> {
  const { store } = await restore(join(directory, name), { store: { maintenance: false } });
  const value = store.namespace("n", { encoding: "string" }).get("last");
  await store.close();
  return value;
}

describe("SIGTERM", () => {
  it("waits for the last backup of every store, a second signal or not, and then the process dies of it", async () => {
    const { directory, child, said, ended } = await start("plain");
    child.kill("SIGTERM");
    child.kill("SIGTERM");
    setImmediate(() => child.kill("SIGTERM"));
    expect([await ended, said.err]).toEqual([[null, "SIGTERM"], ""]);
    for (const name of ["small", "large"]) expect(await last(directory, name)).toBe("written before the signal");
  });

  it("waits for the backups of other threads as well, however busy they are", async () => {
    const { directory, child, said, ended } = await start("thread");
    child.kill("SIGTERM");
    expect([await ended, said.err]).toEqual([[null, "SIGTERM"], ""]);
    for (const name of ["small", "large", "thread"]) {
      expect(await last(directory, name)).toBe("written before the signal");
    }
  });

  it("says which backup failed, and which came too late", async () => {
    const failing = await start("failing");
    failing.child.kill("SIGTERM");
    expect((await failing.ended)[1]).toBe("SIGTERM");
    expect(failing.said.err).toMatch(
      /^engram: .*failing: the last backup, on SIGTERM, failed: .*generation-a\.engram: the file has 100 bytes/m,
    );
    expect(failing.said.out).toContain("told file-gone");
    expect(await last(failing.directory, "large")).toBe("written before the signal");
    const late = await start("late");
    late.child.kill("SIGTERM");
    expect((await late.ended)[1]).toBe("SIGTERM");
    const toldLate = late.said.out.includes("told too-late");
    // it may be done within its millisecond
    expect(late.said.err).toMatch(
      toldLate ? /^engram: .*small: the last backup was not finished 1 ms after SIGTERM$/m : /^$/,
    );
    expect(await last(late.directory, "large")).toBe("written before the signal");
  });

  it("leaves the end of the process to others who listen for it, and saves again at the next one", async () => {
    const { directory, child, ended, hears } = await start("listened");
    child.kill("SIGTERM");
    await hears("heard");
    child.kill("SIGTERM");
    expect(await ended).toEqual([3, null]);
    for (const name of ["small", "large"]) expect(await last(directory, name)).toBe("written before the signal");
  });
});
