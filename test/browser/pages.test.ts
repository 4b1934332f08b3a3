import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trendOf } from "#dist/harness/trend/trend.js";
import { renderEviction, renderReport, renderTrend } from "#dist/reports/pages.js";
import { parseHistory } from "#dist/src/monitor/index.js";
import { SampleRandom } from "#dist/src/random.js";
import { fixtureEvictions, fixtureResults } from "../reports/fixture.js";
import { fixtureOverTime } from "../reports/fixture-over-time.js";
import { gates, hourlyHistory, normal } from "../trend/samples.js";
import { chromiumIsMissing, launchChromium, PATIENCE } from "./chromium.js";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const results = fixtureResults();

/** With what other commands measured beside it. */
const joined = {
  ...results,
  checks: [
    {
      ...{
        file: "histories/a-rather-long-name-of-a-recorded-history.jsonl",
        outcome: "illegal" as const,
        model: "ttl",
      },
      ...{ operations: 30_000, elapsedMs: 812, keys: { ok: 41, illegal: 1, unknown: 0 } },
      open: [{ key: "agent_17/state", outcome: "illegal" as const, operations: 700 }],
    },
  ],
  backups: ["mapped", "positioned"].map((writing, at) => ({
    ...{ what: "incremental, 1 %", writing, durability: "process", medianMs: 1.2 + at, worstMs: 4, regions: 160 },
  })),
};

const SETTINGS = { limits: [], level: 0.01, seed: 1 };
const random = new SampleRandom(3);
const history = {
  kind: "history" as const,
  histories: [
    parseHistory(
      "h",
      hourlyHistory(200, (hour) => ({ utilisation: 40 + 0.1 * hour + normal(random), hitRate: 97, gets: 1e5 + hour })),
    ),
  ],
  damage: [
    "store-history.jsonl: damaged from line 202, byte 60000 on (the line has no end); what comes before it is read",
  ],
};
const records = { kind: "records" as const, records: gates(40, (index) => (index < 25 ? 100 : 115)), damage: [] };

