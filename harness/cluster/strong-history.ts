/** Strong operations of many clients as one history, and whether it is linearizable: what is blind is held against a register, the rest against compare-and-set. */
import { randomUUID } from "node:crypto";
import type { ClusterCheck } from "../../reports/results.js";
import { UnavailableError, UnknownOutcomeError } from "../../src/cluster/index.js";
import { EngramError } from "../../src/errors.js";
import type { Random } from "../../src/random.js";
import { checkHistory, createModel, type Operation } from "../checker/index.js";
import type { MeasuredNode } from "./cluster-here.js";

/** Keys that are written blindly, and keys that are only compared and set. */
const [REGISTERS, CELLS] = [4, 3];
/** Reads as nothing there. What is deleted before the check begins is the same as what is deleted in it. */
const NOTHING = "(nothing)";
const CHECK_MS = 60_000;
const NS_PER_MS = 1e6;

export interface Attempted {
  readonly call: string;
  readonly ms: number;
  /** The code of the error instead of an answer. */
  readonly refused?: string;
}

export class StrongHistory {
  private readonly operations: Operation[] = [];
  private readonly began = performance.now();
  private values = 0;
  private readonly run = randomUUID().slice(0, 8);

  /** @param timeoutMs of one call: an unanswered one makes the check dearer */
  constructor(
    private readonly valueBytes: number,
    private readonly timeoutMs?: number,
  ) {}

  get size(): number {
    return this.operations.length;
  }

  /** Every key has a value before others come, by one node that waits for each. */
  async prepare(node: MeasuredNode): Promise<void> {
    for (const key of [...keysOf("r", REGISTERS), ...keysOf("c", CELLS)]) await this.set(node, "first", key);
  }

  /** One operation, drawn. */
  async operate(node: MeasuredNode, client: string, random: Random): Promise<Attempted> {
    const draw = random.unit();
    const register = `r${random.below(REGISTERS)}`;
    if (draw < 0.35) return this.set(node, client, register);
    if (draw < 0.4) return this.set(node, client, register, null);
    if (draw < 0.7) return this.get(node, client, register);
    return this.replace(node, client, `c${random.below(CELLS)}`);
  }

  /** Every key is read once more by every node: nothing acknowledged is lost. */
  async readAll(nodes: readonly MeasuredNode[]): Promise<void> {
    for (const node of nodes) {
      for (const key of keysOf("r", REGISTERS)) await this.get(node, `${node.name}/last`, key);
      for (const key of keysOf("c", CELLS)) await this.read(node, `${node.name}/last`, key);
    }
  }

  check(): ClusterCheck {
    const model = { slack: 0, capacity: null };
    const checked = [
      checkHistory(
        this.operations.filter(({ key }) => key.startsWith("r")),
        { model: createModel("register", model), deadlineMs: CHECK_MS },
      ),
      checkHistory(
        this.operations.filter(({ key }) => key.startsWith("c")),
        { model: createModel("cas", model), deadlineMs: CHECK_MS },
      ),
    ];
    const wrong = checked.flatMap(({ model: held, partitions }) =>
      partitions.flatMap((one) =>
        one.outcome === "ok"
          ? []
          : [
              `${held} ${one.key}: ${one.outcome === "unknown" ? one.reason : "no order of its operations explains it"}`,
            ],
      ),
    );
    const outcomes = checked.map(({ outcome }) => outcome);
    return {
      what: "strong operations of all nodes are linearizable, the last reads of all included",
      checker: "engram check, register and cas",
      operations: this.operations.length,
      verdict: outcomes.includes("illegal") ? "illegal" : outcomes.includes("unknown") ? "unknown" : "ok",
      wrong: checked.reduce(
        (sum, { partitions }) =>
          sum + partitions.reduce((all, one) => all + (one.outcome === "ok" ? 0 : one.operations), 0),
        0,
      ),
      faults: wrong.slice(0, 20),
    };
  }

  private async set(node: MeasuredNode, client: string, key: string, value: string | null = this.next()) {
    const call = value === null ? "delete" : "put";
    return this.attempt({ client, key, op: "set", input: { value: value ?? NOTHING } }, call, async () => {
      if (value === null) await node.shared.delete(key, this.strong);
      else await node.shared.put(key, value, this.strong);
      return true;
    });
  }

  private async get(node: MeasuredNode, client: string, key: string) {
    return this.attempt({ client, key, op: "get", input: null }, "get", async () => {
      return (await node.shared.get(key, this.strong)) ?? NOTHING;
    });
  }

  private async read(node: MeasuredNode, client: string, key: string) {
    let version: number | undefined;
    const done = await this.attempt({ client, key, op: "getEntry", input: null }, "get", async () => {
      const entry = await node.shared.getEntry(key, this.strong);
      version = entry?.version ?? 0;
      return entry === undefined ? null : { value: entry.value, version: String(version) };
    });
    return { done, version };
  }

  /** Reads, then replaces what it has read. */
  private async replace(node: MeasuredNode, client: string, key: string) {
    const { done, version } = await this.read(node, client, key);
    if (version === undefined) return done;
    const value = this.next();
    const input = { value, ifVersion: String(version) };
    return this.attempt({ client, key, op: "set", input }, "compareAndSet", async () => {
      return (await node.shared.compareAndSet(key, value, { version, timeout: this.timeoutMs })) !== false;
    });
  }

  private async attempt(
    asked: Pick<Operation, "client" | "key" | "op" | "input">,
    call: string,
    work: () => Promise<unknown>,
  ): Promise<Attempted> {
    const began = performance.now();
    try {
      const output = await work();
      const ended = performance.now();
      this.note({ ...asked, output, call: this.ns(began), return: this.ns(ended) });
      return { call, ms: ended - began };
    } catch (error) {
      if (!(error instanceof EngramError)) throw error;
      // a read without an answer says nothing, a write may stand
      if (error instanceof UnknownOutcomeError)
        this.note({ ...asked, output: null, call: this.ns(began), return: Number.POSITIVE_INFINITY });
      else if (!(error instanceof UnavailableError)) throw error;
      return { call, ms: performance.now() - began, refused: error.code };
    }
  }

  private get strong() {
    return { consistency: "strong", timeout: this.timeoutMs } as const;
  }

  private note(operation: Omit<Operation, "line">): void {
    this.operations.push({ ...operation, line: this.operations.length + 1 });
  }

  private ns(at: number): number {
    return Math.round((at - this.began) * NS_PER_MS);
  }

  private next(): string {
    return `${this.run}.${this.values++}`.padEnd(this.valueBytes, ".");
  }
}

function keysOf(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${kind}${i}`);
}
