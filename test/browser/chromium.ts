/** The browser that pages are looked at in: Debian's chromium, or whichever one CHROMIUM names. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** Nothing of the browser's own may reach the network while a page is tested. */
const CHROMIUM_ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a page or the browser may take: long, since the usual half minute is short on a machine that others work on. */
export const PATIENCE = 300_000;

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_ARGUMENTS, timeout: PATIENCE });
}

/** Says why when there is nothing to look with. */
export function chromiumIsMissing(): boolean {
  if (chromiumPath === undefined) {
    console.warn(
      `browser tests skipped: no chromium at ${CANDIDATES.filter(Boolean).join(", ")} (set CHROMIUM to its path)`,
    );
  }
  return chromiumPath === undefined;
}
