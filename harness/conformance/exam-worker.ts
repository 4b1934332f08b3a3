/** One worker of an examination: it attaches, and does what it is told. */
import { parentPort, workerData } from "node:worker_threads";
import { loadSubject, type SubjectAgent } from "../subjects/index.js";
import { checkAgainstModel, described } from "./against-model.js";
import { BYTES, COMMON_SIZE, commonKeys, contextFor, namesFor, ownKeys, SIZES } from "./exam-keys.js";
import { Findings } from "./examination.js";
import type { ExamAnswer, ExamOrder, ExamWorkerBirth } from "./messages.js";

/** Longer than the coarsest clock of a store ticks, and short enough to wait for. */
const TTL_MS = 60;
const EXPIRED_MS = 400;

const { plan, worker, attachment } = workerData as ExamWorkerBirth;
const subject = await loadSubject(plan.file);
const findings = new Findings();
let agent: SubjectAgent | undefined;

async function attach(): Promise<void> {
  try {
    agent = await subject.attach(attachment, contextFor(plan, worker));
  } catch (error) {
    findings.fault("attach", `attach threw ${described(error)}`);
  }
}

/** Each asks only what the one before did not fail at. */
const ORDERS: Record<ExamOrder, (agent: SubjectAgent) => Promise<void>> = {
  model: (own) =>
    checkAgainstModel(
      subject,
      own,
      {
        keys: ownKeys(worker),
        names: namesFor(plan.workers),
        sizes: SIZES,
        bytes: BYTES,
        steps: plan.steps,
        seed: plan.seed * 7919 + worker,
      },
      findings,
    ),
  async write(own) {
    for (const key of commonKeys(plan.workers)) await own.set(key, COMMON_SIZE, 0);
    await own.settle?.();
  },
  async read(own) {
    let seen = 0;
    const keys = commonKeys(plan.workers);
    for (const key of keys) if ((await own.get(key)) === COMMON_SIZE) seen++;
    if (subject.shared && seen === 0) {
      findings.fault(
        "shared",
        `worker ${worker} sees none of ${keys.length} values that worker 0 wrote: nothing is shared, and it says that it is`,
      );
    } else if (!subject.shared && seen > 0) {
      findings.note(
        "shared",
        `worker ${worker} sees ${seen} of ${keys.length} values that worker 0 wrote: it says that it shares nothing`,
      );
    }
  },
  async expire(own) {
    const [key] = ownKeys(worker);
    await own.set(key, SIZES[1], TTL_MS);
    await own.settle?.();
    await new Promise((done) => setTimeout(done, EXPIRED_MS));
    findings.count("expiry");
    if ((await own.get(key)) >= 0) {
      findings.fault(
        "expiry",
        `a value written for ${TTL_MS} ms is read after ${EXPIRED_MS}: it says that entries expire`,
      );
    }
  },
  async close(own) {
    await own.close();
  },
};

parentPort?.on("message", async (order: ExamOrder) => {
  if (agent !== undefined) {
    try {
      await ORDERS[order](agent);
    } catch (error) {
      findings.fault(order, `${NAMES[order]} threw ${described(error)}`);
    }
  }
  parentPort?.postMessage({ findings: findings.list, checked: findings.checked } satisfies ExamAnswer);
  if (order === "close") parentPort?.close();
});

const NAMES: Record<ExamOrder, string> = {
  model: "an operation",
  write: "a set",
  read: "a get",
  expire: "an operation with a time to live",
  close: "close of an agent",
};
await attach();
