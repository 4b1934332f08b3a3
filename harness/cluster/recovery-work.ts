/**
 * A node that was away, brought up to date in each mode: entries are changed and deleted while it is cut off, then it is told to recover. And once it
 * ends and joins again with an empty store. What it has afterwards is compared with what another node has, entry by entry.
 */
import type { ClusterCheck, ClusterUse } from "../../reports/results.js";
import { type RecoveryMode, UnavailableError } from "../../src/cluster/index.js";
import type { ClusterWork } from "../../workloads/index.js";
import type { ClusterHere } from "./cluster-here.js";

type Plan = NonNullable<ClusterWork["recovery"]>;
type Recoveries = NonNullable<ClusterUse["recoveries"]>;

const SYNC_MS = 60_000;
/** Until the log answers a node that is back: its client looks for its server again. */
const BACK_MS = 60_000;

export interface RecoveryOutcome {
  readonly checks: readonly ClusterCheck[];
  readonly recoveries: Recoveries;
}

export async function measureRecovery(
  here: ClusterHere,
  { entries, missed, modes }: Plan,
  valueBytes: number,
  progress: (label: string) => void,
): Promise<RecoveryOutcome> {
  const work = new RecoveryWork(here, entries, Math.min(missed, entries), valueBytes, await here.expendable());
  progress("entries to be recovered");
  await work.fill();
  const recoveries: Recoveries = [];
  for (const mode of modes) {
    progress(`recovery ${mode}`);
    recoveries.push(await work.recover(mode));
  }
  progress("a node with an empty store");
  recoveries.push(await work.joinAnew());
  return { checks: [work.check()], recoveries };
}

class RecoveryWork {
  private round = 0;
  private compared = 0;
  private wrong = 0;
  private readonly faults: string[] = [];

  constructor(
    private readonly here: ClusterHere,
    private readonly entries: number,
    private readonly missed: number,
    private readonly valueBytes: number,
    private readonly place: number,
  ) {}

  async fill(): Promise<void> {
    for (let i = 0; i < this.entries; i++) await this.other.shared.put(`e${i}`, this.value(i));
    for (const { memory } of this.here.nodes) await memory.sync({ domain: "shared", timeout: SYNC_MS });
  }

  async recover(mode: RecoveryMode): Promise<Recoveries[number]> {
    const { here, place } = this;
    if (mode === "snapshot") await here.nodes[place].memory.checkpoint();
    await here.cut(place);
    try {
      await this.change();
    } finally {
      here.mend(place);
    }
    const began = performance.now();
    const [done] = await this.whenItAnswers(() => here.nodes[place].memory.recover({ mode, domain: "shared" }));
    const milliseconds = performance.now() - began;
    await this.compare(mode);
    return {
      asked: mode,
      done: done.mode,
      because: done.because,
      taken: done.taken,
      removed: done.removed,
      milliseconds,
    };
  }

  /** As a machine that was replaced. */
  async joinAnew(): Promise<Recoveries[number]> {
    const { here, place } = this;
    await here.end(place);
    await this.change();
    const began = performance.now();
    await here.start(place);
    const milliseconds = performance.now() - began;
    await this.compare("joined anew");
    const taken = [...here.nodes[place].shared.keys()].length;
    return { asked: "joined anew", done: "full", because: "its store was empty", taken, removed: 0, milliseconds };
  }

  check(): ClusterCheck {
    return {
      what: "after each recovery the node has every entry as another node has it, and none that was deleted while it was away",
      checker: "copies of two nodes compared behind a barrier",
      operations: this.compared,
      verdict: this.wrong > 0 ? "illegal" : "ok",
      wrong: this.wrong,
      faults: this.faults,
    };
  }

  /** Of what it misses the first fifth is deleted, the rest rewritten; what was deleted the time before comes back. */
  private async change(): Promise<void> {
    this.round++;
    const { shared, memory } = this.other;
    for (let i = 0; i < this.missed; i++) {
      if (i % 5 === this.round % 5) await shared.delete(`e${i}`);
      else await shared.put(`e${i}`, this.value(i));
    }
    await memory.sync({ domain: "shared", timeout: SYNC_MS });
  }

  private async compare(what: string): Promise<void> {
    const { shared, name } = this.here.nodes[this.place];
    await this.whenItAnswers(() => shared.get("e0", { consistency: "strong" }));
    for (let i = 0; i < this.entries; i++) {
      this.compared++;
      const [mine, others] = [shared.peek(`e${i}`), this.other.shared.peek(`e${i}`)];
      if (mine === others) continue;
      this.wrong++;
      if (this.faults.length < 20)
        this.faults.push(`${what}: ${name} has ${told(mine)} for e${i}, ${this.other.name} ${told(others)}`);
    }
  }

  private async whenItAnswers<T>(ask: () => Promise<T>): Promise<T> {
    for (const began = performance.now(); ; ) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof UnavailableError) || performance.now() - began > BACK_MS) throw error;
      }
    }
  }

  private get other() {
    return this.here.nodes[(this.place + 1) % this.here.nodes.length];
  }

  private value(i: number): string {
    return `${i}.${this.round}`.padEnd(this.valueBytes, ".");
  }
}

function told(value: string | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value.replace(/\.+$/, ""));
}
