/** Puts beside the compiled live page what it is made of and the compiler does not carry over: its script, and uPlot with its licence. */
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const to = join(root, "dist/src/monitor/page/client");
const uplot = dirname(dirname(createRequire(import.meta.url).resolve("uplot")));

mkdirSync(to, { recursive: true });
copyFileSync(join(root, "src/monitor/page/client/live.js"), join(to, "live.js"));
copyFileSync(join(uplot, "dist/uPlot.iife.min.js"), join(to, "uplot.js"));
copyFileSync(join(uplot, "dist/uPlot.min.css"), join(to, "uplot.css"));
copyFileSync(join(uplot, "LICENSE"), join(to, "uplot.LICENSE"));
