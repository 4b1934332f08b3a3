/** What nodes kept of what they promise, beside what their calls took: consistency by the checker, latencies by level, a node cut off and back. */
import { type Section, table } from "../chrome.js";
import { count, duration, rate } from "../format.js";
import { type Html, html } from "../html.js";
import type { ClusterCheck, ClusterUse, Run } from "../results.js";

const NS_PER_US = 1000;
const NS_PER_MS = 1e6;

export function clusterSection(runs: readonly (Run & { readonly file?: string })[]): Section | null {
  const parts = runs.flatMap((run) => {
    const { cluster } = run;
    if (cluster === undefined) return [];
    const { nodes, engine, real, calls, missed, partition, recoveries } = cluster;
    const name = [run.scenario, run.subject, run.file].filter(Boolean).join(" · ");
    const network = real ? "" : " No network is between: latencies say nothing of a cluster's.";
    return [
      html`<div class="scenario"><header><h3>${name}</h3><p>${count(nodes)} nodes on ${engine}.${network}</p></header>
<div class="stack">${checkCard(cluster)}${calls.length === 0 ? null : callCard(calls)}${
        partition === undefined ? null : partitionCard(partition)
      }${missed === undefined ? null : missedCard(missed)}${recoveries === undefined ? null : recoveryCard(recoveries)}</div></div>`,
    ];
  });
  if (parts.length === 0) return null;
  return {
    id: "cluster",
    title: "What nodes share",
    short: "Cluster",
    lead: "One memory over several nodes. Each level promises something else and costs something else: what was promised is checked on the answers of clients on all nodes, and stands beside what a call takes.",
    body: html`${parts}`,
  };
}

const WORDS: Readonly<Record<ClusterCheck["verdict"], string>> = {
  ok: "kept",
  illegal: "broken",
  unknown: "not decided",
};
const BADGES: Readonly<Record<ClusterCheck["verdict"], string>> = { ok: "met", illegal: "critical", unknown: "none" };

function checkCard({ checks, perSecond }: ClusterUse): Html {
  const faults = checks.flatMap(({ faults: found }) => found);
  const pace = perSecond === undefined ? "" : ` All clients together did ${rate(perSecond)} of them.`;
  return html`<div class="card"><h3>Consistency, checked</h3><p>Operations of clients on all nodes, and who looked at their answers.${pace}</p>${table(
    [
      { title: "Promise", text: true, wrap: true },
      { title: "Outcome" },
      { title: "Operations" },
      { title: "Checked by", text: true, wrap: true },
    ],
    checks.map(({ what, verdict, operations, checker }) => [
      what,
      html`<span class="badge ${BADGES[verdict]}">${WORDS[verdict]}</span>`,
      count(operations),
      checker,
    ]),
    { label: "Consistency, checked", stacks: true },
  )}${faults.length === 0 ? null : html`<ul>${faults.map((fault) => html`<li>${fault}</li>`)}</ul>`}</div>`;
}

function callCard(calls: ClusterUse["calls"]): Html {
  return html`<div class="card"><h3>What a call takes</h3>${table(
    [
      { title: "Level", text: true, wrap: true },
      { title: "Call", text: true },
      { title: "Calls" },
      { title: "Median" },
      { title: "95 %" },
      { title: "99 %" },
      { title: "Longest" },
    ],
    calls.map(({ at, call, count: times, p50, p95, p99, max }) => [
      at,
      call,
      count(times),
      ...[p50, p95, p99, max].map((us) => duration(us * NS_PER_US)),
    ]),
    { label: "What a call takes", stacks: true },
  )}</div>`;
}

function partitionCard({ apart, apartMs, healedMs, merged, conflicts, dropped, sides }: Partition): Html {
  const healed = merged
    ? `${duration(healedMs * NS_PER_MS)} after its return all that it had accepted alone was merged, and all that it missed was there`
    : "what it had accepted alone was not merged in time";
  return html`<div class="card"><h3>A node cut off, and back</h3><p>${apart} was cut off for ${duration(apartMs * NS_PER_MS)}; ${healed}. ${count(conflicts)} conflicts between versions that did not know of each other, counted on every node that met one; in ${count(dropped)} of them a node's own version gave way.</p>${table(
    [
      { title: "Level", text: true },
      { title: "Side", text: true, wrap: true },
      { title: "Answered" },
      { title: "Not answered", text: true, wrap: true },
    ],
    sides.map(({ level, side, answered, refused }) => [level, side, count(answered), refusedIn(refused)]),
    { label: "Who was answered while a node was cut off", stacks: true },
  )}</div>`;
}

type Partition = NonNullable<ClusterUse["partition"]>;

function refusedIn(refused: Readonly<Record<string, number>>): string {
  const all = Object.entries(refused);
  return all.length === 0 ? "none" : all.map(([code, times]) => `${count(times)} ${code}`).join(", ");
}

function missedCard({ missing, milliseconds }: NonNullable<ClusterUse["missed"]>): Html {
  return html`<div class="card"><h3>An invalidation that a node missed</h3><p>While ${missing.join(", ")} was cut off, who asked was told that its acknowledgement was missing; ${duration(milliseconds * NS_PER_MS)} after its return it had forgotten as well.</p></div>`;
}

function recoveryCard(recoveries: NonNullable<ClusterUse["recoveries"]>): Html {
  return html`<div class="card"><h3>A node that was away, recovered</h3><p>Entries were changed and deleted while it was cut off. Time from its return, so that finding its server again is part of it; what came in by itself before recovery began is not counted as taken.</p>${table(
    [
      { title: "Asked", text: true },
      { title: "Done", text: true },
      { title: "Because", text: true, wrap: true },
      { title: "Taken" },
      { title: "Gone" },
      { title: "Time" },
    ],
    recoveries.map(({ asked, done, because, taken, removed, milliseconds }) => [
      asked,
      done,
      because,
      count(taken),
      count(removed),
      duration(milliseconds * NS_PER_MS),
    ]),
    { label: "Recoveries", stacks: true },
  )}</div>`;
}
