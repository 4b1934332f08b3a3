/**
 * The notebooks in a browser that reaches nothing but the loopback, over files as the commands write them. Skipped where there is no chromium, or
 * where the pages have not been built of the sources that are here (`npm run notebooks`).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { areStale } from "#dist/harness/notebook/pages.js";
import { CLI, engram, start } from "../harness/command-line.js";
import { FILES } from "../notebook/files.js";
import { fixtureResults } from "../reports/fixture.js";
import { chromiumIsMissing, launchChromium, PATIENCE } from "./chromium.js";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

function cannotBeLookedAt(): boolean {
  if (chromiumIsMissing()) return true;
  const stale = areStale() !== false;
  if (stale)
    console.warn('notebook tests skipped: the pages are not built of these sources ("npm run notebooks" does it)');
  return stale;
}

interface Open {
  readonly page: Page;
  readonly url: string;
}

describe.skipIf(cannotBeLookedAt())("notebooks in a real browser, offline", () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "engram-notebooks-"));
    for (const [name, make] of Object.entries(FILES)) writeFileSync(join(folder, name), make());
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Serves files, opens what is printed, and sees that nothing was asked of anybody else, nothing complained, and Ctrl-C ended it. */
  async function open(
    args: string[],
    width: number,
    look: (open: Open) => Promise<void>,
    mayComplain = false,
  ): Promise<void> {
    const { child, ended } = start(["notebook", ...args], { cwd: folder });
    let context: Awaited<ReturnType<Browser["newContext"]>> | undefined;
    try {
      let printed = "";
      for await (const text of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
        printed += text;
        if (printed.includes("\n")) break;
      }
      const url = /^notebook: (http:\/\/127\.0\.0\.1:\d+\/\w+\.html)\n$/.exec(printed)?.[1] as string;
      expect(url, printed).toBeDefined();
      context = await browser.newContext({ viewport: { width, height: 900 } });
      const foreign: string[] = [];
      await context.route("**/*", (route) => {
        const { protocol, origin } = new URL(route.request().url());
        if (protocol === "data:" || origin === new URL(url).origin) return route.continue();
        foreign.push(route.request().url());
        return route.abort();
      });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(url);
      await look({ page, url });
      if (!mayComplain) expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
    } finally {
      await context?.close();
      child.kill("SIGINT");
      expect(await ended).toMatchObject({ code: 0, stderr: "" });
    }
  }

  /** Names of the drawings, once there are so many. */
  async function drawings(page: Page, least: number): Promise<string[]> {
    const all = page.locator("main svg.plot");
    await expect.poll(() => all.count(), { timeout: PATIENCE }).toBeGreaterThanOrEqual(least);
    expect(await page.locator(".observablehq--error").count()).toBe(0);
    return all.evaluateAll((svgs) => svgs.map((svg) => svg.getAttribute("aria-label") ?? ""));
  }

  /** Waits for so many drawings, and some of these names among them: each is drawn by itself, none waits for another. */
  async function draws(page: Page, least: number, ...names: RegExp[]): Promise<void> {
    await expect
      .poll(() => drawings(page, least), { timeout: PATIENCE })
      .toEqual(expect.arrayContaining(names.map((name) => expect.stringMatching(name))));
  }

  /** Waits for so many drawings, and one of this name at their head: those further down may be drawn before it. */
  async function drawsFirst(page: Page, least: number, name: RegExp): Promise<void> {
    await expect.poll(async () => (await drawings(page, least))[0], { timeout: PATIENCE }).toMatch(name);
  }

  /** Whether the first drawing, of this name, becomes another. */
  async function changes(page: Page, what: () => Promise<unknown>): Promise<void> {
    const markup = () =>
      page
        .locator("main")
        .evaluate((main) => [...main.querySelectorAll("svg.plot")].map((svg) => svg.outerHTML).join());
    const before = await markup();
    await what();
    await expect.poll(markup, { timeout: PATIENCE }).not.toBe(before);
    expect(await page.locator(".observablehq--error").count()).toBe(0);
  }

  /** With nothing chosen nothing is drawn, and nothing fails. */
  async function chooseNothing(page: Page): Promise<void> {
    for (const box of await page.getByRole("checkbox").all()) await box.uncheck();
    const empty = page.getByText("There is nothing of it to be drawn.").first();
    await empty.waitFor({ timeout: PATIENCE });
    expect(await page.locator(".observablehq--error").count()).toBe(0);
  }

  const sees = async (page: Page, width: number) => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await violations(page)).toEqual([]);
  };

  test.each([400, 1400])("results: subjects and scenarios can be chosen, at %i px", async (width) => {
    await open(["tour"], width, async ({ page }) => {
      await draws(page, 4, /^Throughput in .*: engram .*; map /, /^Throughput over time/);
      await sees(page, width);
      await changes(page, () => page.getByRole("checkbox", { name: "map", exact: true }).uncheck());
      // Each cell is drawn anew by itself: that of this name may come after the first that has changed.
      const compared = async () => (await drawings(page, 4)).filter((name) => name.startsWith("Throughput in"));
      await expect.poll(async () => (await compared()).join(), { timeout: PATIENCE }).not.toContain("; map ");
      await changes(page, () => page.getByLabel("Scenario").selectOption({ index: 1 }));
      await changes(page, () => page.getByLabel("Of the run").fill("0.5"));
      await changes(page, () => page.getByLabel("Up", { exact: true }).selectOption("hit ratio"));
      await chooseNothing(page);
      // and the others are a click away
      await page.getByRole("link", { name: "Latency" }).click();
      await draws(page, 2, /^Latency of/);
      await chooseNothing(page);
      await page.getByRole("link", { name: "Report" }).click();
      await page.getByRole("link", { name: "Open the notebook" }).click();
      await drawings(page, 4);
    });
  });

  test.each([400, 1400])(
    "latency: another operation, fewer nines, another to compare with, at %i px",
    async (width) => {
      await open(["tour", "--notebook", "latency"], width, async ({ page, url }) => {
        expect(url).toContain("/latency.html");
        await drawsFirst(page, 2, /^Latency of \w+ in .* by percentile: engram, map/);
        await sees(page, width);
        await changes(page, () => page.getByLabel("Operation").selectOption({ index: 1 }));
        await changes(page, () => page.getByLabel("Up to").fill("2"));
        await changes(page, () => page.getByLabel("Compared with").selectOption("map"));
      });
    },
  );

  test.each([400, 1400])("sweep: policies, sizes and ratio, with the sentences, at %i px", async (width) => {
    await open(["sweep"], width, async ({ page }) => {
      await drawsFirst(page, 2, /^Hit ratio against capacity on .*: .*lru/);
      expect(await page.locator("p.answer").first().textContent()).toMatch(/^Take /);
      await sees(page, width);
      await changes(page, () => page.getByRole("checkbox", { name: "lru", exact: true }).uncheck());
      await changes(page, () => page.getByLabel("Sizes from").selectOption({ index: 1 }));
      await changes(page, () => page.getByLabel("Compared with").selectOption("arc"));
      await chooseNothing(page);
    });
  });

  test.each(["history", "records"] as const)("history over %s: a part of it, and other figures", async (name) => {
    await open([name], 1400, async ({ page }) => {
      await drawings(page, name === "history" ? 5 : 3);
      await sees(page, 1400);
      await changes(page, () => page.getByLabel("From", { exact: true }).fill("20"));
      await changes(page, () => page.getByLabel("Up", { exact: true }).selectOption({ index: 0 }));
      if (name === "history") {
        await changes(page, () => page.getByRole("checkbox", { name: "Entries", exact: true }).check());
        await changes(page, () => page.getByLabel("Forecast").selectOption({ index: 1 }));
        await chooseNothing(page);
      } else {
        expect(await page.getByRole("table").textContent()).toContain("blackboard get cost");
      }
    });
  });

  test("several results stand side by side, and a file that is gone is told on the page", async () => {
    writeFileSync(join(folder, "second"), JSON.stringify(fixtureResults({ title: "Second", speed: 1.2 })));
    const look = async ({ page }: Open) => {
      await drawings(page, 4);
      expect(await page.getByRole("checkbox").count()).toBe(2);
      rmSync(join(folder, "second"));
      await page.reload();
      await expect
        .poll(() => page.getByRole("alert").textContent(), { timeout: PATIENCE })
        .toMatch(/^second: no such file; expected results\.json/);
      expect(await page.locator(".observablehq--error:visible").count()).toBe(0);
    };
    await open(["tour", "second"], 1400, look, true);
  });

  test("hostile names run nothing, and runs that tell little are shown as far as they go", async () => {
    const attack = "</script><img src=x onerror=\"document.title='hacked'\">";
    const all = fixtureResults();
    const [first] = all.runs;
    const { series: _, events: _e, cost: _c, ...bare } = first;
    const runs = [
      { ...first, scenario: attack, subject: attack },
      { ...bare, scenario: "bare", latency: {}, hitRatio: null },
    ];
    writeFileSync(
      join(folder, attack.replaceAll("/", "_")),
      JSON.stringify({ ...all, title: attack, runs, evictions: undefined }),
    );
    await open([attack.replaceAll("/", "_")], 1400, async ({ page }) => {
      await draws(page, 1, /<\/script>/);
      expect(await page.title()).not.toBe("hacked");
      expect(await page.locator("img").count()).toBe(0);
      await changes(page, () => page.getByLabel("Scenario").selectOption("bare"));
      await page.getByRole("link", { name: "Latency" }).click();
      await drawings(page, 1);
    });
  });

  test("a page without data says how it is opened", async () => {
    const { code } = await engram(["notebook", "sweep", "--out", "pages"], { cwd: folder });
    expect(code).toBe(0);
    rmSync(join(folder, "pages", "data.json"));
    const server = spawn(process.execPath, ["-e", FOLDER_SERVER, join(folder, "pages")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [address] = (await once(server.stdout.setEncoding("utf8"), "data")) as [string];
      const page = await browser.newPage();
      await page.goto(`${address}sweep.html`);
      const problem = page.getByRole("alert");
      await expect
        .poll(() => problem.textContent(), { timeout: PATIENCE })
        .toBe("There is no data.json beside this page; open it with: engram notebook FILE");
      expect(await page.locator(".observablehq--error:visible").count()).toBe(0);
      await page.close();
    } finally {
      server.kill();
      await once(server, "exit");
    }
  });

  test("SIGTERM ends it like Ctrl-C, and the port is free again", async () => {
    const child = spawn(process.execPath, [CLI, "notebook", "sweep"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [printed] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    const url = printed.slice("notebook: ".length).trim();
    expect((await fetch(url)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    await expect(fetch(url)).rejects.toThrow();
  });

  /** What axe-core finds against WCAG 2.2 AA and its best practices, one line a rule. */
  async function violations(page: Page): Promise<string[]> {
    // The page's policy lets no other script in; the debugger's own evaluation is not bound by it.
    await page.evaluate(axeSource);
    return page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: {
          run(
            options: object,
          ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
        };
      };
      const found = await axe.run({ resultTypes: ["violations"] });
      return found.violations.map(
        ({ id, nodes }) => `${id} x ${nodes.length}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`,
      );
    });
  }
});

/** Any server of files. */
const FOLDER_SERVER = `
  const { createServer } = require("node:http");
  const { readFile } = require("node:fs");
  const types = { html: "text/html", js: "text/javascript", css: "text/css" };
  const server = createServer((request, response) => readFile(process.argv[1] + request.url, (error, bytes) => {
    if (error) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[request.url.split(".").pop()] ?? "application/json" }).end(bytes);
  }));
  server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port + "/"));`;
