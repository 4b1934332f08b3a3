/**
 * One agent's operations against a Map: the same random steps go to both, and every answer is compared. A value that is gone is no
 * fault, for a cache may drop what it likes; an answer that nobody wrote is.
 */
import { xorshift32 } from "../../src/random.js";
import type { Subject, SubjectAgent } from "../subjects/index.js";
import type { Findings } from "./examination.js";

export interface ModelTask {
  /** Keys that no other agent touches, unless nothing is shared. */
  readonly keys: readonly number[];
  /** Their names, for what is told. */
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  /** The bytes of the longest value: a shorter one is its beginning. */
  readonly bytes: Uint8Array;
  readonly steps: number;
  readonly seed: number;
}

const OPERATIONS = ["set", "get", "get", "delete", "set", "get"] as const;

export async function checkAgainstModel(
  subject: Pick<Subject, "asynchronous" | "cannot" | "also" | "shared">,
  agent: SubjectAgent,
  task: ModelTask,
  findings: Findings,
): Promise<void> {
  const check = new ModelCheck(subject, agent, task, findings);
  let random = task.seed | 1;
  const draw = (below: number): number => {
    random = xorshift32(random);
    return (random >>> 0) % below;
  };
  for (let step = 0; step < task.steps; step++) {
    const key = task.keys[draw(task.keys.length)];
    const operation = OPERATIONS[draw(OPERATIONS.length)];
    if (operation === "set") await check.set(key, task.sizes[draw(task.sizes.length)]);
    else if (operation === "get") await check.get(key);
    else await check.delete(key);
  }
  for (const key of task.keys) await check.get(key);
  await check.rest(task.keys[0]);
  if (check.lost > 0) {
    findings.note(
      "lost",
      `${check.lost} of ${check.present} reads of what was written found nothing: does it evict before it is full?`,
    );
  }
}

class ModelCheck {
  lost = 0;
  present = 0;
  readonly #model = new Map<number, number>();
  readonly #subject: Pick<Subject, "asynchronous" | "cannot" | "also" | "shared">;
  readonly #agent: SubjectAgent;
  readonly #task: ModelTask;
  readonly #findings: Findings;

  constructor(
    subject: Pick<Subject, "asynchronous" | "cannot" | "also" | "shared">,
    agent: SubjectAgent,
    task: ModelTask,
    findings: Findings,
  ) {
    this.#subject = subject;
    this.#agent = agent;
    this.#task = task;
    this.#findings = findings;
  }

  async set(key: number, size: number): Promise<void> {
    if (this.#subject.cannot.includes("set")) return;
    await this.#ask("set", () => this.#agent.set(key, size, 0));
    this.#model.set(key, size);
    await this.#agent.settle?.();
  }

  async get(key: number): Promise<void> {
    if (this.#subject.cannot.includes("get")) return;
    this.#compare("get", key, await this.#ask("get", () => this.#agent.get(key)));
    if (this.#subject.also.includes("borrow")) {
      this.#compare("borrow", key, await this.#ask("borrow", () => this.#agent.borrow?.(key) ?? Number.NaN));
    }
    const { bytes } = this.#agent;
    if (bytes === undefined) return;
    this.#compareBytes(key, await this.#ask("bytes", () => bytes.call(this.#agent, key) as Uint8Array | null, true));
  }

  async delete(key: number): Promise<void> {
    if (this.#subject.cannot.includes("delete")) return;
    const answer: unknown = await this.#ask("delete", () => this.#agent.delete(key));
    const there = this.#model.delete(key);
    await this.#agent.settle?.();
    if (answer === true && !there) {
      this.#findings.fault("delete", `delete of ${this.#name(key)} answered true where nothing was written`);
    }
  }

  /** What is done once, whatever comes of it. */
  async rest(key: number): Promise<void> {
    const { cannot, also } = this.#subject;
    if (!cannot.includes("increment")) {
      for (let i = 0; i < 3; i++) await this.#ask("increment", () => this.#agent.increment(key));
    }
    if (also.includes("scan")) {
      const most = 4;
      const count = await this.#ask("scan", () => this.#agent.scan?.(key, most) ?? Number.NaN);
      if (count !== undefined && !(Number.isInteger(count) && count >= 0 && count <= most)) {
        this.#findings.fault("scan", `scan of at most ${most} entries answered ${String(count)}`);
      }
    }
    for (const name of ["send", "receive", "handOff", "watch"] as const) {
      if (also.includes(name) && typeof this.#agent[name] !== "function") {
        this.#findings.fault(name, `it says that its agents do ${name}, and they have no such function`);
      }
    }
  }

  /** The answer, awaited where it is one that comes later; undefined when the operation threw, which is a fault. */
  async #ask<T>(operation: string, act: () => T, alwaysLater = false): Promise<Awaited<T> | undefined> {
    this.#findings.count(operation);
    try {
      const answer = act();
      if (isPromise(answer) && !this.#subject.asynchronous && !alwaysLater) {
        this.#findings.fault(
          "promise",
          `${operation} answers with a promise, which nothing would wait for: say "asynchronous: true"`,
        );
      }
      return await answer;
    } catch (error) {
      this.#findings.fault(`${operation} threw`, `${operation} threw ${described(error)}`);
      return undefined;
    }
  }

  #compare(operation: string, key: number, answer: unknown): void {
    const expected = this.#model.get(key);
    if (answer === undefined) return; // It threw, and that was told.
    if (typeof answer !== "number" || !Number.isInteger(answer)) {
      const about = `${operation} of ${this.#name(key)} answered ${String(answer)}`;
      this.#findings.fault(`${operation} kind`, `${about}; expected the value's length in bytes, or -1`);
      return;
    }
    if (expected === undefined) {
      if (answer >= 0)
        this.#findings.fault(
          `${operation} of nothing`,
          `${operation} of ${this.#name(key)} answered ${answer} where nothing was written, or was deleted`,
        );
      return;
    }
    this.present++;
    if (answer < 0) this.lost++;
    else if (answer !== expected) {
      const told = `${operation} of ${this.#name(key)} answered ${answer} where ${expected} bytes were written last`;
      this.#findings.fault(`${operation} of another`, told);
    }
  }

  #compareBytes(key: number, answer: Uint8Array | null | undefined): void {
    const size = this.#model.get(key);
    if (answer === undefined || answer === null || size === undefined) return;
    const expected = this.#task.bytes.subarray(0, size);
    if (answer.length === size && answer.every((byte, at) => byte === expected[at])) return;
    this.#findings.fault("bytes", `what a get of ${this.#name(key)} reads is not what was written`);
  }

  #name(key: number): string {
    return JSON.stringify(this.#task.names[key]);
  }
}

export function described(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function isPromise(answer: unknown): answer is Promise<unknown> {
  return typeof (answer as Promise<unknown> | null | undefined)?.then === "function";
}
