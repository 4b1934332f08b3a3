/** Invalidations by key, keys, tag and pattern: what they take, whether all forget what is met and nothing else, and what becomes of a node that missed one. */
import { setImmediate as turn } from "node:timers/promises";
import type { ClusterCheck, ClusterUse } from "../../reports/results.js";
import { MissingAcksError, type Scope } from "../../src/cluster/index.js";
import type { ClusterWork } from "../../workloads/index.js";
import { CallTimes } from "./call-times.js";
import type { ClusterHere, MeasuredNode } from "./cluster-here.js";

type Plan = NonNullable<ClusterWork["invalidation"]>;

const SCOPES = ["key", "keys", "tag", "pattern"] as const;
const SYNC_MS = 60_000;
/** For acknowledgements that come, and for one that cannot. */
const [ACK_MS, NO_ACK_MS] = [30_000, 500];

export interface InvalidationOutcome {
  readonly calls: ClusterUse["calls"];
  readonly checks: readonly ClusterCheck[];
  readonly missed: ClusterUse["missed"];
}

export async function measureInvalidations(
  here: ClusterHere,
  { rounds, group }: Plan,
  valueBytes: number,
  progress: (label: string) => void,
): Promise<InvalidationOutcome> {
  const work = new InvalidationWork(here, group, "v".repeat(valueBytes));
  for (const scope of SCOPES) {
    progress(`invalidation by ${scope}`);
    for (let round = 0; round < rounds; round++) await work.round(scope, round);
  }
  progress("a node that misses an invalidation");
  const missed = await work.missed();
  return { calls: work.times.rows(), checks: [work.check()], missed };
}

class InvalidationWork {
  readonly times = new CallTimes();
  private readonly faults: string[] = [];
  private wrong = 0;
  private looks = 0;

  constructor(
    private readonly here: ClusterHere,
    private readonly group: number,
    private readonly value: string,
  ) {}

  /** What is met is forgotten by all when the last has acknowledged; who does not wait is timed as well. */
  async round(by: (typeof SCOPES)[number], round: number): Promise<void> {
    const { nodes } = this.here;
    const asks = nodes[round % nodes.length];
    const { scope, met, spared } = await this.fill(by, `${by}.${round}`);
    const call = `by ${by}`;
    const { acknowledged } = await this.times.time("acknowledged by all", call, () =>
      asks.memory.invalidate("shared", scope, { wait: "all", timeout: ACK_MS }),
    );
    if (acknowledged.length !== nodes.length - 1)
      this.fault(`${call}: ${acknowledged.length} of ${nodes.length - 1} other nodes acknowledged`);
    for (const node of nodes) this.look(node, met, spared, call);
    const again = await this.fill(by, `${by}.${round}.sent`);
    const began = performance.now();
    await this.times.time("sent", call, () => asks.memory.invalidate("shared", again.scope, { wait: "none" }));
    await until(() => nodes.every(({ shared }) => again.met.every((key) => shared.peek(key) === undefined)));
    this.times.add("sent, until all have forgotten", call, performance.now() - began);
  }

  /** One node is cut off, is named, and forgets when it is back. */
  async missed(): Promise<ClusterUse["missed"]> {
    const { here } = this;
    const place = await here.expendable();
    const away = here.nodes[place];
    const asks = here.nodes[(place + 1) % here.nodes.length];
    const { scope, met, spared } = await this.fill("pattern", "missed");
    await here.cut(place);
    let missing: readonly string[] = [];
    try {
      await asks.memory.invalidate("shared", scope, { wait: "all", timeout: NO_ACK_MS });
      this.fault(`all acknowledged, while ${away.name} was cut off`);
    } catch (error) {
      if (!(error instanceof MissingAcksError)) throw error;
      missing = error.missing;
    } finally {
      here.mend(place);
    }
    if (missing.join() !== away.name) this.fault(`${away.name} was cut off, and "${missing.join()}" named`);
    const began = performance.now();
    await until(() => met.every((key) => away.shared.peek(key) === undefined));
    const milliseconds = performance.now() - began;
    this.look(away, met, spared, "missed");
    return { missing: [...missing], milliseconds };
  }

  check(): ClusterCheck {
    return {
      what: "what an invalidation meets is forgotten by every node when the last has acknowledged it, and nothing else; a node that missed it is named, and forgets when it is back",
      checker: "copies of all nodes looked at",
      operations: this.looks,
      verdict: this.wrong > 0 ? "illegal" : "ok",
      wrong: this.wrong,
      faults: this.faults,
    };
  }

  /** Entries on all nodes: those that the scope meets, and one beside them. */
  private async fill(by: (typeof SCOPES)[number], name: string) {
    const { nodes } = this.here;
    const [writer] = nodes;
    const count = by === "key" ? 1 : this.group;
    const met = Array.from({ length: count }, (_, i) => `${name}:${i}`);
    const spared = `${name}-beside`;
    const tags = [`tag.${name}`];
    for (const key of met) await writer.shared.put(key, this.value, { tags });
    await writer.shared.put(spared, this.value, { tags: ["another"] });
    for (const { memory } of nodes) await memory.sync({ domain: "shared", timeout: SYNC_MS });
    for (const node of nodes) {
      if (met.some((key) => node.shared.peek(key) === undefined)) this.fault(`${node.name} lacks what was written`);
    }
    const scopes: Record<typeof by, Scope> = {
      key: { key: met[0] },
      keys: { keys: met },
      tag: { tag: tags[0] },
      pattern: { pattern: `${name}:*` },
    };
    return { scope: scopes[by], met, spared };
  }

  private look({ name, shared }: MeasuredNode, met: readonly string[], spared: string, call: string): void {
    this.looks += met.length + 1;
    for (const key of met) if (shared.peek(key) !== undefined) this.fault(`${call}: ${name} still has ${key}`);
    if (shared.peek(spared) === undefined) this.fault(`${call}: ${name} has forgotten ${spared} too`);
  }

  private fault(what: string): void {
    this.wrong++;
    if (this.faults.length < 20) this.faults.push(what);
  }
}

const UNTIL_MS = 120_000;

/** @throws Error after two minutes */
export async function until(holds: () => boolean): Promise<void> {
  for (const began = performance.now(); !holds(); await turn()) {
    if (performance.now() - began > UNTIL_MS) throw new Error(`what was waited for has not come in ${UNTIL_MS} ms`);
  }
}
