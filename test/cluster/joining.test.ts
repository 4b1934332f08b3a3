/** Joining what is not there, too old, or not what was expected: clear errors, in time, and nothing half-joined. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, type Nats, natsIsMissing, startNats } from "#dist/harness/services/index.js";
import { EngineNotSent, EngineUnknown } from "#dist/src/cluster/engine.js";
import { NatsEngines } from "#dist/src/cluster/engine-nats.js";
import { EngineTooOldError, UnavailableError } from "#dist/src/cluster/errors.js";
import { failureOf, isConflict } from "#dist/src/cluster/nats/failures.js";
import { Subjects } from "#dist/src/cluster/nats/subjects.js";
import { isTooOld } from "#dist/src/cluster/nats/version.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { loadPeer } from "#dist/src/peer.js";
import { fakeNats } from "./fake-nats.js";

const missing = natsIsMissing();

/** On a busy machine nothing here fails for being slow. */
const PATIENT = { timeoutMs: 20_000, client: { pingInterval: 60_000, timeout: 20_000 } };

describe("the version of a nats-server", () => {
  it.each(["2.9.10", "2.10.26", "1.99.99", "2.10.27-RC.1", "", "new", "2.10"])("%j is too old", (version) => {
    expect(isTooOld(version)).toBe(true);
  });

  it.each(["2.10.27", "2.10.28-beta.1", "2.11.0", "v2.15.1", "3.0.0"])("%j is new enough", (version) => {
    expect(isTooOld(version)).toBe(false);
  });

  it("that Debian 12 has is refused by name, at whatever address", async () => {
    const old = await fakeNats("2.9.10");
    try {
      const joining = new NatsEngines({ servers: old.address, ...PATIENT }).open({ name: "d" }, "a");
      await expect(joining).rejects.toThrow(EngineTooOldError);
      await expect(joining).rejects.toMatchObject({ code: "ENGINE_TOO_OLD", version: "2.9.10", needed: "2.10.27" });
      await expect(joining).rejects.toThrow(
        `the nats-server at ${old.address} is 2.9.10: its compare-and-set cannot be relied on; 2.10.27 or newer is needed`,
      );
    } finally {
      await old.close();
    }
  });
});

describe("joining", () => {
  it("servers that are not there says at which addresses, and does not wait for them", async () => {
    const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const joining = new NatsEngines({ servers: addresses }).open({ name: "d" }, "a");
    await expect(joining).rejects.toThrow(UnavailableError);
    await expect(joining).rejects.toThrow(`no nats-server answers at ${addresses.join(", ")}`);
  });

  it("a server without JetStream says that none was made, within its time", async () => {
    const bare = await fakeNats("2.10.27");
    const engines = new NatsEngines({ servers: bare.address, ...PATIENT });
    try {
      const opening = engines.open({ name: "d", replicas: 1 }, "a", 200);
      await expect(opening).rejects.toThrow(UnavailableError);
      await expect(opening).rejects.toThrow("MEM_d within 200 ms: jetstream is not enabled");
    } finally {
      await engines.close();
      await bare.close();
    }
  });

  it.each([
    [{ servers: [] }, "servers []"],
    [{ servers: [""] }, 'servers [""]'],
    [{ node: "" }, 'node ""'],
    [{ node: "n".repeat(257) }, "node"],
  ])("with %j is refused", async (wrong: { servers?: string[]; node?: string }, message) => {
    const { servers = ["127.0.0.1:1"], node = "a" } = wrong;
    const joining = new NatsEngines({ servers }).open({ name: "d" }, node);
    await expect(joining).rejects.toThrow(InvalidArgumentError);
    await expect(joining).rejects.toThrow(message);
  });

  it.each(["", "a.b", "a b", "*", "ü", "d".repeat(65)])("a domain %j is refused", (domain) => {
    expect(() => new Subjects(domain)).toThrow(/^domain .*: expected 1 to 64 letters/);
  });

  it("without the client's packages says which to install; what is wrong with one that is there is not hidden", async () => {
    const absent = "@nats-io/no-such-package";
    const loading = loadPeer("the engine", `${absent} other`, () => import(absent));
    await expect(loading).rejects.toThrow(InvalidArgumentError);
    await expect(loading).rejects.toThrow(
      `the engine needs a package that is not installed: npm install ${absent} other`,
    );
    const broken = new Error("it is broken");
    await expect(loadPeer("the engine", absent, () => Promise.reject(broken))).rejects.toBe(broken);
    const another = Object.assign(new Error("Cannot find package 'x'"), { code: "ERR_MODULE_NOT_FOUND" });
    await expect(loadPeer("the engine", absent, () => Promise.reject(another))).rejects.toBe(another);
  });
});

