/**
 * Where a contender's time goes, by V8's sampling profiler: which share of the samples fell into the engine, into which function
 * of the store, into garbage collection. What V8 inlined is counted with the function it was inlined into, so the methods of
 * Namespace mostly show as the loop that calls them.
 */
import { Session } from "node:inspector/promises";
import type { Contender } from "./contender.js";
import type { Profile } from "./results.js";

/** us between samples: 20 times finer than a turn is long, and still cheap beside it. */
const SAMPLING_INTERVAL = 100;
/** Long enough for thousands of samples, so that a share of 2 % is known to a fifth of itself. */
const PROFILED_MS = 500;
/** Places below this share are shown together. */
const LEAST_SHARE = 0.02;

const profiles: Profile[] = [];

/** What was profiled since this was asked last. */
export function takenProfiles(): Profile[] {
  return profiles.splice(0);
}

/** Runs the contender, `operations` at a time, and keeps its profile. Not timed with the rounds: the sampling costs a little. */
export async function profileContender(contender: Contender, operations: number): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL });
    await session.post("Profiler.start");
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < PROFILED_MS) {
      await contender.run(operations);
      done += operations;
    }
    const elapsed = performance.now() - start;
    const { profile } = await session.post("Profiler.stop");
    const { id, label } = contender;
    profiles.push({ id, label, places: placesOf(profile.nodes, profile.samples ?? [], (elapsed * 1e6) / done) });
  } finally {
    session.disconnect();
  }
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

/** Shares by place, the largest first; `ns` of all places add up to those of an operation. */
function placesOf(
  nodes: readonly ProfileNode[],
  samples: readonly number[],
  nsPerOperation: number,
): Profile["places"] {
  const nameOf = new Map(nodes.map((node) => [node.id, placeOf(node)]));
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const place = nameOf.get(sample) ?? ELSEWHERE;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const shared = new Map<string, number>();
  for (const [place, count] of counts) {
    const named = count >= LEAST_SHARE * samples.length ? place : ELSEWHERE;
    shared.set(named, (shared.get(named) ?? 0) + count);
  }
  return [...shared]
    .sort(([, a], [, b]) => b - a)
    .map(([place, count]) => ({
      place,
      share: count / samples.length,
      ns: (count / samples.length) * nsPerOperation,
    }));
}

const ELSEWHERE = "elsewhere";

function placeOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (url.startsWith("wasm:")) return "the engine";
  if (functionName === "(garbage collector)") return "garbage collector";
  if (functionName === "(program)") return "native code";
  if (url === "" || functionName.startsWith("(")) return functionName || ELSEWHERE;
  if (functionName === "run" || functionName === profileContender.name) return "the loop and what is inlined into it";
  const file = url.split("/").at(-1);
  return `${functionName || "a function"} (${file})`;
}