/** `figures`: sections that must hold at least one. */
const PAGES = {
  report: {
    render: () => renderReport(joined),
    figures: ["verdict", "subjects", "latency", "cost", "time", "hit-ratio", "memory"],
    data: joined as unknown,
  },
  comparison: {
    render: () => renderReport([results, fixtureResults({ title: "Second", commit: "fedcba98", speed: 1.13 })]),
    figures: ["subjects", "latency", "cost", "time", "hit-ratio", "memory"],
    data: undefined,
  },
  eviction: {
    render: () => renderEviction([...fixtureEvictions(), ...fixtureOverTime()]),
    figures: ["hit-ratio", "over-time"],
    data: [...fixtureEvictions(), ...fixtureOverTime()] as unknown,
  },
  trend: {
    render: () => renderTrend(trendOf(["store-history.jsonl"], history, SETTINGS)),
    figures: ["forecasts", "charts"],
    data: undefined,
  },
  gates: {
    render: () => renderTrend(trendOf(["gates.jsonl"], records, SETTINGS)),
    figures: ["metrics"],
    data: undefined,
  },
} as const;
/** axe-core's rules that look at colours. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
type PageName = keyof typeof PAGES;

describe.skipIf(chromiumIsMissing())("pages in a real browser, offline", () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "engram-pages-"));
    for (const [name, { render }] of Object.entries(PAGES)) await writeFile(join(folder, `${name}.html`), render());
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(
    name: PageName,
    width: number,
    colorScheme: "light" | "dark",
    look: (page: Page) => Promise<void>,
  ) {
    const context = await browser.newContext({
      offline: true,
      colorScheme,
      viewport: { width, height: 900 },
      bypassCSP: false,
    });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    const address = pathToFileURL(join(folder, `${name}.html`)).href;
    try {
      await page.goto(address);
      await look(page);
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => url !== address && !url.startsWith("blob:"))).toEqual([]);
    } finally {
      await context.close();
    }
  }

  const views = (Object.keys(PAGES) as PageName[]).flatMap((name) =>
    [400, 1600].map((width) => [name, width] as const),
  );

  test.each(views)(
    "%s at %i px: every figure is there, nothing scrolls sideways, axe finds nothing, nor in the dark",
    async (name, width) => {
      await open(name, width, "light", async (page) => {
        for (const section of PAGES[name].figures) {
          const boxes = await page
            .locator(`#${section} figure svg`)
            .evaluateAll((all) => all.map((svg) => svg.getBoundingClientRect().toJSON() as DOMRect));
          expect(boxes.length, section).toBeGreaterThan(0);
          for (const box of boxes) {
            expect(box.width).toBeGreaterThan(250);
            expect(box.height).toBeGreaterThan(40);
            expect(box.right).toBeLessThanOrEqual(width);
          }
        }
        const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(scrollWidth).toBe(width);
        // Folded tables are part of the page; axe must see them as well.
        await page.evaluate(() => {
          for (const details of document.querySelectorAll("details")) details.open = true;
        });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        expect(await violations(page)).toEqual([]);
        if (width < 1600) return;
        // The same document in other colours, which depend on no width; its structure has been judged.
        await page.emulateMedia({ colorScheme: "dark" });
        expect(await violations(page, COLOUR_RULES)).toEqual([]);
      });
    },
  );

  test("dark and light differ, and the page's ink is readable on both", async () => {
    const inks: string[] = [];
    for (const scheme of ["light", "dark"] as const) {
      await open("report", 1600, scheme, async (page) => {
        const [ink, surface] = await page.evaluate(() => {
          const style = getComputedStyle(document.querySelector("#latency figure svg")!);
          return [style.color, getComputedStyle(document.body).backgroundColor];
        });
        expect(ink).not.toBe(surface);
        inks.push(ink, surface);
      });
    }
    expect(new Set(inks).size).toBe(4);
  });

  test.each(["report", "eviction"] as const)("the raw data of %s can be saved, unchanged", async (name) => {
    await open(name, 1600, "light", async (page) => {
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: /^Download/ }).click();
      const text = await readFile((await (await saved).path())!, "utf8");
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(PAGES[name].data)));
    });
  });

  test("the keyboard reaches the content first, then the contents, and can scroll a wide table", async () => {
    await open("report", 400, "light", async (page) => {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("content");
      const table = page.locator("#latency .scroll:visible").first();
      await table.focus();
      await page.keyboard.press("ArrowRight");
      await expect.poll(() => table.evaluate((region) => region.scrollLeft)).toBeGreaterThan(0);
    });
  });

  test("hostile names run nothing", async () => {
    const attack = "</script><img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>";
    const runs = results.runs.slice(0, 3).map((run) => ({ ...run, scenario: attack, notes: [attack] }));
    await writeFile(join(folder, "report.html"), renderReport({ ...results, title: attack, runs, notices: [attack] }));
    try {
      await open("report", 1600, "light", async (page) => {
        expect(await page.title()).toContain("</script>");
        expect(await page.locator("h1").textContent()).toBe(attack);
        expect(await page.locator("img").count()).toBe(0);
      });
    } finally {
      await writeFile(join(folder, "report.html"), PAGES.report.render());
    }
  });

  /** What axe-core finds against WCAG 2.2 AA and its best practices, or by some of these rules only, one line a rule. */
  async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
    // The page's policy lets no other script in; the debugger's own evaluation is not bound by it.
    await page.evaluate(axeSource);
    return page.evaluate(async (only) => {
      const { axe } = window as unknown as {
        axe: {
          run(
            options: object,
          ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
        };
      };
      // what passes or does not apply is not looked at: only one node of each such rule comes back
      const found = await axe.run({ resultTypes: ["violations"], ...(only && { runOnly: [...only] }) });
      return found.violations.map(
        ({ id, nodes }) => `${id} x ${nodes.length}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`,
      );
    }, rules);
  }
});
