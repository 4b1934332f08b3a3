/** What agents do again and again, beside the least that JavaScript could do instead. Each has a loop of its own. */
import { type Agent, type Agents, type BlockPool, NotOwnerError } from "../../../../src/agents/index.js";
import type { Store } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import { keep } from "../sink.js";

export const FLOATS = 64;

export function blockTake(pool: BlockPool): Contender {
  return {
    id: "block",
    label: `a block of ${pool.bytes} bytes: acquire, one number in, release`,
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const block = pool.acquire();
        const { f32 } = block;
        f32[0] = i;
        sum += f32.length;
        block.release();
      }
      keep(sum);
    },
  };
}

export function blockTakeFor(agent: Agent, pool: BlockPool): Contender {
  return {
    id: "block-charged",
    label: "the same, charged to an agent",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const block = agent.acquire(pool);
        const { f32 } = block;
        f32[0] = i;
        sum += f32.length;
        block.release();
      }
      keep(sum);
    },
  };
}

export function bufferTake(store: Store): Contender {
  return {
    id: "store-buffer",
    label: `store.buffer(${FLOATS * 4}) and returnBuffer`,
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const buffer = store.buffer(FLOATS * 4);
        buffer[0] = i;
        sum += buffer.length;
        store.returnBuffer(buffer);
      }
      keep(sum);
    },
  };
}

export function newArray(): Contender {
  return {
    id: "new-array",
    label: `new Float32Array(${FLOATS})`,
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const array = new Float32Array(FLOATS);
        array[0] = i;
        sum += array.length + array[0];
      }
      keep(sum);
    },
  };
}

export function createDrop(agents: Agents): Contender {
  return {
    id: "create-drop",
    label: "agents.create and drop, a table of 500 states and 6 actions",
    run(operations) {
      for (let i = 0; i < operations; i++) agents.drop(agents.create("passing", { states: 500, actions: 6 }));
      keep(operations);
    },
  };
}

export function handOverAdopt(agents: Agents): Contender {
  let agent = agents.create("travelling", { states: 500, actions: 6 });
  return {
    id: "hand-over-adopt",
    label: "handOver and adopt, in one thread",
    run(operations) {
      for (let i = 0; i < operations; i++) agent = agents.adopt(agent.handOver());
      keep(agent.used);
    },
  };
}

/** What every write of a thread asks first: whether the agent is still this thread's. */
export function claimCheck(agent: Agent): Contender {
  return {
    id: "claim-check",
    label: "agent.owned: whether it is this thread's",
    run(operations) {
      let owned = 0;
      for (let i = 0; i < operations; i++) if (agent.owned) owned++;
      if (owned !== operations) throw new NotOwnerError(`of ${operations} looks ${owned} found the agent ours`);
      keep(owned);
    },
  };
}
