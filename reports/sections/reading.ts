/** How to read this page: the terms, and what they do not mean. */
import type { Section } from "../chrome.js";
import { html } from "../html.js";

type Entry = readonly [term: string, meaning: string];

const MEASURING: readonly Entry[] = [
  [
    "Sampled and batched",
    "Under 100 ns the clock costs as much as the operation. So cost is measured over batches of thousands of operations, and the tail over single operations sampled about 1 in 64. Means of batches hide the tail, and samples carry the clock's error: neither is printed as the other.",
  ],
  [
    "Timer floor",
    "What an empty timed operation costs here. It is subtracted from samples; a figure at or below it reads ≤ floor, never 0.",
  ],
  [
    "Percentile spectrum",
    "The axis runs by 1 / (1 - q): 90 %, 99 %, 99.9 % stand equally far apart, so the tail has room. The last point is the largest sample.",
  ],
  [
    "Closed and open loop",
    "Closed: the next operation starts when the last one ended, so a stall delays the load too and hides waiting. Open: operations start at their intended times, and waiting counts.",
  ],
  [
    "Phases",
    "A scenario's phases are other work, or the same under another load. Each has figures of its own, and nothing is averaged over them.",
  ],
  [
    "Ratio",
    "Throughput over that of the reference in the same scenario and phase, same stream, fresh process each, with the interval that the slices of both runs allow (95 %). 2.00 × is twice as many operations. There is none in an open loop, nor to a subject that left operations out or failed in some: it did other work.",
  ],
  [
    "map, noop and other subjects",
    "map is a plain Map in each worker, sharing nothing: the limit of one process, not a rival. noop does nothing: it shows the floor and stays out of the bars.",
  ],
  ["A/A noise", "How far two runs of the same code differ on this machine. Differences within it are chance."],
  [
    "Targets",
    "Each comes from a design document. Missed is missed: a target the language or the machine cannot reach stays in the list with its distance. Not measured means that this run had no means to.",
  ],
];

const EVICTION: readonly Entry[] = [
  [
    "Miss ratio",
    "Misses over requests, from an exact count. Object ratios count requests, byte ratios the bytes asked for; one says little about the other.",
  ],
  ["Capacity", "How much the cache may hold, in objects or in bytes. The axis is logarithmic."],
  [
    "Optimum",
    "Belady's policy evicts what is needed furthest in the future. No policy without knowledge of the future can do better on objects of one size.",
  ],
  ["Relative miss ratio", "Misses over those of LRU at the same capacity: 0.900 is a tenth fewer."],
  [
    "Time per request",
    "The simulation's own time on this machine, one policy at a time: good for comparing policies, not machines.",
  ],
];

export function readingSection(kind: "report" | "eviction"): Section {
  const entries = kind === "report" ? MEASURING : EVICTION;
  return {
    id: "reading",
    title: "How to read this page",
    short: "How to read",
    body: html`<dl class="reading">${entries.map(([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>`)}</dl>`,
  };
}
