/** What agents held beside a store: pools under users and chaos, configuration that threads followed, caches of one thread. */
import { type Section, table } from "../chrome.js";
import { bytes, count, magnitude, percent, significant } from "../format.js";
import { type Html, html } from "../html.js";
import type { ResourceUse, Run } from "../results.js";

export function resourcesSection(runs: readonly (Run & { readonly file?: string })[]): Section | null {
  const parts = runs.flatMap((run) => {
    const { resources } = run;
    if (resources === undefined) return [];
    const { pool, config, cache } = resources;
    const name = [run.scenario, run.subject, run.file].filter(Boolean).join(" · ");
    return [
      html`<div class="scenario"><header><h3>${name}</h3></header>
<div class="stack">${pool === undefined ? null : usersCard(pool)}<div class="grid">${[
        ...(pool === undefined ? [] : [warmCard(pool)]),
        ...(config === undefined ? [] : [configCard(config)]),
        ...(cache === undefined ? [] : cacheCards(cache)),
      ]}</div></div></div>`,
    ];
  });
  if (parts.length === 0) return null;
  return {
    id: "resources",
    title: "What agents hold",
    short: "Resources",
    lead: "Connections, configuration and what is cached within a process: things with an end, or with one version for all. Only the store's own room for them is measured here, beside what the scenario asks of any store.",
    body: html`${parts}`,
  };
}

type PoolUse = NonNullable<ResourceUse["pool"]>;
type ConfigUse = NonNullable<ResourceUse["config"]>;
type CacheUse = NonNullable<ResourceUse["cache"]>;

function usersCard({ server, users, max, steps }: PoolUse): Html {
  return html`<div class="card"><h3>${count(users)} users at once, ${count(max)} connections</h3><p>Before ${server}. The same users again under each kind of chaos; a connection that is lost in somebody's hands is that user's error, all others wait.</p>${stepTable(steps, max)}</div>`;
}

function warmCard({ warm }: PoolUse): Html {
  return html`<div class="card"><h3>A warm pool</h3><p>One user, a connection free each time.</p>${table(
    [{ title: "Acquire", text: true }, { title: "" }],
    [
      ["median", `${significant(warm.p50)} µs`],
      ["99th percentile", `${significant(warm.p99)} µs`],
      ["acquired and released a second", magnitude(warm.perSecond)],
    ],
    { label: "A warm pool" },
  )}</div>`;
}

function stepTable(steps: PoolUse["steps"], max: number): Html {
  return table(
    [
      { title: "Meanwhile", text: true },
      { title: "Served" },
      { title: "Failed", text: true },
      { title: "Seconds" },
      { title: "Wait, median" },
      { title: "Wait, 99 %" },
      { title: "Made" },
      { title: "Open at most" },
    ],
    steps.map(({ name, served, failed, seconds, wait, opened, peak }) => [
      name,
      count(served),
      failuresIn(failed),
      significant(seconds),
      `${significant(wait.p50)} ms`,
      `${significant(wait.p99)} ms`,
      count(opened),
      `${count(peak)} of ${count(max)}`,
    ]),
    { label: "Users at the pool", stacks: true },
  );
}

function failuresIn(failed: Readonly<Record<string, number>>): string {
  const all = Object.entries(failed);
  return all.length === 0 ? "none" : all.map(([code, times]) => `${count(times)} ${code}`).join(", ");
}

function configCard({ threads, updates, refused, killed, told, final, latency, reads, readNs }: ConfigUse): Html {
  return html`<div class="card"><h3>One configuration, ${count(threads)} threads</h3><p>Every thread reads the present version all the time and is told of each change, of several in a row once.</p>${table(
    [{ title: "", text: true }, { title: "" }],
    [
      ["versions", count(updates)],
      ["updates refused by the schema, seen by nobody", count(refused)],
      ["threads killed in the middle of updates", count(killed)],
      ["observers told", count(told)],
      ["threads that saw the last version", `${count(final)} of ${count(threads)}`],
      ["from an update until told, median", `${significant(latency.p50)} ms`],
      ["99th percentile", `${significant(latency.p99)} ms`],
      ["reads meanwhile", magnitude(reads)],
      ["a read", `${significant(readNs)} ns`],
    ],
    { label: "Configuration" },
  )}</div>`;
}

function cacheCards({ entries, keys, requests, policies, waiters, loads, memory }: CacheUse): Html[] {
  return [
    html`<div class="card"><h3>Caches of one thread</h3><p>${magnitude(requests)} requests for ${count(keys)} keys, Zipf, ${count(entries)} entries held. Costs in batches, of caches that stay in the processor's own; a miss is the look and the insertion that evicts.</p>${table(
      [{ title: "Policy", text: true }, { title: "Hit ratio" }, { title: "Hit" }, { title: "Miss" }],
      policies.map(({ policy, hitRatio, hitNs, missNs }) => [
        policy,
        percent(hitRatio),
        `${significant(hitNs)} ns`,
        `${significant(missNs)} ns`,
      ]),
      { label: "Caches of one thread" },
    )}<p>${count(waiters)} who missed one key at once had it loaded ${loads === 1 ? "once" : `${count(loads)} times`}.</p></div>`,
    html`<div class="card"><h3>What an entry takes</h3><p>Keys and values over the heap that they take: a record, a place in a Map and the texts' own heads cost the same whatever the value is.</p>${table(
      [{ title: "Value", text: true }, { title: "Entries" }, { title: "Heap" }, { title: "Of it payload" }],
      memory.map(({ valueBytes, entries: held, bytes: heap, efficiency }) => [
        bytes(valueBytes),
        count(held),
        bytes(heap),
        percent(efficiency),
      ]),
      { label: "What an entry takes" },
    )}</div>`,
  ];
}
