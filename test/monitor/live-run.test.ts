import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resultsSchema } from "#dist/reports/results.js";
import { engram, start } from "../harness/command-line.js";
import { HeldRuns } from "../harness/held-runs.js";

const folder = mkdtempSync(join(tmpdir(), "engram-live-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("engram run --live", () => {
  it("shows each store of the run at one address, says when the run has ended, and still prints results alone", async () => {
    const out = join(folder, "shown");
    const args = ["run", "blackboard", "--subjects", "engram,engram-prepared", "--workers", "2", "--duration", "1s"];
    using held = new HeldRuns();
    const { child, ended } = start([...args, "--live", "--json", "--out", out], { env: held.env });
    const [said] = await once(child.stderr, "data");
    const [, url] = /^live: (http:\/\/127\.0\.0\.1:\d+\/)\n/.exec(String(said)) as RegExpExecArray;
    // before there is a store there is nothing to tell of, and whoever asks for the events waits for it
    const events = await fetch(new URL("events", url));
    for (let run = 0; run < 2; run++) held.letGo(await held.next(ended));
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([0, String(said)]);
    const { runs } = resultsSchema.parse(JSON.parse(stdout));
    // What was shown is in the results too.
    expect(runs.map(({ monitored }) => monitored?.figures.includes("operations"))).toEqual([true, true]);
    expect(runs.map(({ subject }) => subject)).toEqual(["engram", "engram-prepared"]);
    const text = await events.text();
    const titles = [...text.matchAll(/"title":"([^"]*)"/g)].map(([, title]) => title);
    const passes = ["engram", "engram-prepared"].map((subject) => `blackboard / ${subject}, throughput`);
    expect(titles).toEqual(expect.arrayContaining(passes));
    expect(titles.indexOf(passes[0])).toBeLessThan(titles.indexOf(passes[1]));
    expect(text).toMatch(/event: end\ndata: \{"said":"the run has ended"\}\n\n$/);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("is refused before anything is run or written when the port is taken or there is nothing to show", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const out = join(folder, "refused");
    for (const [options, message] of [
      [
        ["--live", "--port", String(port)],
        `engram: the monitor cannot listen on 127.0.0.1, port ${port}: the port is taken\n`,
      ],
      [["--live", "--port", "0"], /^engram: --port 0: expected a whole number from 1 to 65535\n$/],
      [["--port", "9464"], "engram: --port goes with --live\n"],
      [
        ["--monitor", "--subjects", "map"],
        /^engram: --monitor watches the stores of engram and engram-prepared; .*\n$/,
      ],
      [["--live", "--subjects", "map"], /^engram: --live shows the stores of engram and engram-prepared; .*\n$/],
    ] as const) {
      const { code, stdout, stderr } = await engram(["run", "blackboard", ...options, "--out", out]);
      expect({ code, stdout, stderr }).toEqual({
        code: 2,
        stdout: "",
        stderr: typeof message === "string" ? message : expect.stringMatching(message),
      });
    }
    taken.close();
    expect(existsSync(out)).toBe(false);
  });
});
