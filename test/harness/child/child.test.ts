import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  CannotStartError,
  Child,
  lastLine,
  runProgram,
  tellingLine,
  withTemporaryFolder,
} from "#dist/harness/child/index.js";

const MODULE = new URL("./fixtures/child.mjs", import.meta.url);
const PARENT = new URL("./fixtures/parent.mjs", import.meta.url);

const args = (...words: string[]) => [MODULE.pathname, ...words];

/** Starts the fixture and waits for its first words, or for these among them: of two processes either may be the first to speak. */
async function started(
  act: string,
  options: Parameters<typeof Child.program>[2] = {},
  wanted = /./,
): Promise<[Child, string]> {
  let child: Child | undefined;
  let said = "";
  const words = await new Promise<string>((resolve, reject) => {
    const onStdout = (text: string) => {
      said += text;
      const found = wanted.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child = Child.program(process.execPath, args(act), { ...options, onStdout });
    child.ended.then(() => reject(new Error("it ended first")), reject);
  });
  return [child as Child, words];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a child", () => {
  it("that dies tells with what: exit code, and the line with the error among its last words", async () => {
    const { exitCode, killedBy, late, stderr } = await runProgram(process.execPath, args("die"));
    expect([exitCode, killedBy, late]).toEqual([1, null, false]);
    expect(tellingLine(stderr)).toBe('throw new TypeError("the thing is not a thing");');
    expect(lastLine(stderr)).toMatch(/^Node\.js v/);
  });

  it("that floods stderr is read to the end, and its last megabyte kept", async () => {
    const { exitCode, stderr } = await runProgram(process.execPath, args("flood"));
    expect(exitCode).toBe(0);
    expect(stderr).toHaveLength(1 << 20);
    expect(lastLine(stderr)).toBe("and the last of it");
  });

  it("that hangs is killed when its time is over, and said to be late", async () => {
    const { killedBy, late } = await runProgram(process.execPath, args("hang"), { limitMs: 300 });
    expect([killedBy, late]).toEqual(["SIGKILL", true]);
  });

  it("that is interrupted may end by itself", async () => {
    const interrupt = new AbortController();
    const [child] = await started("obey", { interrupt: interrupt.signal, graceMs: 600_000 });
    interrupt.abort();
    expect(await child.ended).toMatchObject({ exitCode: 7, killedBy: null, late: false });
  });

  it("that is interrupted and does not listen is killed", async () => {
    const interrupt = new AbortController();
    const [child] = await started("hang", { interrupt: interrupt.signal, graceMs: 20 });
    interrupt.abort();
    expect(await child.ended).toMatchObject({ exitCode: null, killedBy: "SIGKILL", late: false });
  });

  it("is not started once interrupted; one that was running is gone before the interrupt is thrown on", async () => {
    const reason = new Error("enough");
    await expect(runProgram(process.execPath, args("die"), { interrupt: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const interrupt = new AbortController();
    let pid = 0;
    const run = runProgram(process.execPath, args("bear"), {
      interrupt: interrupt.signal,
      ownGroup: true,
      graceMs: 20,
      onStdout: (text) => {
        pid ||= Number.parseInt(text, 10);
        if (text.includes("deaf")) interrupt.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
    await vi.waitUntil(() => !isAlive(pid), { timeout: 60_000 });
  });

  it("ends although what it left running holds its streams open", async () => {
    const [child, pid] = await started("bear", { drainMs: 20 }, /\d+(?=\n)/);
    onTestFinished(() => void process.kill(Number(pid), "SIGKILL"));
    child.kill();
    expect(await child.ended).toMatchObject({ killedBy: "SIGKILL" });
  });

  it("that cannot be started is an error that names it", async () => {
    const run = runProgram("no-such-program-as-this", []);
    await expect(run).rejects.toThrow(CannotStartError);
    await expect(run).rejects.toThrow("cannot start no-such-program-as-this: spawn no-such-program-as-this ENOENT");
  });

  it("that is a module is spoken with by messages, whatever their numbers", async () => {
    const heard: unknown[] = [];
    const child = Child.module(MODULE, {
      onMessage: (message: { act: string }) => {
        heard.push(message);
        child.send({ act: "end" });
      },
    });
    child.send({ act: "echo", value: Number.POSITIVE_INFINITY });
    expect(await child.ended).toMatchObject({ exitCode: 0 });
    expect(heard).toEqual([{ act: "echo", value: Number.POSITIVE_INFINITY }]);
    child.send({ act: "echo" });
    child.kill();
  });

  it("does not outlive its parent, nor does the folder it works in", async () => {
    const { exitCode, stdout } = await runProgram(process.execPath, [PARENT.pathname]);
    expect(exitCode).toBe(5);
    const { pid, folder } = JSON.parse(stdout) as { pid: number; folder: string };
    expect(existsSync(folder)).toBe(false);
    await vi.waitUntil(() => !isAlive(pid), { timeout: 60_000 });
  });

  it("leaves no listener behind on this process or on the interrupt", async () => {
    const before = process.listenerCount("exit");
    const interrupt = new AbortController();
    const runs = Array.from({ length: 8 }, () =>
      runProgram(process.execPath, args("where", "here"), { interrupt: interrupt.signal }),
    );
    expect(process.listenerCount("exit")).toBe(before + 1);
    expect((await Promise.all(runs)).map(({ stdout }) => stdout)).toEqual(runs.map(() => "here"));
    expect(process.listenerCount("exit")).toBe(before);
  });
});

describe("a temporary folder", () => {
  it("is gone afterwards, with what is in it, also when the work failed", async () => {
    let place = "";
    const work = withTemporaryFolder("engram-child-test-", async (folder) => {
      place = folder;
      await writeFile(join(folder, "file"), "");
      throw new Error("failed");
    });
    await expect(work).rejects.toThrow("failed");
    expect(existsSync(place)).toBe(false);
  });
});
