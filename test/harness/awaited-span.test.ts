import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { awaitSpan } from "#dist/harness/measure/awaited-span.js";
import { type AgentStream, Tally } from "#dist/harness/measure/index.js";
import { runSpan } from "#dist/harness/measure/passes.js";
import type { SubjectAgent } from "#dist/harness/subjects/index.js";
import { STREAM_OPERATIONS } from "#dist/workloads/index.js";

const KEYS = 6;

/** Sizes by key; every ninth call fails. */
function agentOver(map: Map<number, number>): SubjectAgent {
  let calls = 0;
  const mayFail = () => {
    if (++calls % 9 === 0) throw Object.assign(new Error("refused"), { code: "REFUSED" });
  };
  const get = (key: number) => {
    mayFail();
    return map.get(key) ?? -1;
  };
  return {
    get,
    borrow: get,
    set(key, size) {
      mayFail();
      map.set(key, size);
    },
    delete: (key) => map.delete(key),
    increment: () => mayFail(),
    scan: (_, count) => Math.min(count, map.size),
    send: (_, size) => size % 2 === 0,
    receive: (mailbox) => mailbox,
    handOff: (mailbox) => (mailbox % 3) - 1,
    watch: (key) => (map.has(key) ? key % 2 : -1),
    close: async () => {},
  };
}

function later(agent: SubjectAgent): SubjectAgent {
  const wrapped = Object.entries(agent).map(([name, act]) => [name, async (...args: unknown[]) => act(...args)]);
  return Object.fromEntries(wrapped) as SubjectAgent;
}

describe("a span of a subject that answers later", () => {
  it("counts what the same span counts when the answers come at once", async () => {
    const step = fc.record({
      kind: fc.constantFrom(
        ...STREAM_OPERATIONS.map((_, kind) => kind).filter((kind) => STREAM_OPERATIONS[kind] !== "other"),
      ),
      key: fc.nat(KEYS - 1),
      size: fc.integer({ min: 1, max: 99 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const stream = {
          length: steps.length,
          kinds: Uint8Array.from(steps, ({ kind }) => kind),
          keys: Uint32Array.from(steps, ({ key }) => key),
          sizes: Uint32Array.from(steps, ({ size }) => size),
          ...{ ttls: null, labels: null },
        } as unknown as AgentStream;
        const [now, then] = [new Tally(), new Tally()];
        runSpan(agentOver(new Map()), stream, 0, steps.length, now);
        await awaitSpan(later(agentOver(new Map())), stream, 0, steps.length, then);
        expect(then).toEqual(now);
      }),
    );
  });
});
