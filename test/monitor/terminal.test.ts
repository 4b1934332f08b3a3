/** `engram top` as a person has it: in a terminal of 80 x 24, by keys. The terminal is tmux's, which says what is on the screen. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLI } from "../harness/command-line.js";

const skip = spawnSync("tmux", ["-V"]).status !== 0;
if (skip) console.warn("tests of engram top in a terminal skipped: there is no tmux on this machine");

const folder = mkdtempSync(join(tmpdir(), "engram-terminal-"));
const SOCKET = join(folder, "tmux");
const quoted = (text: string) => `'${text}'`;
const tmux = (...args: string[]) =>
  execFileSync("tmux", ["-S", SOCKET, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
afterAll(() => {
  spawnSync("tmux", ["-S", SOCKET, "kill-server"]);
  rmSync(folder, { recursive: true });
});

/** A program with a monitor, in a process that can be ended: its namespaces by bytes are big, mid, small, by entries and by name the other way round. */
async function watchedProgram() {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { Store } from ${JSON.stringify(import.meta.resolve("#dist/src/index.js"))};
       const store = await Store.create({ capacity: "8MiB" });
       const monitor = await store.monitor({ every: 100, listen: true });
       for (const [i, name] of ["c-big", "b-mid", "a-small"].entries()) {
         const ns = store.namespace(name);
         for (let n = 0; n <= i; n++) ns.set("k" + n, new Uint8Array(10_000 / 10 ** i));
       }
       console.log(monitor.url);
       process.stdin.once("data", async () => { await monitor.close(); process.exit(); });`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const [said] = await once(child.stdout, "data");
  return { child, url: String(said).trim() };
}

type Program = Awaited<ReturnType<typeof watchedProgram>>;
let program: Program;
let session = 0;
let name = "";
let log = "";

const screen = () => tmux("capture-pane", "-p", "-t", name).split("\n");
const press = (...keys: string[]) => tmux("send-keys", "-t", name, ...keys);
/** The namespaces in the order of the screen. */
const order = () =>
  screen()
    .flatMap((line) => /^([abc]-\w+)/.exec(line)?.[1] ?? [])
    .join(" ");
/** What the shell says once the command is over: its exit code, and whether the terminal echoes again. */
const after = () => screen().join("\n");

beforeEach(async () => {
  program = await watchedProgram();
  name = `top${session++}`;
  log = join(folder, `${name}.log`);
  // the last words stand on the shell's own screen; the program's has been left by then
  const command = `${[process.execPath, CLI, "top", program.url].map(quoted).join(" ")}; echo "ended with $?"; stty -a | grep -oE -- '-?(echo|icanon) '; cat`;
  tmux("-f", "/dev/null", "new-session", "-d", "-s", name, "-x", "80", "-y", "24", "cat");
  tmux("pipe-pane", "-t", name, `cat > ${quoted(log)}`);
  tmux("respawn-pane", "-k", "-t", name, command);
  await expect.poll(order).toBe("c-big b-mid a-small");
});
afterEach(() => {
  program.child.kill("SIGKILL");
  tmux("kill-session", "-t", name);
});

describe.skipIf(skip)("engram top in a terminal", () => {
  it("fills 80 x 24, sorts the namespaces by key, follows the terminal's size, and never clears the screen", async () => {
    expect(screen()[0]).toMatch(/^engram top {2}http:.* q quits; order: b bytes, e entries, n name/);
    press("e");
    await expect.poll(order).toBe("a-small b-mid c-big");
    press("b");
    await expect.poll(order).toBe("c-big b-mid a-small");
    press("n");
    await expect.poll(order).toBe("a-small b-mid c-big");
    tmux("resize-window", "-t", name, "-x", "50", "-y", "10");
    await expect.poll(() => screen()[0].length).toBe(50);
    await expect.poll(order).toBe("");
    tmux("resize-window", "-t", name, "-x", "100", "-y", "40");
    await expect.poll(order).toBe("a-small b-mid c-big");
    // What is on the screen comes to the log by another process.
    await expect.poll(() => readFileSync(log, "latin1").split("\x1b[H").length).toBeGreaterThan(3);
    const said = readFileSync(log, "latin1");
    expect(said).not.toContain("\x1b[2J");
    expect(said).not.toContain("\x1bc");
  });

  it.each([["q"], ["C-c"]])("ends on %s, and leaves the terminal as it was", async (key) => {
    press(key);
    await expect.poll(after).toMatch(/ended with 0\n(?:icanon\s+echo|echo\s+icanon)/);
    expect(order()).toBe("");
    expect(tmux("display-message", "-p", "-t", name, "#{alternate_on} #{cursor_flag}").trim()).toBe("0 1");
  });

  it("ends when the program closes its monitor", async () => {
    program.child.stdin.write("close\n");
    await expect.poll(after).toMatch(/ended with 0\n(?:icanon\s+echo|echo\s+icanon)/);
  });

  it("says that a program which died does not answer, tries again, and still ends on q", async () => {
    program.child.kill("SIGKILL");
    await expect.poll(() => screen()[0]).toMatch(/no answer, trying again/);
    press("q");
    await expect.poll(after).toMatch(/ended with 0\n/);
  });
});
