/** A span of operations on a subject that answers later: one operation is under way at a time, and its cost is what its callers wait. */
import { STREAM_OPERATIONS, type StreamOperation } from "../../workloads/index.js";
import type { CapableAgent, SubjectAgent } from "../subjects/index.js";
import type { AgentStream } from "./stream.js";
import type { Tally } from "./tally.js";

/** As `runSpan` of passes.ts, operation by operation. */
export async function awaitSpan(
  subject: SubjectAgent,
  stream: AgentStream,
  from: number,
  to: number,
  tally: Tally,
): Promise<void> {
  const agent = subject as CapableAgent;
  const { kinds, keys, sizes, ttls, labels } = stream;
  for (let i = from; i < to; i++) {
    try {
      await operate(agent, STREAM_OPERATIONS[kinds[i]], keys[i], sizes[i], ttls === null ? 0 : ttls[i], tally);
      tally.operations++;
    } catch (error) {
      tally.countError(error, labels === null ? 0 : labels[i]);
    }
  }
}

async function operate(
  agent: CapableAgent,
  kind: StreamOperation,
  key: number,
  size: number,
  ttl: number,
  tally: Tally,
): Promise<void> {
  switch (kind) {
    case "get":
      tally.countLookUp(await agent.get(key));
      return;
    case "borrow":
      tally.countLookUp(await agent.borrow(key));
      return;
    case "set":
    case "insert":
    case "append":
      await agent.set(key, size, ttl);
      return;
    case "delete":
      if (await agent.delete(key)) tally.sink++;
      return;
    case "increment":
      await agent.increment(key);
      return;
    case "readModifyWrite":
      tally.countLookUp(await agent.get(key));
      await agent.set(key, size, ttl);
      return;
    case "getOrSet":
      if (!tally.countLookUp(await agent.get(key))) await agent.set(key, size, ttl);
      return;
    case "scan":
      tally.scanned += await agent.scan(key, size);
      return;
    case "send":
      if (!(await agent.send(key, size))) tally.refused++;
      return;
    case "receive":
      tally.received += await agent.receive(key);
      return;
    case "handOff": {
      const handed = await agent.handOff(key, size);
      if (handed < 0) tally.refused++;
      else tally.received += handed;
      return;
    }
    case "watch": {
      const seen = await agent.watch(key);
      if (seen < 0) tally.misses++;
      else {
        tally.hits++;
        tally.changes += seen;
      }
    }
  }
}
