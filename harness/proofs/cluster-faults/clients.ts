/**
 * Who asks a domain, in the thread that joined or in one that is attached to it: strong writes, reads and compare-and-set, bounded reads beside them.
 * What is asked and told goes to a file at once, so that a death loses nothing of the history.
 */
import { openSync, writeSync } from "node:fs";
import {
  type AttachedDomain,
  type Domain,
  StaleError,
  UnavailableError,
  UnknownOutcomeError,
} from "../../../src/cluster/index.js";
import { Random } from "../../../src/random.js";

export type AnyDomain = Pick<
  Domain<string> | AttachedDomain<string>,
  "get" | "getEntry" | "put" | "delete" | "compareAndSet" | "peek"
>;

/** What a strong call may take. An unanswered one makes the history dearer to check, so few are wanted. */
export const STRONG_MS = 3000;
/** How old a bounded read may be, and what it may take. */
export const WINDOW_MS = 200;
const BOUNDED_MS = 1000;
/** Keys that are written blindly, and keys that are only compared and set. */
export const [REGISTERS, CELLS] = [4, 3];
export const DELETED = "(deleted)";
/** Before two operations of one client, ms: as much again at most. */
const PAUSE_MS = 10;
const STRONG = { consistency: "strong", timeout: STRONG_MS } as const;
const BOUNDED = { consistency: "bounded_stale", window: WINDOW_MS, timeout: BOUNDED_MS } as const;

/** One clock of the machine, whatever process and namespace. */
const now = (): number => Number(process.hrtime.bigint());

export class Clients {
  private readonly history: number;
  private readonly random: Random;
  private running = false;
  private ids = 0;
  private work: Promise<unknown> = Promise.resolve();

  /** @param name of this thread; no other has it, in this life of the node or another */
  constructor(
    private readonly domain: AnyDomain,
    private readonly name: string,
    file: string,
    seed: number,
  ) {
    this.history = openSync(file, "a");
    this.random = new Random(seed);
  }

  /** @param more what else is done for as long as they run */
  run(count: number, more: (go: { readonly on: () => boolean }) => Promise<unknown>): void {
    this.running = true;
    const loops = Array.from({ length: count }, (_, i) => this.client(`${this.name}.${i}`));
    this.work = Promise.all([...loops, this.reader(), more({ on: () => this.running })]);
  }

  async end(): Promise<void> {
    this.running = false;
    await this.work;
  }

  /** Every key is there before others come: until each is answered. */
  async prepare(): Promise<void> {
    for (const key of strongKeys()) while (!(await this.set(this.name, key)));
  }

  /** Every key once, into the history. */
  async read(): Promise<void> {
    for (const key of strongKeys()) await this.get(`${this.name}.last`, key, key.startsWith("c") ? "getEntry" : "get");
  }

  pause(ms: number): Promise<void> {
    return new Promise((done) => setTimeout(done, ms * (0.5 + this.random.unit())));
  }

  private async client(client: string): Promise<void> {
    const { random } = this;
    while (this.running) {
      const draw = random.unit();
      if (draw < 0.35) await this.set(client, `r${random.below(REGISTERS)}`, { deletes: random.unit() < 0.15 });
      else if (draw < 0.7) await this.get(client, `r${random.below(REGISTERS)}`, "get");
      else {
        const key = `c${random.below(CELLS)}`;
        const read = await this.get(client, key, "getEntry");
        if (read !== null) await this.set(client, key, { expect: read.version });
      }
      await this.pause(PAUSE_MS);
    }
  }

  /** Bounded reads of what the strong clients write blindly. */
  private async reader(): Promise<void> {
    while (this.running) {
      const key = `r${this.random.below(REGISTERS)}`;
      const id = `${this.name}.b.${++this.ids}`;
      const call = now();
      try {
        const entry = await this.domain.getEntry(key, BOUNDED);
        // nothing there: deleted, by whichever write
        if (entry !== undefined) this.note({ id, key, op: "bounded", call, return: now(), version: entry.version });
      } catch (error) {
        if (!(error instanceof StaleError) && !(error instanceof UnavailableError)) throw error;
        this.note({ id, key, op: "bounded", call, refused: true });
      }
      await this.pause(PAUSE_MS);
    }
  }

  private async get(client: string, key: string, op: "get" | "getEntry"): Promise<{ version: number } | null> {
    const id = `${client}.${++this.ids}`;
    this.note({ id, client, key, op, call: now() });
    try {
      const entry = await this.domain.getEntry(key, STRONG);
      const version = entry?.version ?? 0;
      const output = op === "get" ? (entry?.value ?? DELETED) : { value: entry?.value, version: String(version) };
      this.note({ id, output, return: now() });
      return { version };
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      this.note({ id, left: true });
      await this.pause(PAUSE_MS);
      return null;
    }
  }

  private async set(
    client: string,
    key: string,
    { expect, deletes = false }: { expect?: number; deletes?: boolean } = {},
  ): Promise<boolean> {
    const id = `${client}.${++this.ids}`;
    const condition = expect === undefined ? {} : { ifVersion: String(expect) };
    this.note({ id, client, key, op: "set", input: { value: deletes ? DELETED : id, ...condition }, call: now() });
    try {
      const version = await this.write(key, id, expect, deletes);
      this.note({ id, output: version !== null, return: now(), version: version ?? undefined });
      return true;
    } catch (error) {
      if (error instanceof UnavailableError) this.note({ id, left: true });
      else if (!(error instanceof UnknownOutcomeError)) throw error;
      await this.pause(PAUSE_MS);
      return false;
    }
  }

  /** @returns its number, undefined for a deletion; null when another was faster */
  private async write(key: string, value: string, expect: number | undefined, deletes: boolean) {
    if (deletes) {
      await this.domain.delete(key, STRONG);
      return undefined;
    }
    if (expect === undefined) return (await this.domain.put(key, value, STRONG)).version;
    const put = await this.domain.compareAndSet(key, value, { version: expect, timeout: STRONG_MS });
    return put === false ? null : put.version;
  }

  private note(line: object): void {
    writeSync(this.history, `${JSON.stringify(line)}\n`);
  }
}

function strongKeys(): string[] {
  const named = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}${i}`);
  return [...named("r", REGISTERS), ...named("c", CELLS)];
}
