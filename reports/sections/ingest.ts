/** The metric pipeline under load, beside a plain server: at a given rate, at the limit, and while its database is away. */
import { figureCard, type Section, table } from "../chrome.js";
import { ingestMemoryFigure, waitingFigure } from "../figures/ingest.js";
import { bytes, count, magnitude, significant } from "../format.js";
import { type Html, html } from "../html.js";
import type { IngestUse, Run } from "../results.js";

type Paced = NonNullable<IngestUse["paced"]>;
type Step = NonNullable<IngestUse["saturation"]>[number];
type Outage = NonNullable<IngestUse["outage"]>;
type Served = Pick<Paced["servers"][number], "sent" | "answered" | "refused" | "failed">;

export function ingestSection(runs: readonly (Run & { readonly file?: string })[]): Section | null {
  const parts = runs.flatMap((run) => {
    const { ingest } = run;
    if (ingest === undefined) return [];
    const { clients, paced, saturation = [], outage } = ingest;
    const name = [run.scenario, run.subject, run.file].filter(Boolean).join(" · ");
    return [
      html`<div class="scenario"><header><h3>${name}</h3></header><div class="stack">${[
        paced === undefined ? null : pacedCard(paced, clients),
        ...(outage === undefined ? [] : outageCards(outage)),
        saturation.length === 0 ? null : saturationCard(saturation, clients),
        saturation.length === 0 ? null : html`<div class="grid">${saturation.map(memoryCard)}</div>`,
      ]}</div></div>`,
    ];
  });
  if (parts.length === 0) return null;
  return {
    id: "ingest",
    title: "Metrics over HTTP",
    short: "Ingest",
    lead: html`Each server in a process of its own, clients in another, over the loopback. “engram” answers when the metrics are written to its journal, “engram, ring” when they are in memory; “plain server” is node:http, JSON.parse and a file, and answers when the file has them.`,
    body: html`${parts}`,
  };
}

function pacedCard({ rate, metrics, rounds, servers }: Paced, clients: number): Html {
  return html`<div class="card"><h3>${count(rate)} requests a second, ${count(clients)} clients</h3><p>${count(metrics)} ${metrics === 1 ? "metric" : "metrics"} a request. Every request has its time, and its latency is counted from then, whatever the one before it did: waiting counts. Servers took turns, ${count(rounds)} rounds each.</p>${table(
    [
      { title: "Server", text: true },
      { title: "Served" },
      { title: "Mean" },
      { title: "Best round" },
      { title: "Median" },
      { title: "99 %" },
      { title: "99.9 %" },
      { title: "Longest" },
      { title: "Mean once sent" },
      { title: "Processor" },
    ],
    servers.map(({ server, intended, sentAt, means, cpuUs, ...rest }) => [
      server,
      servedText(rest),
      ms(intended.mean),
      ms(means.length === 0 ? intended.mean : Math.min(...means)),
      ms(intended.p50),
      ms(intended.p99),
      ms(intended.p999),
      ms(intended.max),
      ms(sentAt.mean),
      `${significant(cpuUs)} µs`,
    ]),
    { label: "Latency at the given rate", stacks: true },
  )}</div>`;
}

function saturationCard(steps: readonly Step[], clients: number): Html {
  return html`<div class="card"><h3>At the limit, ${count(clients)} clients</h3><p>Each asks again as soon as it was answered. Memory is that of the server's process: when it was warm, and the most that was seen. “Waiting” has been acknowledged and not yet been forwarded: in the journal, or in the plain server's memory. Of bodies of 220 KB the pipeline lets 8 MiB be under way. Latencies end at 4,295 ms.</p>${table(
    [
      { title: "Meanwhile", text: true },
      { title: "Server", text: true },
      { title: "Requests/s" },
      { title: "Metrics/s" },
      { title: "Median" },
      { title: "99 %" },
      { title: "Served" },
      { title: "Memory" },
      { title: "Most" },
      { title: "Waiting" },
    ],
    steps.flatMap(({ step, servers }) =>
      servers.map(({ server, requestsPerSecond, metricsPerSecond, latency, memory, waiting, ...rest }) => [
        step,
        server,
        magnitude(requestsPerSecond),
        magnitude(metricsPerSecond),
        ms(latency.p50),
        ms(latency.p99),
        servedText(rest),
        bytes(memory.start),
        bytes(memory.most),
        waiting === 0 ? "–" : magnitude(waiting),
      ]),
    ),
    { label: "At the limit", stacks: true },
  )}</div>`;
}

function memoryCard(step: Step): Html | null {
  const drawing = ingestMemoryFigure(step);
  return drawing === null ? null : figureCard(`Memory: ${step.step}`, null, drawing);
}

function outageCards(outage: Outage): Html[] {
  const { database, rate, metrics, killed, back, servers } = outage;
  const drawing = waitingFigure(outage);
  return [
    html`<div class="card"><h3>${database} is killed, and comes back ${significant(back - killed)} s later</h3><p>${count(rate)} requests a second of ${count(metrics)} metrics, which go on all the time. Median latencies before, while it is away and after, each counted from when a request was due.</p>${table(
      [
        { title: "Server", text: true },
        { title: "Acknowledged" },
        { title: "In the database" },
        { title: "Lost" },
        { title: "Caught up" },
        ...(servers[0]?.periods ?? []).map(({ name }) => ({ title: name })),
        { title: "Memory at most" },
      ],
      servers.map(({ server, acknowledged, points, lost, caughtUp, periods, memory }) => [
        server,
        count(acknowledged),
        count(points),
        lost === 0 ? "none" : count(lost),
        caughtUp === null ? "–" : `${significant(caughtUp)} s`,
        ...periods.map(({ latency }) => ms(latency.p50)),
        bytes(memory.most),
      ]),
      { label: "An outage of the database", stacks: true },
    )}</div>`,
    ...(drawing === null
      ? []
      : [
          html`<div class="grid">${figureCard("What waits", "Acknowledged, and not yet in the database.", drawing)}</div>`,
        ]),
  ];
}

function servedText({ sent, answered, refused, failed }: Served): string {
  if (sent === answered) return "all";
  const others = Object.entries(refused).map(([status, times]) => `${count(times)} × ${status}`);
  return [`${count(answered)} of ${count(sent)}`, ...others, ...(failed > 0 ? [`${count(failed)} lost`] : [])].join(
    ", ",
  );
}

function ms(value: number): string {
  return `${significant(value)} ms`;
}
