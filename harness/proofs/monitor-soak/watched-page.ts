/** The live page open in a Chromium, and what becomes of its memory. */
import { existsSync } from "node:fs";
import type { Page } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export interface PageReading {
  /** JavaScript heap after a collection, bytes. */
  readonly heap: number;
  readonly nodes: number;
}

export interface WatchedPage {
  read(): Promise<PageReading>;
  /** Connections that it has had, ticks that have reached it, and what its console said. */
  account(): Promise<{ starts: number; ticks: number; faults: string[] }>;
  close(): Promise<void>;
}

/** Why there is no browser to open it in; null when there is one. */
export function chromiumIsMissing(): string | null {
  return existsSync(CHROMIUM) ? null : `there is no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`;
}

/** Counts the events beside the page's own script. */
function countEvents(): void {
  const counts = { start: 0, tick: 0 };
  const Original = globalThis.EventSource;
  class Counted extends Original {
    constructor(url: string) {
      super(url);
      for (const name of ["start", "tick"] as const) this.addEventListener(name, () => counts[name]++);
    }
  }
  Object.assign(globalThis, { EventSource: Counted, counts });
}

export async function openPage(url: string): Promise<WatchedPage> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const faults: string[] = [];
  page.on("console", (message) => faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  await page.addInitScript(countEvents);
  await page.goto(url);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  return {
    read: async () => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
      return { heap: of("JSHeapUsedSize"), nodes: of("Nodes") };
    },
    account: async () => ({ ...(await countsOf(page)), faults }),
    close: () => browser.close(),
  };
}

async function countsOf(page: Page): Promise<{ starts: number; ticks: number }> {
  const { start, tick } = (await page.evaluate("counts")) as { start: number; tick: number };
  return { starts: start, ticks: tick };
}
