/**
 * `npm run monitor-soak -- --minutes 60`: a store with eight workers, watched for an hour by a page in Chromium, a Prometheus that scrapes every few seconds,
 * and a history file. Memory must stay flat, and nothing may be missed: no tick, no operation, no sample, no scrape. Figures on
 * the last lines; exit code 1 when it falls short.
 */
import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { Child, withTemporaryFolder } from "../../child/index.js";
import { minutesFrom } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { type Prometheus, prometheusIsMissing, startPrometheus } from "../../services/index.js";
import type { Account, FromProgram, Reading, ToProgram } from "./messages.js";
import { judgeSteadiness } from "./steadiness.js";
import { chromiumIsMissing, openPage, type WatchedPage } from "./watched-page.js";

const READINGS = 120;
const LEAST_MINUTES = 0.1;
const SCRAPE_SECONDS = 5;
/** In a short soak, more often. */
const SCRAPES_LEAST = 6;
const MIB = 2 ** 20;
/** What a mean may rise by chance, whatever it is a share of. */
const SLACK = { rss: 24 * MIB, heap: 4 * MIB, page: 3 * MIB };

interface Watched {
  readonly account: Account;
  readonly readings: readonly Reading[];
  readonly page: {
    readings: { at: number; heap: number; nodes: number }[];
    starts: number;
    ticks: number;
    faults: string[];
  } | null;
  readonly scrapes: { expected: number; done: number; up: number; samples: number } | null;
}

async function watch(minutes: number, folder: string): Promise<Watched> {
  const duration = minutes * 60_000;
  const readEveryMs = Math.max(500, duration / READINGS);
  const readings: Reading[] = [];
  let account: Account | null = null;
  let failure: string | null = null;
  let isReady: (url: string) => void = () => {};
  const ready = new Promise<string>((resolve) => {
    isReady = resolve;
  });
  const program = Child.module(new URL("./program.js", import.meta.url), {
    execArgv: ["--expose-gc"],
    onMessage: (message: FromProgram) => {
      if (message.type === "ready") isReady(message.url);
      else if (message.type === "reading") readings.push(message.reading);
      else if (message.type === "account") account = message.account;
      else failure = message.message;
    },
  });
  program.send({ type: "begin", folder, readEveryMs } satisfies ToProgram);
  const ended = program.ended.then(({ exitCode, stderr }) => {
    if (account === null) throw new Error(failure ?? `the program ended with code ${exitCode}: ${stderr.trim()}`);
    return account as Account;
  });
  ended.catch(() => {});
  const url = await Promise.race([ready, ended.then(() => "")]);
  let page: WatchedPage | null = null;
  let prometheus: Prometheus | null = null;
  try {
    if (chromiumIsMissing() === null) page = await openPage(url);
    const everySeconds = Math.min(SCRAPE_SECONDS, Math.max(1, Math.round((minutes * 60) / SCRAPES_LEAST)));
    if (prometheusIsMissing() === null)
      prometheus = await startPrometheus({ targets: [new URL(url).host], everySeconds });
    const began = performance.now();
    const pageReadings = await Promise.race([
      readUntil(began + duration, readEveryMs, began, page),
      ended.then(() => []),
    ]);
    const scrapes =
      prometheus === null ? null : await scrapesOf(prometheus, minutes, performance.now() - began, everySeconds);
    const seen = page === null ? null : { readings: pageReadings, ...(await page.account()) };
    await page?.close();
    page = null;
    program.send({ type: "end" } satisfies ToProgram);
    return { account: await ended, readings, page: seen, scrapes };
  } finally {
    await page?.close();
    await prometheus?.stop();
    program.kill();
  }
}

