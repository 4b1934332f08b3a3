/** The harness's subjects (lmdb, sharedmap, lru-cache) as contenders: the same adapters that the scenarios run. */
import { loadSubject, type SubjectAgent, type SubjectPlan } from "../../../subjects/index.js";
import type { Contender } from "../contender.js";
import type { Dataset } from "../inputs.js";
import { keep, keepLengths } from "../sink.js";
import type * as Loops from "./subject-loops.js";

/** Writes that a subject which queues them is given before their commit is awaited, when it is filled. */
const FILL_BATCH = 10_000;

export interface SubjectPeer {
  get(label: string, returns: string): Contender;
  /** A subject that queues its writes is given `batch` of them, and their commit is awaited in the time of the turn. */
  set(id: string, label: string, batch?: number): Contender;
  close(): Promise<void>;
}

/** The subject with every key of the dataset in it. @param directory for its files; removed by whoever made it */
export async function openSubject(
  name: string,
  dataset: Dataset,
  order: Uint32Array,
  directory: string,
): Promise<SubjectPeer> {
  const { keys, value } = dataset;
  const subject = await loadSubject(name);
  const part = await subject.open(planFor(dataset, directory));
  const values: Array<Uint8Array | undefined> = [];
  values[value.length] = value;
  const agent = await subject.attach(part.attachment, {
    worker: 0,
    workers: 1,
    keys,
    namespaces: [{ name: "bench" }],
    namespaceOf: null,
    values,
    maxValueBytes: value.length,
  });
  const loops = (await import(
    `${new URL("./subject-loops.js", import.meta.url).href}?subject=${name}`
  )) as typeof Loops;
  await fill(agent, keys.length, value.length);
  return {
    get: (label, returns) => getContender(loops, agent, order, value.length, name, label, returns),
    set: (id, label, batch = 1) => setContender(loops, agent, order, value.length, id, label, batch),
    async close() {
      await agent.close();
      await part.close();
    },
  };
}

function planFor({ keys, value }: Dataset, directory: string): SubjectPlan {
  const keyBytes = Uint16Array.from(keys, (key) => key.length);
  const maxKeyBytes = keyBytes.reduce((most, length) => Math.max(most, length), 0);
  return {
    workers: 1,
    keyBytes,
    largestValues: new Int32Array(keys.length).fill(value.length),
    entries: keys.length,
    footprintBytes: keys.length * (maxKeyBytes + value.length),
    maxValueBytes: value.length,
    maxKeyBytes,
    capacityBytes: null,
    eviction: null,
    directory,
  };
}

async function fill(agent: SubjectAgent, keys: number, valueBytes: number): Promise<void> {
  for (let key = 0; key < keys; key++) {
    agent.set(key, valueBytes, 0);
    if (key % FILL_BATCH === FILL_BATCH - 1) await agent.settle?.();
  }
  await agent.settle?.();
}

function getContender(
  loops: typeof Loops,
  agent: SubjectAgent,
  order: Uint32Array,
  valueBytes: number,
  id: string,
  label: string,
  returns: string,
): Contender {
  let cursor = 0;
  return {
    id,
    label,
    returns,
    run(operations) {
      const lengths = loops.getSpan(agent, order, cursor, operations);
      cursor = (cursor + operations) % order.length;
      keepLengths(lengths, operations, valueBytes, label);
    },
  };
}

function setContender(
  loops: typeof Loops,
  agent: SubjectAgent,
  order: Uint32Array,
  valueBytes: number,
  id: string,
  label: string,
  batch: number,
): Contender {
  let cursor = 0;
  const span = (operations: number) => {
    loops.setSpan(agent, order, cursor, operations, valueBytes);
    cursor = (cursor + operations) % order.length;
    keep(operations);
  };
  if (agent.settle === undefined) return { id, label, run: span };
  return {
    id,
    label,
    lot: batch,
    async run(operations) {
      for (let left = operations; left > 0; left -= batch) {
        span(batch);
        await agent.settle?.();
      }
    },
  };
}
