/** The process of an examination: the subject's shared part, and a thread for each worker. It ends by itself when the subject lets it. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { InvalidArgumentError } from "../../src/errors.js";
import { endWithGroup } from "../child/index.js";
import { loadSubject, type SharedPart, type Subject } from "../subjects/index.js";
import { described } from "./against-model.js";
import { planFor } from "./exam-keys.js";
import type { Examination, Finding, SubjectFacts } from "./examination.js";
import type { ExamAnswer, ExamOrder, ExamPlan, ExamWorkerBirth, FromExam } from "./messages.js";

process.on("SIGINT", () => {});
process.once("message", (plan: ExamPlan) => void run(plan));
process.on("disconnect", () => endWithGroup(3));

async function run(plan: ExamPlan): Promise<void> {
  const findings: Finding[] = [];
  const checked: Record<string, number> = {};
  let facts: SubjectFacts | null = null;
  try {
    say({ type: "at", what: "loading it", name: null });
    const subject = await loadSubject(plan.file);
    facts = factsOf(subject);
    await examine(subject, plan, findings, checked);
  } catch (error) {
    const message = error instanceof InvalidArgumentError ? error.message : described(error);
    findings.push({ kind: "fault", about: "load", message });
  }
  const examination: Omit<Examination, "file"> = { subject: facts, workers: plan.workers, checked, findings };
  await say({ type: "examined", examination });
  process.removeAllListeners("disconnect");
  process.disconnect();
}

async function examine(
  subject: Subject,
  plan: ExamPlan,
  findings: Finding[],
  checked: Record<string, number>,
): Promise<void> {
  const at = (what: string) => say({ type: "at", what, name: subject.name });
  const planned = planFor(plan);
  const why = subject.cannotHold?.(planned) ?? null;
  if (why !== null) {
    findings.push({
      kind: "note",
      about: "cannotHold",
      message: `nothing was checked: it cannot hold ${planned.entries} entries: ${why}`,
    });
    return;
  }
  await at("open");
  const shared = await subject.open(planned).catch((error) => {
    throw new InvalidArgumentError(`open threw ${described(error)}`);
  });
  await at("attach");
  const workers = workersOf(plan, shared);
  const answers = new Map<number, ExamAnswer>();
  const ask = async (order: ExamOrder, some = workers): Promise<void> => {
    await at(DOING[order]);
    await Promise.all(some.map(async (worker) => answers.set(worker.number, await worker.ask(order))));
  };
  await ask("model");
  await ask("write", workers.slice(0, 1));
  await ask("read", workers.slice(1));
  if (subject.expires) await ask("expire");
  await ask("close");
  await at("verify and close of the shared part");
  for (const { checked: counts, findings: found } of answers.values()) {
    for (const [name, count] of Object.entries(counts)) checked[name] = (checked[name] ?? 0) + count;
    // What several workers found is told once.
    for (const one of found) if (!findings.some(({ about }) => about === one.about)) findings.push(one);
  }
  await closing(shared, findings);
}

async function closing(shared: SharedPart, findings: Finding[]): Promise<void> {
  try {
    for (const violation of (await shared.verify?.()) ?? [])
      findings.push({ kind: "fault", about: "verify", message: `verify: ${violation}` });
    shared.memory();
    await shared.close();
  } catch (error) {
    findings.push({
      kind: "fault",
      about: "closing",
      message: `verify, memory or close of the shared part threw ${described(error)}`,
    });
  }
}

const DOING: Record<ExamOrder, string> = {
  model: "get, set and delete",
  write: "set of what all look at",
  read: "get of what another wrote",
  expire: "times to live",
  close: "close of its agents",
};

class ExamWorker {
  readonly number: number;
  readonly #thread: Worker;
  #ended: string | undefined;

  constructor(birth: ExamWorkerBirth) {
    this.number = birth.worker;
    this.#thread = new Worker(new URL("./exam-worker.js", import.meta.url), { workerData: birth });
    this.#thread.on("error", (error) => {
      this.#ended = described(error);
    });
  }

  async ask(order: ExamOrder): Promise<ExamAnswer> {
    const died = once(this.#thread, "exit").then(() => {
      throw new InvalidArgumentError(
        `worker ${this.number} ended in ${DOING[order]}: ${this.#ended ?? "it called exit"}`,
      );
    });
    died.catch(() => {});
    this.#thread.postMessage(order);
    const [answer] = (await Promise.race([once(this.#thread, "message"), died])) as [ExamAnswer];
    return answer;
  }
}

function workersOf(plan: ExamPlan, { attachment }: SharedPart): ExamWorker[] {
  return Array.from({ length: plan.workers }, (_, worker) => new ExamWorker({ plan, worker, attachment }));
}

function factsOf({ name, summary, shared, expires, asynchronous, cannot, also = [] }: Subject): SubjectFacts {
  return { name, summary, shared, expires, asynchronous, cannot, also };
}

function say(message: FromExam): Promise<void> {
  return new Promise((done) => {
    if (process.send === undefined) done();
    else process.send(message, () => done());
  });
}
