/** The first example of each room's page runs as a reader would run it, and prints what its comments say. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OneProcess } from "./harness/command-line.js";
import { DOCS, roomPages, sectionsOf } from "./room-pages.js";

const ROOT = resolve(DOCS, "..");
let folder = "";
let cli: OneProcess;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "engram-room-examples-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "engram"));
  symlinkSync(join(ROOT, "node_modules", "keyv"), join(folder, "node_modules", "keyv"));
  cli = new OneProcess({ cwd: folder });
});
afterAll(async () => {
  await cli.close();
  rmSync(folder, { recursive: true, force: true });
});

async function command(line: string): Promise<void> {
  const [npx, name, ...args] = line.replace(/\s+#.*$/, "").split(" ");
  expect([npx, name]).toEqual(["npx", "engram"]);
  const { code, stderr } = await cli.run(args);
  expect([line, code, code === 0 ? "" : stderr]).toEqual([line, 0, ""]);
}

describe("the first example of", () => {
  it.each([...roomPages()])("%s, in %s", async (_, page) => {
    const section = sectionsOf(page).get("A first example") ?? "";
    const [, language, text] = /```(js|sh|yaml)\n([\s\S]*?)```/.exec(section) ?? [];
    if (language === "sh") {
      for (const line of text.trim().split("\n")) await command(line);
    } else if (language === "yaml") {
      writeFileSync(join(folder, "example.yaml"), text);
      await command("npx engram run ./example.yaml --duration 20ms --subjects map --out results/example");
    } else {
      const file = join(folder, `${page}.mjs`);
      writeFileSync(file, text ?? "");
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
      expect(stderr).toBe("");
      const said = [...text.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, comment]) => `${comment}\n`);
      if (said.length > 0) expect(stdout).toBe(said.join(""));
    }
  });
});
