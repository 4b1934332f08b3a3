/** The campaign that leads stores of others through every scenario, on three of them; and one that does not do as it should. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../workloads/temporary-folder.js";

const root = resolve(import.meta.dirname, "../..");
const MAIN = join(root, "dist/harness/proofs/main.js");
const { file } = temporaryFolder();
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, "foreign-stores", ...args], { cwd: root }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );

it("measures the examples, or has their line about what they cannot", async () => {
  const { code, stdout } = await run("--only", "blackboard,mailboxes,replay", "--ops", "500");
  expect(stdout).toMatch(/^blackboard \/ tiny-lru \(.* s\): measured$/m);
  expect(stdout).toMatch(/^replay \/ keyv \(.* s\): measured$/m);
  expect(stdout).toMatch(/^mailboxes \/ keyv \(.* s\): declined: .*keyv can do none .*\(send, receive, handOff\)$/m);
  expect(stdout).toMatch(/3 scenarios: 4 measured, 2 declined by name, 0 faults\n$/);
  expect(code).toBe(0);
});

const LAB = JSON.stringify(new URL("../../dist/src/lab/index.js", import.meta.url).href);
const STORE = (get: string) => `
  import { spawn } from "node:child_process";
  import { byKey, defineSubject } from ${LAB};
  export default defineSubject({
    name: "theirs",
    summary: "does not do as it should",
    cannot: ["increment"],
    attach: (_attachment, context) => {
      const map = new Map();
      return byKey(context, { get: (key) => ${get}, set: (key, value) => map.set(key, value), delete: (key) => map.delete(key) });
    },
  });`;

it("names a store that answers wrongly, and one that leaves a process behind", async () => {
  const wrong = file("wrong.mjs", STORE("Buffer.from('what nobody wrote')"));
  const lies = await run("--subject", wrong, "--only", "blackboard", "--ops", "100");
  expect(lies.stdout).toMatch(/^blackboard \/ theirs \(.* s\): FAULT: exit code 2: /m);
  expect(lies.code).toBe(1);
  const leaving = `(spawn("sleep", ["600"], { detached: true, stdio: "ignore" }).unref(), map.get(key))`;
  const leaves = await run("--subject", file("leaves.mjs", STORE(leaving)), "--only", "blackboard", "--ops", "100");
  expect(leaves.stdout).toMatch(/^blackboard \/ theirs \(.* s\): FAULT: (\d+ processes left running|exit code 2)/m);
  expect(leaves.code).toBe(1);
});

it("refuses a scenario that is none", async () => {
  const { code, stderr } = await run("--only", "blackbord");
  expect([code, stderr]).toEqual([2, expect.stringContaining("no such scenario (did you mean blackboard?)")]);
});
