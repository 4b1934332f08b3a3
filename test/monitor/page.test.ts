import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import type { AlertRule, Monitor } from "#dist/src/monitor/index.js";
import { chromiumIsMissing, launchChromium, PATIENCE } from "../browser/chromium.js";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const skip = chromiumIsMissing();
let browser: Browser;
beforeAll(async () => {
  if (!skip) browser = await launchChromium();
});
afterAll(() => browser?.close());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const RULE: AlertRule = { name: "entries", figure: "entries", beyond: "above", warning: 500, forMs: 0 };

async function monitored(listen: object = {}): Promise<{ store: Store; monitor: Monitor; url: string }> {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, eviction: "adaptive", sampling: 1 });
  const monitor = await store.monitor({ every: 100, listen, alerts: [RULE] });
  ends.push(() => store.close());
  const ns = store.namespace("<b>sessions</b>", { encoding: "string" });
  for (let i = 0; i < 300; i++) ns.set(`k${i}`, "v".repeat(i));
  return { store, monitor, url: monitor.url as string };
}

/** A page, and all that its console said or that it asked for elsewhere. */
async function visit(url: string, options: { width: number; scheme: "light" | "dark" }) {
  const page = await browser.newPage({ viewport: { width: options.width, height: 900 }, colorScheme: options.scheme });
  page.setDefaultTimeout(PATIENCE);
  ends.push(() => page.close());
  const faults: string[] = [];
  page.on("console", (message) => faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(url).origin)) faults.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults };
}

const connection = (page: Page) => page.textContent("#connection");

describe.skipIf(skip)("the live page", () => {
  it.each([
    [1400, "light"],
    [400, "dark"],
  ] as const)(
    "shows figures that move at %i px, %s, asks nobody else for anything, and axe finds nothing",
    async (width, scheme) => {
      const { store, url } = await monitored();
      const { page, faults } = await visit(url, { width, scheme });
      await expect.poll(() => connection(page)).toBe("live");
      await expect.poll(() => page.locator("#charts canvas").count()).toBe(8);
      const entries = () => page.locator(".tile", { hasText: "entries" }).locator("dd").textContent();
      await expect.poll(entries).toBe("300");
      store.namespace("<b>sessions</b>", { encoding: "string" }).clear();
      store.maintain();
      await expect.poll(entries).not.toBe("300");
      expect(await page.locator("#namespaces").textContent()).toContain("<b>sessions</b>");
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      await page.evaluate(axeSource);
      const { violations } = (await page.evaluate("axe.run()")) as {
        violations: { id: string; nodes: { html: string }[] }[];
      };
      expect(violations.map(({ id, nodes }) => [id, nodes[0].html])).toEqual([]);
      expect(faults).toEqual([]);
    },
  );

  it("shows an alert while it lasts", async () => {
    const { store, url } = await monitored();
    const { page } = await visit(url, { width: 1000, scheme: "light" });
    const state = () => page.locator("#alerts .pill").textContent();
    await expect.poll(state).toBe("fine");
    const ns = store.namespace("more", { encoding: "string" });
    for (let i = 0; i < 400; i++) ns.set(`k${i}`, "v");
    await expect.poll(state).toBe("warning");
    for (let i = 0; i < 400; i++) ns.delete(`k${i}`);
    await expect.poll(state).toBe("fine");
  });

  it("shows the backups: none, the last one, and what failed since", async () => {
    const { store, url } = await monitored();
    const { page } = await visit(url, { width: 400, scheme: "light" });
    const said = () => page.locator("#backups").textContent();
    await expect.poll(said).toMatch(/none are open/);
    const directory = mkdtempSync(join(tmpdir(), "engram-page-"));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    const backups = await store.backup({ directory, strategy: "manual", onClose: false });
    await expect.poll(said).toMatch(/none yet/);
    await backups.now("full");
    await expect.poll(said).toMatch(/fine.*full.*KiB/);
    rmSync(directory, { recursive: true });
    await backups.now().catch(() => {});
    await expect.poll(said).toMatch(/1 failed since the last.*The latest failed: /);
  });

  it("says that the monitor was closed", async () => {
    const { monitor, url } = await monitored();
    const { page } = await visit(url, { width: 1000, scheme: "dark" });
    await expect.poll(() => connection(page)).toBe("live");
    await monitor.close();
    await expect.poll(() => connection(page)).toMatch(/the monitor was closed at/);
  });

  it("says that the program is gone when it was killed, and goes on when it is there again", async () => {
    const program = (port: number) => {
      const child = spawn(
        process.execPath,
        [
          "--input-type=module",
          "-e",
          `import { Store } from ${JSON.stringify(import.meta.resolve("#dist/src/index.js"))};
           const store = await Store.create({ capacity: "8MiB" });
           // The port it had may be somebody else's for a moment.
           const open = () => store.monitor({ every: 100, listen: { port: ${port} } }).catch(() => new Promise((done) => setTimeout(done, 50)).then(open));
           const monitor = await open();
           console.log(monitor.url);
           setInterval(() => {}, 1000);`,
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      ends.push(() => child.kill("SIGKILL"));
      return child;
    };
    const first = program(0);
    const [said] = await once(first.stdout, "data");
    const url = String(said).trim();
    const { page } = await visit(url, { width: 1000, scheme: "light" });
    await expect.poll(() => connection(page)).toBe("live");
    first.kill("SIGKILL");
    await expect.poll(() => connection(page)).toMatch(/no answer since .*trying again/);
    program(Number(new URL(url).port));
    await expect.poll(() => connection(page)).toBe("live");
  });

  it("lets in who shows the token once, and drops it from the address", async () => {
    const token = "sixteen-characters-and-more";
    const { url } = await monitored({ token });
    const { page } = await visit(`${url}?token=${token}`, { width: 1000, scheme: "light" });
    await expect.poll(() => connection(page)).toBe("live");
    expect(page.url()).toBe(url);
  });
});