describe("a failure of the client", () => {
  const named = (name: string, more: object = {}): Error => Object.assign(new Error("words"), { name, ...more });

  it.each([
    named("JetStreamNotEnabled"),
    named("JetStreamApiError", { code: 10077 }),
    named("RequestError", { cause: { name: "PermissionViolationError" } }),
  ])("$name is not sent", (error) => {
    expect(failureOf(error, "append")).toBeInstanceOf(EngineNotSent);
  });

  it.each([
    named("TimeoutError"),
    named("ClosedConnectionError"),
    named("RequestError", { cause: { name: "Error" } }),
    // The first attempt of this id is under way.
    named("JetStreamApiError", { code: 10158 }),
    named("SomethingNew"),
  ])("$name may have happened", (error) => {
    expect(failureOf(error, "append")).toBeInstanceOf(EngineUnknown);
  });

  it.each([10071, 10164])("%i is a conflict", (code) => {
    expect(isConflict(named("JetStreamApiError", { code }))).toBe(true);
    expect(isConflict(named("Error", { code }))).toBe(false);
  });
});

describe.skipIf(missing !== null)("a stream", () => {
  let nats: Nats;
  const open = async (options: object) => {
    const engines = new NatsEngines({ servers: nats.addresses, ...PATIENT });
    try {
      return (await engines.open({ name: "d", replicas: 1, storage: "memory", ...options }, "a")).facts;
    } finally {
      await engines.close();
    }
  };

  beforeAll(async () => {
    nats = await startNats();
  });

  afterAll(() => nats?.stop());

  it("that is there as it was wanted is joined", async () => {
    const facts = await open({});
    expect(facts).toMatchObject({ name: "nats", replicas: 1, maxKeyBytes: 2048, maxEntryBytes: (1 << 20) - 8192 });
    expect(await open({})).toEqual(facts);
  });

  it("that is there with other settings is refused, each of them named", async () => {
    await open({});
    const joining = open({ storage: "file", maxBytes: 1 << 20 });
    await expect(joining).rejects.toThrow(InvalidArgumentError);
    await expect(joining).rejects.toThrow(
      'the stream MEM_d is there with other settings: storage is "memory", expected "file"; max_bytes is -1, expected 1048576.',
    );
  });

  it("of more copies than there are servers is refused", async () => {
    await expect(open({ name: "three", replicas: 3 })).rejects.toThrow(
      "MEM_three: one server alone cannot keep 3 copies; replicas: 1, or start a cluster",
    );
  });

  it.each([
    [{ replicas: 2 }, "replicas 2: expected 1, 3, 5"],
    [{ storage: "disk" }, 'storage "disk": expected "file" or "memory"'],
    [{ maxBytes: 0 }, "maxBytes 0: expected"],
    [{ name: "a.b" }, 'domain "a.b"'],
  ])("with %j is refused before it is asked for", async (wrong, message) => {
    const joining = open(wrong);
    await expect(joining).rejects.toThrow(InvalidArgumentError);
    await expect(joining).rejects.toThrow(message);
  });

  it("that is full takes nothing more, certainly, and forgets all the same", async () => {
    const engines = new NatsEngines({ servers: nats.addresses, ...PATIENT });
    const engine = await engines.open({ name: "full", replicas: 1, storage: "memory", maxBytes: 4096 }, "a");
    await engine.append("k", new Uint8Array(3000), { id: "1" });
    const writing = engine.append("l", new Uint8Array(3000), { id: "2" });
    await expect(writing).rejects.toThrow(EngineNotSent);
    await expect(writing).rejects.toThrow("the stream is full");
    await engine.forget("k", 1);
    expect(await engine.append("l", new Uint8Array(3000), { id: "3" })).toEqual({ seq: 2, duplicate: false });
    await engines.close();
  });
});
