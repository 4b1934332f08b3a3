/** A log, a network and a clock of a few lines, for what is built on them: nothing runs but when the test lets time pass. */
import {
  type Appended,
  type AppendOptions,
  type ClusterClock,
  type Engine,
  EngineConflict,
  EngineNotSent,
  type Logged,
  type ReadSince,
} from "#dist/src/cluster/engine.js";

interface Due {
  readonly at: number;
  readonly turn: number;
  readonly call: () => void;
}

/** Time that all nodes of a test share; each has its own wall clock over it. */
export class Time {
  ms = 0;
  private turn = 0;
  private due: Due[] = [];

  clock(wall: { offset: number } = { offset: 0 }): ClusterClock {
    return {
      now: () => 1_700_000_000_000 + this.ms + wall.offset,
      elapsed: () => this.ms,
      after: (ms, call) => {
        const due = { at: this.ms + ms, turn: this.turn++, call };
        this.due.push(due);
        return () => {
          this.due = this.due.filter((one) => one !== due);
        };
      },
    };
  }

  /** Lets time pass; promises settle between what is due. */
  async pass(ms: number): Promise<void> {
    const end = this.ms + ms;
    await settle();
    for (;;) {
      const [next] = this.due.sort((a, b) => a.at - b.at || a.turn - b.turn);
      if (next === undefined || next.at > end) break;
      this.due.shift();
      this.ms = Math.max(this.ms, next.at);
      next.call();
      await settle();
    }
    this.ms = end;
  }
}

/** Every promise that can settle without time passing has. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type OnChange = (seq: number, key: string, entry: Uint8Array) => void;

/** One domain's log and the casts between its nodes. */
export class TinyLog {
  seq = 0;
  readonly last = new Map<string, Logged>();
  readonly engines = new Set<TinyEngine>();
  private readonly ids = new Map<string, number>();

  constructor(readonly time: Time) {}

  engine(node: string): TinyEngine {
    const engine = new TinyEngine(this, node);
    this.engines.add(engine);
    return engine;
  }

  append(key: string, entry: Uint8Array, { id, expect }: AppendOptions): Appended {
    const before = this.ids.get(id);
    if (before !== undefined) return { seq: before, duplicate: true };
    if (expect !== undefined && (this.last.get(key)?.seq ?? 0) !== expect) throw new EngineConflict();
    const seq = ++this.seq;
    this.last.set(key, { seq, entry });
    this.ids.set(id, seq);
    for (const engine of this.engines) engine.hear(seq, key, entry);
    return { seq, duplicate: false };
  }
}

export class TinyEngine implements Engine {
  readonly facts = {
    name: "tiny",
    version: "1",
    maxEntryBytes: 1024,
    maxKeyBytes: 100,
    replicas: 1,
    duplicateWindowMs: 120_000,
  };
  /** Nothing goes out or comes in. */
  cut = false;
  closed = false;
  /** Which casts are lost on their way to here. */
  loses: (from: string, message: Uint8Array) => boolean = () => false;
  private readonly changes: OnChange[] = [];
  private readonly reconnects: (() => void)[] = [];
  private readonly casts: ((from: string, message: Uint8Array) => void)[] = [];

  constructor(
    private readonly log: TinyLog,
    readonly node: string,
  ) {}

  async append(key: string, entry: Uint8Array, options: AppendOptions): Promise<Appended> {
    this.reach();
    return this.log.append(key, entry, options);
  }

  async read(key: string): Promise<Logged | null> {
    this.reach();
    return this.log.last.get(key) ?? null;
  }

  async since(seq: number, visit: OnChange): Promise<ReadSince> {
    this.reach();
    const found = [...this.log.last].filter(([, logged]) => logged.seq > seq).sort((a, b) => a[1].seq - b[1].seq);
    for (const [key, logged] of found) visit(logged.seq, key, logged.entry);
    const last = Math.max(seq, this.log.seq);
    return { last, end: last };
  }

  onChange(listener: OnChange): void {
    this.changes.push(listener);
  }

  onReconnect(listener: () => void): void {
    this.reconnects.push(listener);
  }

  cast(message: Uint8Array): void {
    if (this.cut || this.closed) return;
    for (const engine of this.log.engines) if (engine !== this) engine.receive(this.node, message.slice());
  }

  onCast(listener: (from: string, message: Uint8Array) => void): void {
    this.casts.push(listener);
  }

  async forget(key: string, seq: number): Promise<void> {
    this.reach();
    if (this.log.last.get(key)?.seq === seq) this.log.last.delete(key);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  hear(seq: number, key: string, entry: Uint8Array): void {
    this.soon(() => {
      for (const listener of this.changes) listener(seq, key, entry);
    });
  }

  receive(from: string, message: Uint8Array): void {
    if (this.loses(from, message)) return;
    this.soon(() => {
      for (const listener of this.casts) listener(from, message);
    });
  }

  reconnect(): void {
    this.cut = false;
    for (const listener of this.reconnects) listener();
  }

  private soon(call: () => void): void {
    if (this.cut) return;
    this.log.time.clock().after(1, () => {
      if (!this.cut && !this.closed) call();
    });
  }

  private reach(): void {
    if (this.cut || this.closed) throw new EngineNotSent();
  }
}
