/** One consistency level: what single calls take on one node, then clients on all nodes at once, whose answers are checked. */
import { setImmediate as turn } from "node:timers/promises";
import type { ClusterCheck } from "../../reports/results.js";
import { Random } from "../../src/random.js";
import type { ClusterWork } from "../../workloads/index.js";
import { RunFailedError } from "../command-line/errors.js";
import { CallTimes } from "./call-times.js";
import type { ClusterHere, MeasuredNode } from "./cluster-here.js";
import { Convergence } from "./convergence.js";
import { StrongHistory } from "./strong-history.js";
import { WindowCheck } from "./window-check.js";

type LevelPlan = NonNullable<ClusterWork["level"]>;

/** Calls before those that count: code is compiled, connections are warm. */
const WARM_UP = 200;
/** Changes that are timed until another node tells of them. */
const SEEN = 200;
/** All of them together. */
const SEEN_MS = 120_000;

export interface LevelOutcome {
  readonly calls: ReturnType<CallTimes["rows"]>;
  readonly checks: readonly ClusterCheck[];
  /** Checked operations a second, of all clients. */
  readonly perSecond: number;
}

export async function measureLevel(
  here: ClusterHere,
  { keys, value, level }: Pick<ClusterWork, "keys" | "value"> & { readonly level: LevelPlan },
  seed: number,
  progress: (label: string) => void,
): Promise<LevelOutcome> {
  const times = new CallTimes();
  const text = "v".repeat(value);
  progress(`${level.consistency}: single calls`);
  await singleCalls(here.nodes[0], level, keys, text, new CallTimes(), Math.min(WARM_UP, level.calls));
  await singleCalls(here.nodes[0], level, keys, text, times, level.calls);
  await untilSeen(here.nodes, level, text, times, Math.min(SEEN, level.calls));
  progress(`${level.consistency}: clients on all nodes`);
  const { check, perSecond } = await checked(here, level, value, seed);
  return { calls: times.rows(), checks: [check], perSecond };
}

/** One after the other, with a turn of the event loop between, as others need it. */
async function singleCalls(
  { shared }: MeasuredNode,
  { consistency, window }: LevelPlan,
  keys: number,
  value: string,
  times: CallTimes,
  count: number,
): Promise<void> {
  const how = { consistency, window };
  for (let i = 0; i < count; i++) {
    const key = `k${i % keys}`;
    await times.time(consistency, "put", () => shared.put(key, value, how));
    await turn();
    await times.time(consistency, "get", () => shared.get(key, how));
    await turn();
    if (consistency === "strong") {
      const { version = 0 } = (await shared.getEntry(key, how)) ?? {};
      await times.time(consistency, "compareAndSet", () => shared.compareAndSet(key, value, { version }));
    }
    if (i % 2 === 0) await times.time(consistency, "delete", () => shared.delete(key, how));
    await turn();
  }
}

/** From a write's beginning until a subscriber on another node is told of it. */
async function untilSeen(
  [writer, reader]: readonly MeasuredNode[],
  { consistency, window }: LevelPlan,
  value: string,
  times: CallTimes,
  count: number,
): Promise<void> {
  const changes = reader.shared.changes({ prefix: "seen.", signal: AbortSignal.timeout(SEEN_MS) });
  const seen = changes[Symbol.asyncIterator]();
  for (let i = 0; i < count; i++) {
    const key = `seen.${i}`;
    const began = performance.now();
    const written = writer.shared.put(key, value, { consistency, window });
    for (;;) {
      const { value: change, done } = await seen.next();
      if (done === true) throw new RunFailedError(`${reader.name} was not told of ${key}, which ${writer.name} wrote`);
      if (change.key === key) break;
    }
    times.add(consistency, "seen by another node", performance.now() - began);
    await written;
    await turn();
  }
  await seen.return?.();
}

async function checked(
  here: ClusterHere,
  { consistency, checked: count, clients, window }: LevelPlan,
  valueBytes: number,
  seed: number,
): Promise<{ readonly check: ClusterCheck; readonly perSecond: number }> {
  const { nodes } = here;
  let done = 0;
  /** All clients until so many operations are done together. */
  const all = async (operate: (node: MeasuredNode, random: Random, client: string) => Promise<unknown>) => {
    const began = performance.now();
    await Promise.all(
      nodes.flatMap((node, place) =>
        Array.from({ length: clients }, async (_, number) => {
          const random = new Random(seed, place * 64 + number);
          while (done++ < count) {
            await operate(node, random, `${node.name}/${number}`);
            await turn();
          }
        }),
      ),
    );
    return (1000 * count) / (performance.now() - began);
  };
  if (consistency === "strong") {
    const history = new StrongHistory(valueBytes);
    await history.prepare(nodes[0]);
    const perSecond = await all((node, random, client) => history.operate(node, client, random));
    await history.readAll(nodes);
    return { check: history.check(), perSecond };
  }
  if (consistency === "bounded_stale") {
    const within = new WindowCheck(window);
    let written = 0;
    const perSecond = await all((node, random, client) =>
      // one writer, so that acknowledgements come in order
      node === nodes[0] && client.endsWith("/0")
        ? within.write(node, random, `${++written}`.padEnd(valueBytes, "."))
        : within.read(node, random),
    );
    return { check: within.check(), perSecond };
  }
  const convergence = new Convergence(valueBytes);
  const perSecond = await all((node, random) => convergence.write(node, random));
  return { check: await convergence.check(nodes), perSecond };
}