async function readUntil(end: number, every: number, began: number, page: WatchedPage | null) {
  const readings: { at: number; heap: number; nodes: number }[] = [];
  while (performance.now() < end) {
    await setTimeout(Math.max(1, Math.min(every, end - performance.now())));
    if (page !== null) readings.push({ at: performance.now() - began, ...(await page.read()) });
    if (process.stderr.isTTY) process.stderr.write(`\r${((performance.now() - began) / 60_000).toFixed(1)} min `);
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
  return readings;
}

async function scrapesOf(prometheus: Prometheus, minutes: number, ms: number, everySeconds: number) {
  const range = `[${Math.ceil(minutes) + 10}m]`;
  const one = async (query: string) => Number((await prometheus.query(query))[0]?.value[1] ?? 0);
  return {
    expected: Math.floor(ms / 1000 / everySeconds),
    done: await one(`count_over_time(up${range})`),
    up: await one(`sum_over_time(up${range})`),
    samples: await one(`sum_over_time(scrape_samples_scraped${range})`),
  };
}

const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
const points = <T extends { at: number }>(readings: readonly T[], of: (reading: T) => number) =>
  readings.map((reading) => ({ at: reading.at, bytes: of(reading) }));

/** What falls short, a line each; and the figures. */
function judge({ account, readings, page, scrapes }: Watched): { short: string[]; figures: string[] } {
  const short: string[] = [];
  const figures: string[] = [];
  const flat = (name: string, series: { at: number; bytes: number }[], slack: number) => {
    const steadiness = judgeSteadiness(series, slack);
    if (steadiness === null) {
      short.push(`${name} is not judged: too few readings in its second or last quarter`);
      return;
    }
    const { flat: isFlat, ratio, slope } = steadiness;
    const last = series[series.length - 1].bytes;
    figures.push(`${name} ${mib(last)}, ${ratio.toFixed(3)} of that after warm-up, ${mib(slope)} an hour`);
    if (!isFlat) short.push(`${name} grew`);
  };
  const all = (name: string, told: number, done: number) => {
    figures.push(`${name} ${told} of ${done}`);
    if (told !== done) short.push(`${name} are missed`);
  };
  flat(
    "resident memory",
    points(readings, ({ rss }) => rss),
    SLACK.rss,
  );
  flat(
    "heap",
    points(readings, ({ heap, external }) => heap + external),
    SLACK.heap,
  );
  all("ticks in the history", account.written, account.ticks);
  figures.push(
    `ticks cover ${((100 * account.covered) / account.elapsed).toFixed(1)} % of the time, the longest ${(account.longest / 1000).toFixed(1)} s`,
  );
  all("operations", account.operations.told, account.operations.counted);
  if (account.operations.counted < account.operations.done) short.push("operations were not counted");
  all("samples", account.samples.told, account.samples.counted);
  for (const violation of account.violations) short.push(`violation: ${violation}`);
  if (page === null) figures.push(`page: ${chromiumIsMissing()}`);
  else {
    flat(
      "page's heap",
      points(page.readings, ({ heap }) => heap),
      SLACK.page,
    );
    figures.push(`page ${page.ticks} ticks over ${page.starts} connection, ${page.readings.at(-1)?.nodes} nodes`);
    if (page.starts !== 1) short.push(`the page was connected ${page.starts} times`);
    for (const fault of page.faults) short.push(`the page's console: ${fault}`);
  }
  if (scrapes === null) figures.push(`scrapes: ${prometheusIsMissing()}`);
  else {
    figures.push(`scrapes ${scrapes.done}, ${scrapes.up} of them answered, ${scrapes.samples} figures`);
    if (scrapes.up !== scrapes.done) short.push("scrapes failed");
    // the first may come a whole interval late
    if (scrapes.done < scrapes.expected - 1) short.push(`${scrapes.expected - scrapes.done} scrapes were left out`);
  }
  return { short, figures };
}

const program = new Command("monitor-soak")
  .description("a watched store for an hour: memory flat, no tick, operation, sample or scrape missed")
  .option("--minutes <n>", "how long", (text) => minutesFrom(LEAST_MINUTES, text), 60);
const { minutes } = optionsOf<{ minutes: number }>(program);

try {
  const watched = await withTemporaryFolder("engram-monitor-soak-", (folder) => watch(minutes, folder));
  const { short, figures } = judge(watched);
  for (const line of [...short, ...figures]) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `monitor-soak ${short.length === 0 ? "passed" : "FELL SHORT"}: ${minutes} min, ${watched.account.ticks} ticks\n`,
  );
  process.exit(short.length === 0 ? 0 : 1);
} catch (error) {
  process.stdout.write(`monitor-soak FELL SHORT: ${(error as Error).message}\n`);
  process.exit(1);
}
