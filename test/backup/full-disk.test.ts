import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryDirectories } from "./directory.js";

const FIXTURE = fileURLToPath(new URL("fixtures/full-disk.mjs", import.meta.url));
const temporary = temporaryDirectories();

/** What the process printed; `wrap` is what starts it. */
function run(directory: string, writing: string, makeRoom: readonly string[], wrap: readonly string[] = []) {
  const [command, ...args] = [...wrap, process.execPath, FIXTURE, directory, writing, ...makeRoom];
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  return JSON.parse(stdout);
}

function check(seen: ReturnType<typeof run>, code: string): void {
  expect(seen.before).toEqual({ entries: 1, value: "third" });
  expect(seen.failures.length).toBe(2);
  for (const { name, failure, message } of seen.failures) {
    expect([name, failure]).toEqual(["BackupError", "no-space"]);
    expect(message).toContain(code);
  }
  expect(seen.during, "the generation before").toEqual(seen.before);
  expect(seen.alive).toBe(true);
  expect(seen.after).toEqual({ entries: 12_001, value: "sixth" });
  expect(seen.violations).toEqual([]);
}

describe("a file system that is really full", () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const directory of mounted.splice(0)) execFileSync("umount", [directory]);
  });

  for (const writing of ["mapped", "positioned"]) {
    it(`${writing}: the store lives on, what was saved stays good, and the next backup with room comes through`, (context) => {
      const directory = join(temporary(), "small");
      mkdirSync(directory);
      const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", directory], {
        encoding: "utf8",
      });
      if (status !== 0) context.skip(`no file system can be mounted here: ${stderr?.trim() || "no mount command"}`);
      mounted.push(directory);
      const filler = join(directory, "filler");
      writeFileSync(filler, Buffer.alloc(18 * 2 ** 20));
      check(run(directory, writing, ["rm", filler]), "ENOSPC");
    });

    it(`${writing}: the same at a process's limit of a file's size`, (context) => {
      if (spawnSync("prlimit", ["--version"]).status !== 0) context.skip("no prlimit command");
      const wrap = ["prlimit", "--fsize=3145728:unlimited"];
      check(run(temporary(), writing, ["prlimit", "--pid", "%p", "--fsize=unlimited:unlimited"], wrap), "EFBIG");
    });
  }
});
