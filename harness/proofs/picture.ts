/**
 * `npm run picture -- REPORT.html OUT.png`: the head of a report as a picture, for the README; of a notebook that `engram notebook` serves with
 * its address in the report's place. Needs a Chromium (CHROMIUM=path, default /usr/bin/chromium) and playwright-core, which is a development
 * dependency.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InvalidArgumentError } from "../../src/errors.js";

const VIEW = { width: 1280, height: 920 };

async function main(): Promise<void> {
  const [report, out] = process.argv.slice(2);
  if (report === undefined || out === undefined) {
    throw new InvalidArgumentError("expected two arguments: REPORT.html, or the address of a page, and OUT.png");
  }
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: VIEW, colorScheme: "light" });
    await page.goto(/^https?:/.test(report) ? report : pathToFileURL(resolve(report)).href);
    // A notebook draws once it has its data.
    await page.waitForSelector("svg");
    await page.screenshot({ path: out });
  } finally {
    await browser.close();
  }
  process.stdout.write(`${out}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`picture: ${error.message.split("\n")[0]}\n`);
  process.exitCode = error instanceof InvalidArgumentError ? 2 : 3;
});
