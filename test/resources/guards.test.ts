import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { AsyncDisposableStack, guard, LeaseEndedError } from "#dist/src/resources/index.js";

describe("a guard", () => {
  it("ends its resource once, by its scope or by hand", async () => {
    const ended: string[] = [];
    {
      await using file = guard("file", (name) => void ended.push(name));
      expect(file.value).toBe("file");
      await Promise.all([file.end(), file.end()]);
      expect(() => file.value).toThrow(LeaseEndedError);
    }
    expect(ended).toEqual(["file"]);
  });

  it("hands its resource on without ending it", async () => {
    let ended = 0;
    const held = guard({ id: 1 }, () => void ended++, { label: "the connection" });
    expect(held.release()).toEqual({ id: 1 });
    await held.end();
    expect(ended).toBe(0);
    expect(() => held.release()).toThrow(/the connection has ended/);
  });

  it("that cannot be ended says so each time it is asked, and tries once", async () => {
    let tries = 0;
    const held = guard(1, () => {
      tries++;
      throw new Error("stuck");
    });
    await expect(held.end()).rejects.toThrow("stuck");
    await expect(held.end()).rejects.toThrow("stuck");
    expect(tries).toBe(1);
    expect(() => guard(1, undefined as never)).toThrow(/end is undefined; expected a function/);
    expect(() => guard(1, () => {}, { name: "x" } as never)).toThrow(/guard: unknown option "name"/);
  });
});

describe("an AsyncDisposableStack", () => {
  it("ends what came last first, each waited for", async () => {
    const log: string[] = [];
    const slow = (name: string) => async (): Promise<void> => {
      await new Promise(setImmediate);
      log.push(name);
    };
    const stack = new AsyncDisposableStack();
    stack.defer(slow("first"));
    stack.use({ [Symbol.asyncDispose]: slow("second") });
    stack.use({ [Symbol.dispose]: () => void log.push("third") });
    expect(stack.use(null)).toBeNull();
    expect(stack.adopt("fourth", async (name) => void log.push(name))).toBe("fourth");
    await stack.disposeAsync();
    await stack.disposeAsync();
    expect(log).toEqual(["fourth", "third", "second", "first"]);
    expect(stack.disposed).toBe(true);
    expect(() => stack.defer(() => {})).toThrow(ReferenceError);
  });

  it("tells every failure, the latest outside, and ends the rest all the same", async () => {
    const stack = new AsyncDisposableStack();
    let ended = false;
    stack.defer(() => {
      ended = true;
    });
    stack.defer(() => {
      throw new Error("later");
    });
    stack.defer(async () => {
      throw new Error("sooner");
    });
    const error = await stack.disposeAsync().catch((thrown) => thrown);
    expect(error).toMatchObject({
      name: "SuppressedError",
      error: new Error("later"),
      suppressed: new Error("sooner"),
    });
    expect(ended).toBe(true);
  });

  it("hands everything on when moved, and refuses what has no end", async () => {
    let ended = 0;
    const stack = new AsyncDisposableStack();
    stack.defer(() => void ended++);
    const moved = stack.move();
    await stack.disposeAsync();
    expect(ended).toBe(0);
    await moved[Symbol.asyncDispose]();
    expect(ended).toBe(1);
    expect(() => new AsyncDisposableStack().use({} as never)).toThrow(TypeError);
    expect(() => new AsyncDisposableStack().defer(1 as never)).toThrow(TypeError);
  });
});

it("what was forgotten is told of with the call that acquired it, where that was asked for, and a pool has its place again", () => {
  const program = `
    import { guard, Pool } from ${JSON.stringify(new URL("../../dist/src/resources/index.js", import.meta.url).href)};
    let warned = 0;
    process.on("warning", ({ message }) => {
      warned++;
      console.log(JSON.stringify({ message }));
    });
    const pool = new Pool({ create: () => ({}) }, { name: "p", max: 1, leaks: "trace" });
    async function forgetful() { await pool.acquire(); }
    function careless() { guard({}, () => {}, { label: "the careless one", leaks: "trace" }); }
    await forgetful();
    careless();
    for (let i = 0; i < 2000 && warned < 2; i++) { gc(); await new Promise((done) => setTimeout(done, 5)); }
    const lease = await pool.acquire();
    lease.release();
    gc();
    console.log(JSON.stringify({ ...pool.stats(), end: true }));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", "--expose-gc", "--input-type=module", "--eval", program],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const messages = lines.map(({ message }) => message ?? "");
  expect(messages.some((text) => /^a lease of pool "p" was never given back.*\n.*forgetful/.test(text))).toBe(true);
  expect(messages.some((text) => /^the careless one was never given back.*\n.*careless/.test(text))).toBe(true);
  expect(lines.at(-1)).toMatchObject({ leaked: 1, acquired: 2, created: 2, inUse: 0, idle: 1 });
});
