/**
 * What a sweep comes to, in sentences: which policy, how large, what the next doubling buys, and how sure that is. Pure arithmetic over rows, for
 * the terminal and the page alike.
 */
import { bytes, count } from "./format.js";
import type { EvictionResult } from "./results.js";

export interface Decision {
  trace: string;
  by: EvictionResult["by"];
  policy: string;
  capacity: number;
  /** The answer, in one sentence. */
  answer: string;
  /** What it rests on, a sentence each. */
  reasons: string[];
  /** What each step of size buys, with the policy that was chosen, smallest first. */
  steps: Step[];
}

/** From one size to the next. */
export interface Step {
  from: number;
  to: number;
  /** More hits, as a share of the requests; of the bytes asked for, where the trace has sizes. */
  gained: number;
  gainedBytes?: number;
  fewerMisses: number;
  fewerMissedBytes?: number;
}

/** A size is large enough within this of the best hit ratio that was found; a policy as good as another within the second. */
const NEARLY = 0.01;
const LEVEL = 0.001;
/** Knows the future, so that nobody can choose it. */
const OPTIMUM = "opt";
/** Of policies that are level the simplest is told: by what a hit does, and what has to be kept of it. */
const SIMPLEST_FIRST = [
  ...["fifo", "sieve", "clock", "lru", "s3-fifo", "2q", "arc", "lfu", "lirs", "w-tinylfu", "w-tinylfu-climbing"],
  ...["hybrid", "adaptive", "random", "ttl"],
];
/** Fewer requests than this say little of any policy. */
const FEW_REQUESTS = 10_000;

/** One decision a trace and unit of size, in the order of the rows. A trace that looks nothing up has none. */
export function decisionsOf(rows: readonly EvictionResult[]): Decision[] {
  const groups = new Map<string, EvictionResult[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.trace, row.by]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((group) => decide(group) ?? []);
}

function decide(rows: readonly EvictionResult[]): Decision | null {
  const live = rows.filter(({ policy, requests }) => policy !== OPTIMUM && requests > 0);
  if (live.length === 0) return null;
  const { trace, by } = live[0];
  const sizes = [...new Set(live.map(({ capacity }) => capacity))].sort((a, b) => a - b);
  const bestAt = (capacity: number) => simplest(live.filter((row) => row.capacity === capacity));
  const best = sizes.map(bestAt).reduce((most, row) => (hit(row) > hit(most) ? row : most));
  const chosen = sizes.map(bestAt).find((row) => hit(row) >= hit(best) - NEARLY) as EvictionResult;
  const own = live.filter(({ policy }) => policy === chosen.policy).sort((a, b) => a.capacity - b.capacity);
  const steps = own.slice(1).map((row, i) => stepOf(own[i], row));
  return {
    ...{ trace, by, policy: chosen.policy, capacity: chosen.capacity, steps },
    answer: answerOf(chosen, best, sizes),
    reasons: [
      ...levelWith(chosen, live),
      ...besideLru(chosen, live),
      ...doublings(steps, chosen, by),
      ...certainty(chosen, live),
      ...boundOf(chosen, rows),
    ],
  };
}

const hit = ({ missRatio }: EvictionResult) => 1 - missRatio;

/** Of those that hit as often as the best, the simplest. */
function simplest(rows: readonly EvictionResult[]): EvictionResult {
  const most = Math.max(...rows.map(hit));
  const level = rows.filter((row) => hit(row) >= most - LEVEL);
  const rank = ({ policy }: EvictionResult) => {
    const at = SIMPLEST_FIRST.indexOf(policy);
    return at < 0 ? SIMPLEST_FIRST.length : at;
  };
  return level.reduce((first, row) => (rank(row) < rank(first) ? row : first));
}

function answerOf(chosen: EvictionResult, best: EvictionResult, sizes: readonly number[]): string {
  const { policy, capacity, by, byteMissRatio } = chosen;
  const ofBytes = byteMissRatio === undefined ? "" : ` and ${share(1 - byteMissRatio)} of the bytes`;
  const said = `Take ${policy} with ${amount(capacity, by)}: it hits ${share(hit(chosen))} of the requests${ofBytes}`;
  if (sizes.length === 1) return `${said}, the most at the one size that was tried.`;
  const largest = sizes.at(-1) as number;
  if (capacity === largest) {
    return `${said}. That is the largest size that was tried, and the smaller ones hit more than a point less: more may pay still.`;
  }
  return `${said}, within a point of the best of all that was tried (${best.policy} with ${amount(best.capacity, by)}: ${share(hit(best))}), and no smaller size does.`;
}

function levelWith(chosen: EvictionResult, live: readonly EvictionResult[]): string[] {
  const level = live
    .filter((row) => row.capacity === chosen.capacity && row.policy !== chosen.policy)
    .filter((row) => Math.abs(hit(row) - hit(chosen)) <= LEVEL)
    .map(({ policy }) => policy);
  return level.length === 0 ? [] : [`Level with it at that size, within a tenth of a point: ${level.join(", ")}.`];
}

function besideLru(chosen: EvictionResult, live: readonly EvictionResult[]): string[] {
  if (chosen.policy === "lru") return [];
  const lru = live.filter(({ policy }) => policy === "lru").sort((a, b) => a.capacity - b.capacity);
  const same = lru.find(({ capacity }) => capacity === chosen.capacity);
  if (same === undefined) return [];
  const behind = hit(chosen) - hit(same);
  if (behind <= 0) return [];
  const enough = lru.find((row) => hit(row) >= hit(chosen));
  const takes =
    enough === undefined
      ? "no size that was tried brings lru there"
      : `lru hits as much with ${amount(enough.capacity, chosen.by)}, ${times(enough.capacity / chosen.capacity)} as much`;
  return [`lru of the same size hits ${points(behind)} less (${share(hit(same))}); ${takes}.`];
}

