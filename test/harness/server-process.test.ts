import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { atFreePorts } from "#dist/harness/services/free-port.js";
import { ServerProcess } from "#dist/harness/services/server-process.js";

describe("a server's process", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "engram-server-process-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("does nothing more once pausing it has ended, and goes on when it is told to", async () => {
    const log = join(folder, "says.log");
    // The signal reaches the sleeping thread first, and the others through it alone, which takes its time where they leave it no processor.
    const program = `const { Worker } = require("node:worker_threads");
      for (let i = 0; i < 4; i++) new Worker('for (const fs = require("node:fs"); ; ) fs.writeSync(1, "line")', { eval: true });`;
    const server = new ServerProcess("says", [process.execPath, "-e", program], log);
    const written = () => statSync(log).size;
    const more = (than: number) => async () => written() > than;
    server.spawn();
    try {
      for (let turn = 0; turn < 50; turn++) {
        await server.until(more(turn === 0 ? 0 : written()), 60_000);
        await server.pause();
        const before = written();
        for (let i = 0; i < 100; i++) await new Promise((done) => setImmediate(done));
        expect(written()).toBe(before);
        server.resume();
      }
    } finally {
      await server.kill();
    }
    expect(server.ended).toBe(true);
  });

  it("that ends instead of being ready is told with its last words, and one that is never ready is killed", async () => {
    const ends = new ServerProcess("ends", ["sh", "-c", "echo no such option; exit 3"], join(folder, "ends.log"));
    ends.spawn();
    await expect(ends.until(async () => false, 60_000)).rejects.toThrow("ends ended with code 3: no such option");
    const waits = new ServerProcess("waits", ["sh", "-c", "echo still; exec sleep 600"], join(folder, "waits.log"));
    waits.spawn();
    await waits.until(async () => readFileSync(join(folder, "waits.log"), "utf8") !== "", 60_000);
    await expect(waits.until(async () => false, 1)).rejects.toThrow("waits was not ready within 0.001 s: still");
    await waits.kill();
    expect(waits.ended).toBe(true);
  });

  it("of a program that is not there is an error, and not a crash of who started it", async () => {
    const missing = new ServerProcess("missing", ["engram-no-such-program"], join(folder, "missing.log"));
    missing.spawn();
    await expect(missing.until(async () => false, 60_000)).rejects.toThrow(
      "missing could not be started: spawn engram-no-such-program ENOENT",
    );
  });
});

describe("what takes free ports", () => {
  const starting = (...failures: string[]) => {
    let starts = 0;
    const start = async () => {
      const failure = failures[starts++];
      if (failure !== undefined) throw new Error(failure);
      return starts;
    };
    return { start, starts: () => starts };
  };

  it("is started anew where one was taken meanwhile, and for no other reason, nor for ever", async () => {
    const taken = "listen tcp 127.0.0.1:4222: bind: address already in use";
    expect(await atFreePorts(starting(taken, "bind: Address already in use").start)).toBe(3);
    const wrong = starting(taken, "no such option");
    await expect(atFreePorts(wrong.start)).rejects.toThrow("no such option");
    expect(wrong.starts()).toBe(2);
    await expect(atFreePorts(starting(...Array(5).fill(taken)).start)).rejects.toThrow(taken);
  });
});
