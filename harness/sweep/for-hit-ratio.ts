/**
 * How large a cache has to be to hit so many of the requests: curves first (samples, of a large trace), then whole simulations between the
 * two sizes where the best policies pass the mark, until those are close. Hit ratios may fall as a cache grows (fifo does it), so that what is
 * found is a size that is enough beside one a little smaller that is not.
 */
import { amount, share } from "../../reports/index.js";
import type { By, PolicyName } from "../../src/eviction/index.js";
import { type CurveRow, missRatioCurves } from "./curve.js";
import type { SweepTrace } from "./shared-trace.js";
import type { Simulations } from "./simulation-pool.js";
import { footprintOf } from "./sizes.js";
import { type SweepProgress, type SweepRow, sweep } from "./sweep.js";

export interface HitRatioOptions {
  trace: SweepTrace;
  policies: readonly PolicyName[];
  /** As a share. */
  wanted: number;
  /** Undefined: bytes where the trace has sizes. */
  by?: By;
  threads?: number;
  seed?: number;
  signal?: AbortSignal;
  /** Who simulates, in place of threads of this process. */
  simulations?: Simulations;
  onProgress?: (progress: SweepProgress) => void;
}

export interface Enough {
  policy: PolicyName;
  /** The smallest that was found to be enough, and the largest below it that is not; null: the smallest there is. */
  enough: SweepRow;
  tooSmall: SweepRow | null;
}

export interface HitRatioAnswer {
  trace: string;
  by: By;
  /** Smallest first; empty: no size is enough. */
  found: Enough[];
  /** Every simulation of a whole trace. */
  rows: SweepRow[];
  sentences: string[];
}

const POINTS = 14;
/** Policies that are followed to the end, beside lru, which everybody knows. */
const FINALISTS = 3;
/** Sizes between the two that are tried at once, and how often: a bracket of factor 1.7 comes down to less than half a per cent. */
const BETWEEN = 4;
const TURNS = 3;
const OPTIMUM = "opt";

export async function sizesForHitRatio(options: HitRatioOptions): Promise<HitRatioAnswer> {
  const { trace, wanted, policies, ...rest } = options;
  const by = options.by ?? (trace.sizes === null ? "objects" : "bytes");
  const live = policies.filter((policy) => policy !== OPTIMUM);
  const settings = { ...rest, traces: [trace] };
  const curves: CurveRow[] = [];
  for await (const one of missRatioCurves({ ...settings, policies: live, by, points: POINTS }))
    curves.push(...one.rows);
  const finalists = finalistsOf(curves, live, wanted);
  const rows: SweepRow[] = [];
  const simulate = async (policy: PolicyName, capacities: readonly number[]) => {
    const sizes = [...new Set(capacities)].map((size) => ({ text: `${size}`, by, amount: size }));
    const some = await sweep({ ...settings, policies: [policy], sizes });
    rows.push(...some);
    return some;
  };
  const found: Enough[] = [];
  for (const policy of finalists) {
    const one = await narrow(curves, policy, wanted, simulate);
    if (one !== null) found.push(one);
  }
  found.sort((a, b) => a.enough.capacity - b.enough.capacity);
  const whole = found.length > 0 ? null : await everything(trace, by, live, simulate);
  return { trace: trace.name, by, found, rows, sentences: sentencesOf(trace.name, wanted, found, whole) };
}

const hits = (row: { missRatio: number }, wanted: number) => 1 - row.missRatio >= wanted;

/** Those that pass the mark at the smallest sizes, by the curves; of those that never do, none. */
function finalistsOf(curves: readonly CurveRow[], policies: readonly PolicyName[], wanted: number): PolicyName[] {
  const first = policies.flatMap((policy) => {
    const own = curves.filter((row) => row.policy === policy).sort((a, b) => a.capacity - b.capacity);
    const at = own.findIndex((row) => hits(row, wanted));
    return at < 0 ? [] : [{ policy, capacity: own[at].capacity, missRatio: own[at].missRatio }];
  });
  first.sort((a, b) => a.capacity - b.capacity || a.missRatio - b.missRatio);
  const best = first.slice(0, FINALISTS).map(({ policy }) => policy);
  const lru = first.find(({ policy }) => policy === "lru");
  return lru === undefined || best.includes("lru") ? best : [...best, "lru"];
}