function stepOf(from: EvictionResult, to: EvictionResult): Step {
  const bytesKnown = from.byteMissRatio !== undefined && to.byteMissRatio !== undefined;
  return {
    ...{ from: from.capacity, to: to.capacity, gained: hit(to) - hit(from), fewerMisses: from.misses - to.misses },
    ...(bytesKnown && {
      gainedBytes: (from.byteMissRatio as number) - (to.byteMissRatio as number),
      fewerMissedBytes: (from.missedBytes ?? 0) - (to.missedBytes ?? 0),
    }),
  };
}

/** The step that leads to the size that was chosen, and the one beyond it. */
function doublings(steps: readonly Step[], { capacity, policy }: EvictionResult, by: Decision["by"]): string[] {
  const told = [steps.find(({ to }) => to === capacity), steps.find(({ from }) => from === capacity)];
  return told.flatMap((step) => (step === undefined ? [] : [stepSentence(step, policy, by)]));
}

export function stepSentence(step: Step, policy: string, by: Decision["by"]): string {
  const { from, to, gained, gainedBytes, fewerMisses, fewerMissedBytes } = step;
  const each = gainPerDoubling(step);
  const doubling = Math.abs(Math.log2(to / from) - 1) < 0.1 ? "" : `, ${signed(each)} a doubling`;
  const ofBytes =
    gainedBytes === undefined || fewerMissedBytes === undefined
      ? ""
      : `, and ${signed(gainedBytes)} of the bytes (${bytes(Math.abs(fewerMissedBytes))} ${fewerMissedBytes < 0 ? "more" : "fewer"} to fetch)`;
  const misses = `${count(Math.abs(fewerMisses))} ${fewerMisses < 0 ? "more" : "fewer"} misses`;
  return `From ${amount(from, by)} to ${amount(to, by)} (${times(to / from)} the size) ${policy} gains ${signed(gained)} of hits (${misses}${doubling})${ofBytes}.`;
}

/** Hits that a doubling of the size buys, as a share of the requests. */
export function gainPerDoubling({ from, to, gained }: Step): number {
  return gained / Math.log2(to / from);
}

/** What is known of how much chance and the hour of the day have to do with it. */
function certainty(chosen: EvictionResult, live: readonly EvictionResult[]): string[] {
  const { requests, trace } = chosen;
  const said: string[] = [];
  const error = (chosen as { missRatioError?: number }).missRatioError;
  const rival = live
    .filter((row) => row.capacity === chosen.capacity && row.policy !== chosen.policy && hit(row) < hit(chosen) + LEVEL)
    .sort((a, b) => hit(b) - hit(a))
    .at(0);
  if (error !== undefined) {
    said.push(`That is an estimate over samples: ${share(hit(chosen))} ± ${points(2 * error)} (two standard errors).`);
  } else {
    said.push(`The counts are exact for ${trace}; other traffic is another matter.`);
  }
  const parts = partsOf(chosen);
  if (parts.length > 1) {
    // The first is filling the cache.
    const warm = parts.slice(1);
    const range = `${share(Math.min(...warm))} and ${share(Math.max(...warm))}`;
    const ahead = rival === undefined ? null : aheadOf(chosen, rival);
    const beside =
      ahead === null
        ? ""
        : `; it is ahead of the next best, ${rival?.policy}, in ${ahead.won} of ${ahead.parts} that differ`;
    said.push(`Over ${warm.length} equal parts of the trace after a first it hits between ${range}${beside}.`);
  }
  if (requests < FEW_REQUESTS) said.push(`${count(requests)} requests are few: a longer trace may say something else.`);
  return said;
}

function partsOf({ windowHitRatios = [] }: EvictionResult): number[] {
  return windowHitRatios.filter((ratio) => ratio !== null);
}

function aheadOf(own: EvictionResult, rival: EvictionResult): { won: number; parts: number } | null {
  const others = rival.windowHitRatios ?? [];
  const pairs = (own.windowHitRatios ?? []).flatMap((ratio, i) => {
    const other = others[i];
    return i === 0 || ratio === null || other === null || other === undefined || other === ratio ? [] : [ratio - other];
  });
  return pairs.length === 0 ? null : { won: pairs.filter((difference) => difference > 0).length, parts: pairs.length };
}

function boundOf(chosen: EvictionResult, rows: readonly EvictionResult[]): string[] {
  const bound = rows.find(({ policy, capacity }) => policy === OPTIMUM && capacity === chosen.capacity);
  if (bound === undefined) return [];
  return [
    `What knows the future would hit ${share(hit(bound))} at that size: no policy can gain more than ${points(Math.max(0, hit(bound) - hit(chosen)))}.`,
  ];
}

export function amount(capacity: number, by: Decision["by"]): string {
  return by === "bytes" ? bytes(capacity) : `${count(capacity)} ${capacity === 1 ? "object" : "objects"}`;
}

export function share(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function points(difference: number): string {
  return `${(difference * 100).toFixed(difference < 0.001 ? 2 : 1)} points`;
}

function signed(difference: number): string {
  return `${difference < 0 ? "-" : "+"}${points(Math.abs(difference))}`;
}

function times(ratio: number): string {
  return `${Number(ratio.toPrecision(2))} times`;
}
