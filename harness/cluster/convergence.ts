/** Eventual writes of all nodes, to keys of their own and to keys of all: each is read back at once where it was written, and in the end all nodes agree. */
import type { ClusterCheck } from "../../reports/results.js";
import { UnavailableError } from "../../src/cluster/index.js";
import type { Random } from "../../src/random.js";
import type { MeasuredNode } from "./cluster-here.js";

/** Of each node, and of all nodes together. */
const [OWN, SHARED] = [4, 4];
const SYNC_MS = 60_000;

export class Convergence {
  writes = 0;
  private readonly own = new Map<string, string>();
  /** Of each key the last value of each node. */
  private readonly last = new Map<string, Map<string, string>>();
  private readonly faults: string[] = [];
  private wrong = 0;

  constructor(private readonly valueBytes: number) {}

  /** @returns what the write took, ms */
  async write(node: MeasuredNode, random: Random): Promise<number> {
    const isOwn = random.unit() < 0.5;
    const key = isOwn ? `own.${node.name}.${random.below(OWN)}` : `all.${random.below(SHARED)}`;
    const value = `${node.name}.${++this.writes}`.padEnd(this.valueBytes, ".");
    const began = performance.now();
    await node.shared.put(key, value, { consistency: "eventual" });
    const took = performance.now() - began;
    if (isOwn) {
      this.own.set(key, value);
      if (node.shared.peek(key) !== value) this.fault(`${node.name} does not read its own write of ${key}`);
    } else {
      const values = this.last.get(key) ?? new Map<string, string>();
      this.last.set(key, values.set(node.name, value));
    }
    return took;
  }

  /** Waits until what was written is everywhere, and compares. @returns whether it came there */
  async check(nodes: readonly MeasuredNode[]): Promise<ClusterCheck> {
    let compared = 0;
    try {
      // twice: what the last node sends is news to the first
      for (let i = 0; i < 2; i++) for (const { memory } of nodes) await memory.sync({ timeout: SYNC_MS });
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      this.fault(`what was written does not come everywhere: ${error.message}`);
    }
    for (const { name, shared } of nodes) {
      for (const [key, value] of this.own) {
        compared++;
        if (shared.peek(key) !== value) this.fault(`${name} lacks the last write of ${key}`);
      }
      for (const [key, values] of this.last) {
        compared++;
        const here = shared.peek(key);
        if (here !== nodes[0].shared.peek(key)) this.fault(`${name} and ${nodes[0].name} do not agree on ${key}`);
        if (here === undefined || ![...values.values()].includes(here))
          this.fault(`${name} has something for ${key} that nobody wrote last`);
      }
    }
    return {
      what: "eventual writes are read back at once where they were written; in the end all nodes agree and nothing is lost but to a later write",
      checker: `values of all nodes compared (${compared})`,
      operations: this.writes,
      verdict: this.wrong > 0 ? "illegal" : this.writes === 0 ? "unknown" : "ok",
      wrong: this.wrong,
      faults: this.faults,
    };
  }

  private fault(what: string): void {
    this.wrong++;
    if (this.faults.length < 20) this.faults.push(what);
  }
}
