import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import {
  agentsOf,
  assignmentOf,
  createPreload,
  createStream,
  MAILBOX_OPERATIONS,
  MIX_OPERATIONS,
  type MixOperation,
  recipientOf,
  rolesOf,
  STREAM_OPERATIONS,
  WRITES_VALUE,
} from "#dist/workloads/index.js";
import { parseScenario } from "#dist/workloads/scenarios.js";

const GROUPS = ["a", "b", "c"];

const mix = fc
  .uniqueArray(fc.constantFrom(...MIX_OPERATIONS), { minLength: 1, maxLength: 5 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) => fc.integer({ min: 1, max: 9 }).map((weight): [MixOperation, number] => [name, weight])),
    ),
  )
  .map((pairs) => Object.fromEntries(pairs) as Partial<Record<MixOperation, number>>);

const role = fc
  .record({
    agents: fc.constantFrom(...GROUPS),
    weight: fc.integer({ min: 1, max: 5 }),
    mix,
    count: fc.integer({ min: 1, max: 30 }),
    scope: fc.constantFrom("shared", "agent"),
    distribution: fc.constantFrom("uniform", "zipfian", "latest", "hotspot", "sequential", "scrambledZipfian"),
    to: fc.constantFrom("next", ...GROUPS),
    min: fc.integer({ min: 0, max: 50 }),
    span: fc.integer({ min: 0, max: 50 }),
  })
  .map(({ count, scope, distribution, to, min, span, ...rest }) => ({
    ...rest,
    keys: { distribution, count, scope },
    values: { distribution: "uniform", min, max: min + span },
    ...(rest.mix.send === undefined ? {} : { to }),
    ...(rest.mix.scan === undefined ? {} : { scan: { min: 1, max: 1 + span } }),
  }));

/** A scenario of one phase in which every group has a role at least. */
const content = fc
  .record({
    sizes: fc.tuple(...GROUPS.map(() => fc.integer({ min: 1, max: 6 }))),
    workers: fc.integer({ min: 1, max: 5 }),
    more: fc.array(role, { maxLength: 3 }),
    first: fc.tuple(...GROUPS.map((name) => role.map((one) => ({ ...one, agents: name })))),
    preload: fc.constantFrom("0%", "40%", "100%"),
  })
  .map(({ sizes, workers, more, first, preload }) => ({
    title: "T",
    story: "S",
    agents: Object.fromEntries(GROUPS.map((name, i) => [name, sizes[i]])),
    workers,
    preload,
    phases: [{ operations: 100, roles: [...first, ...more] }],
  }));

describe("any scenario of roles", () => {
  it("is read, and every operation of its streams is one that its agent has, on keys and mailboxes that are its", () => {
    fc.assert(
      fc.property(content, fc.nat(), (file, seed) => {
        const scenario = parseScenario(stringify(file), "any.yaml");
        const [phase] = scenario.phases;
        const assignment = assignmentOf(scenario, null);
        const inserted = new Set<string>();
        for (let worker = 0; worker < assignment.workers; worker++) {
          const own = agentsOf(worker, assignment);
          const stream = createStream(phase, { seed, worker, assignment, count: 80 });
          for (let i = 0; i < stream.count; i++) {
            const agent = stream.agents === null ? worker : stream.agents[i];
            const index = stream.roles?.[i] ?? 0;
            const held = rolesOf(agent, phase, assignment).find((one) => one.index === index);
            expect(own).toContain(agent);
            expect(held, `agent ${agent}, role ${index}`).toBeDefined();
            if (held === undefined) return;
            const { rank, peers } = held;
            const { mix: weights, keys, values, scan, to } = held.role;
            const name = STREAM_OPERATIONS[stream.ops[i]];
            const [key, size] = [stream.keys[i], stream.sizes[i]];
            expect(weights[name as MixOperation]).toBeGreaterThan(0);
            if (WRITES_VALUE[stream.ops[i]] === 1 || name === "send" || name === "handOff") {
              if (values.distribution === "uniform") expect(size >= values.min && size <= values.max).toBe(true);
            } else if (name === "scan") expect(size >= 1 && size <= (scan?.max ?? 0)).toBe(true);
            else expect(size).toBe(0);
            if (MAILBOX_OPERATIONS.includes(name)) {
              expect(key).toBe(name === "send" ? recipientOf(agent, to ?? "", assignment) : agent);
              continue;
            }
            if (keys.distribution === "trace") continue;
            const existing = keys.scope === "agent" ? peers * keys.count : keys.count;
            expect(key).toBeLessThan(stream.keySpace);
            if (name === "insert") {
              // Never one that was there, and never one that anybody else inserts.
              expect(key).toBeGreaterThanOrEqual(existing);
              expect((key - existing) % peers).toBe(rank);
              expect(inserted.has(`${index} ${key}`)).toBe(false);
              inserted.add(`${index} ${key}`);
            } else if (key >= existing) expect(inserted.has(`${index} ${key}`)).toBe(true);
            else if (keys.scope === "agent") expect(Math.floor(key / keys.count)).toBe(rank);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("finds beforehand the share of keys it asks for, each once, however many threads there are", () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.integer({ min: 1, max: 18 }), (file, seed, workers) => {
        const scenario = parseScenario(stringify(file), "any.yaml");
        const all = (assignment: ReturnType<typeof assignmentOf>) =>
          Array.from({ length: assignment.workers }, (_, worker) =>
            createPreload(scenario, { seed, worker, assignment }),
          )
            .flat()
            .map((one) => JSON.stringify(one))
            .sort();
        const [some, other] = [all(assignmentOf(scenario, workers)), all(assignmentOf(scenario, 1))];
        expect(some).toEqual(other);
        expect(new Set(some).size).toBe(some.length);
      }),
      { numRuns: 40 },
    );
  });
});
