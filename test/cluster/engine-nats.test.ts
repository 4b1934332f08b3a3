/** The engine on real servers: one alone, and three that keep three copies. */

import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Nats, natsIsMissing, startNats } from "#dist/harness/services/index.js";
import { type Engine, EngineNotSent, EngineUnknown } from "#dist/src/cluster/engine.js";
import { NatsEngines } from "#dist/src/cluster/engine-nats.js";
import { DistributedMemory } from "#dist/src/cluster/index.js";
import { Store } from "#dist/src/index.js";
import { conformance, type Place } from "./engine-conformance.js";

const missing = natsIsMissing();
if (missing !== null) process.stderr.write(`cluster: tests against NATS skipped: ${missing}\n`);

/** On a busy machine nothing here fails for being slow. */
const CLIENT = { pingInterval: 60_000, timeout: 20_000 };
const PATIENT = { timeoutMs: 20_000, client: CLIENT };

async function start(servers: 1 | 3): Promise<Place> {
  const nats: Nats = await startNats({ servers });
  const engines = new NatsEngines({ servers: nats.addresses, ...PATIENT });
  return {
    open: (name, node) => engines.open({ name, replicas: servers, storage: "memory" }, node, 60_000),
    async close() {
      await engines.close();
      await nats.stop();
    },
  };
}

describe.skipIf(missing !== null)("engines on NATS", () => {
  conformance("on one server", () => start(1));
  conformance("on three servers", () => start(3));
});

describe.skipIf(missing !== null)("a server that goes away", () => {
  let nats: Nats;
  let engines: NatsEngines;
  let engine: Engine;
  let forgetful: Engine;
  let returned = 0;

  beforeAll(async () => {
    nats = await startNats();
    engines = new NatsEngines({ servers: nats.addresses, timeoutMs: 300, client: CLIENT });
    engine = await engines.open({ name: "d", replicas: 1, storage: "file" }, "a", 60_000);
    forgetful = await engines.open({ name: "forgetful", replicas: 1, storage: "memory" }, "a", 60_000);
    engine.onReconnect(() => returned++);
    // A busy server may miss a deadline of 300 ms: under the same id it is asked again.
    await vi.waitFor(() => engine.append("k", new Uint8Array(3), { id: "first" }), { timeout: 60_000 });
  });

  afterAll(async () => {
    await engines?.close();
    await nats?.stop();
  });

  it("told what is too long for it: a cast is lost, as casts may be, and an append is refused", async () => {
    const long = new Uint8Array(engine.facts.maxEntryBytes + 10_000);
    engine.cast(long);
    await expect(engine.append("k", long, { id: "long" })).rejects.toThrow("the servers take");
    expect((await engine.read("k"))?.entry.length).toBe(3);
  });

  it("killed: nothing is sent, nothing thrown by casts, and what was kept is there when it is back", async () => {
    await nats.servers[0].kill();
    // The death may be noticed with this attempt, which then may have been written for all that is known.
    await vi.waitFor(
      async () => {
        await expect(engine.append("k", new Uint8Array(1), { id: "while away" })).rejects.toThrow(EngineNotSent);
      },
      { timeout: 60_000 },
    );
    engine.cast(new Uint8Array(10));
    await expect(engine.read("k")).rejects.toThrow(EngineNotSent);
    await expect(engine.since(0, () => {})).rejects.toThrow(EngineNotSent);
    expect(returned).toBe(0);
    nats.servers[0].restart();
    await vi.waitFor(() => expect(returned).toBe(1), { timeout: 60_000 });
    const found = await vi.waitFor(() => engine.read("k"), { timeout: 60_000 });
    expect([found?.seq, found?.entry.length]).toEqual([1, 3]);
    // a log in the memory of servers that died is gone; it is made anew, and takes what comes
    await vi.waitFor(() => forgetful.append("k", new Uint8Array(2), { id: "anew", expect: 0 }), { timeout: 60_000 });
    expect(await vi.waitFor(() => forgetful.read("k"), { timeout: 60_000 })).toMatchObject({ seq: 1 });
  });

  it("stopped: an attempt may have been written, is asked for again under its id, and is written once", async () => {
    await nats.servers[0].pause();
    try {
      await expect(engine.append("l", new Uint8Array(1), { id: "again" })).rejects.toThrow(EngineUnknown);
    } finally {
      nats.servers[0].resume();
    }
    const { seq } = await vi.waitFor(() => engine.append("l", new Uint8Array(1), { id: "again" }), { timeout: 60_000 });
    expect(seq).toBe(2);
    const seqs: number[] = [];
    await vi.waitFor(() => engine.since(0, (one) => seqs.push(one)), { timeout: 60_000 });
    expect(seqs).toEqual([1, 2]);
  });

  it("closed while it waits: what was asked is unknown, what comes is not sent", async () => {
    await nats.servers[0].pause();
    try {
      const waiting = engine.append("m", new Uint8Array(1), { id: "waiting" });
      const ended = expect(waiting).rejects.toThrow(EngineUnknown);
      await new Promise((done) => setImmediate(done));
      await engine.close();
      await ended;
      await expect(engine.append("m", new Uint8Array(1), { id: "late" })).rejects.toThrow(EngineNotSent);
    } finally {
      nats.servers[0].resume();
    }
  });
});

describe.skipIf(missing !== null)("a stream that is deleted while its nodes are connected", () => {
  it("is made anew, and has again what the nodes' copies have", async () => {
    const nats = await startNats();
    const servers = [...nats.addresses];
    const ends: (() => Promise<unknown>)[] = [() => nats.stop()];
    try {
      const renewed: string[] = [];
      const domains = { session: { replicas: 1 as const }, shared: { replicas: 1 as const } };
      const join = async (node: string): Promise<DistributedMemory> => {
        const store = await Store.create({ capacity: "16MiB", maintenance: false });
        ends.push(() => store.close());
        const memory = await DistributedMemory.join({
          store,
          node,
          servers,
          nats: PATIENT,
          domains,
          heartbeat: 200,
          timeout: "60s",
        });
        memory.on("log-renewed", ({ domain }) => void renewed.push(`${node} ${domain}`));
        ends.push(() => memory.close({ timeout: 0 }));
        return memory;
      };
      const [a, b] = [await join("a"), await join("b")];
      const shared = a.domain("shared");
      await shared.put("k", "kept", { consistency: "strong", timeout: "60s" });
      await b.sync({ domain: "shared" });
      const other = await connect({ servers });
      ends.push(() => other.close());
      await (await jetstreamManager(other)).streams.delete("MEM_shared");
      await vi.waitFor(() => expect(renewed.toSorted()).toEqual(["a shared", "b shared"]), { timeout: 60_000 });
      await vi.waitFor(() => shared.put("more", 1, { consistency: "strong" }), { timeout: 60_000 });
      for (const one of [a, b]) await vi.waitFor(() => one.sync({ domain: "shared" }), { timeout: 60_000 });
      const c = await join("c");
      expect(["k", "more"].map((key) => c.domain("shared").peek(key))).toEqual(["kept", 1]);
    } finally {
      for (const end of ends.reverse()) await end();
    }
  });
});