type Simulate = (policy: PolicyName, capacities: readonly number[]) => Promise<SweepRow[]>;

async function narrow(
  curves: readonly CurveRow[],
  policy: PolicyName,
  wanted: number,
  simulate: Simulate,
): Promise<Enough | null> {
  const own = curves.filter((row) => row.policy === policy).sort((a, b) => a.capacity - b.capacity);
  const known: SweepRow[] = [];
  const bracket = () => {
    const sorted = known.sort((a, b) => a.capacity - b.capacity);
    const enough = sorted.find((row) => hits(row, wanted)) ?? null;
    const tooSmall = sorted.findLast((row) => row.capacity < (enough?.capacity ?? Number.POSITIVE_INFINITY)) ?? null;
    return { enough, tooSmall };
  };
  // The curve may be an estimate: whole simulations say between which two of its sizes the mark is passed.
  let at = own.findIndex((row) => hits(row, wanted));
  for (let found = bracket(); found.enough === null || found.tooSmall === null; found = bracket()) {
    if (at < 0 || at >= own.length) break;
    known.push(...(await simulate(policy, [own[at].capacity])));
    at += bracket().enough === null ? 1 : -1;
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const { enough, tooSmall } = bracket();
    if (enough === null || tooSmall === null) break;
    const between = sizesBetween(tooSmall.capacity, enough.capacity);
    if (between.length === 0) break;
    known.push(...(await simulate(policy, between)));
  }
  const { enough, tooSmall } = bracket();
  return enough === null ? null : { policy, enough, tooSmall };
}

function sizesBetween(low: number, high: number): number[] {
  const factor = (high / low) ** (1 / (BETWEEN + 1));
  const sizes = Array.from({ length: BETWEEN }, (_, i) => Math.round(low * factor ** (i + 1)));
  return [...new Set(sizes)].filter((size) => size > low && size < high);
}

/** What a cache of all there is comes to, with any policy: the rest is asked for once, or forgotten by then. */
async function everything(
  trace: SweepTrace,
  by: By,
  [policy]: readonly PolicyName[],
  simulate: Simulate,
): Promise<SweepRow | null> {
  if (policy === undefined) return null;
  const { objects, bytes } = footprintOf(trace);
  const [row] = await simulate(policy, [Math.max(1, by === "bytes" ? (bytes ?? 1) : objects)]);
  return row;
}

const exactly = ({ missRatio }: SweepRow) => `${(100 * (1 - missRatio)).toFixed(2)} %`;

function sentencesOf(trace: string, wanted: number, found: readonly Enough[], whole: SweepRow | null): string[] {
  const [best, ...others] = found;
  if (best === undefined) {
    const most =
      whole === null
        ? ""
        : `: a cache of everything (${amount(whole.capacity, whole.by)}) hits ${share(1 - whole.missRatio)}, and the rest is asked for once`;
    return [`${trace}: no size hits ${share(wanted)} of the requests${most}.`];
  }
  const { enough, tooSmall, policy } = best;
  const below =
    tooSmall === null
      ? "which is the smallest that was tried"
      : `${amount(tooSmall.capacity, tooSmall.by)} hit ${exactly(tooSmall)}`;
  const said = `${trace}: ${share(wanted)} of the requests are hit with ${amount(enough.capacity, enough.by)} by ${policy} (${exactly(enough)}; ${below}).`;
  const rest = others.map(
    (one) =>
      `${one.policy} takes ${amount(one.enough.capacity, one.enough.by)}, ${(one.enough.capacity / enough.capacity).toFixed(2)} times as much`,
  );
  return rest.length === 0 ? [said] : [said, `${rest.join("; ")}.`];
}
