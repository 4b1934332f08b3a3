import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { readBackup, SnapshotEntries } from "#dist/src/backup/index.js";
import { type BackupError, type BackupReport, restore, Store } from "#dist/src/index.js";
import { temporaryDirectories } from "./directory.js";

const directory = temporaryDirectories();
const ROLES = ["pair", "a", "b", "c", "token", "counter", "churn", "clear", "transfer"] as const;
/** The last of them is a full one. */
const BACKUPS = 4;
/** A machine with more to do may hold an agent up in the middle of a write for as long as it likes. */
const patienceMs = 120_000;

interface Snapshot {
  promises: Map<string, number>;
  filler: Map<string, Buffer>;
  cleared: Map<string, number>;
}

function snapshotOf(file: string): Snapshot {
  const entries = new SnapshotEntries(readBackup(file));
  const snapshot: Snapshot = { promises: new Map(), filler: new Map(), cleared: new Map() };
  for (const { namespaceId, key, value } of entries) {
    const name = entries.namespaces.get(namespaceId)?.name;
    const target = name === "promises" || name === "ledger" ? "promises" : name === "filler" ? "filler" : "cleared";
    const k = Buffer.from(key).toString();
    if ((snapshot[target] as Map<string, unknown>).has(k)) throw new Error(`${name}/${k} is there twice`);
    if (target === "filler") snapshot.filler.set(k, Buffer.from(value));
    else snapshot[target].set(k, JSON.parse(Buffer.from(value).toString()));
  }
  return snapshot;
}

/** What each agent promised, for a cut that was taken when they had certainly done `from` steps and at most `to`. */
function checkPromises({ promises, filler, cleared }: Snapshot, from: Int32Array, to: Int32Array): void {
  const at = (key: string) => promises.get(key) ?? 0;
  ROLES.forEach((role, me) => {
    if (role === "pair") {
      const [first, second] = [at(`pair-${me}-first`), at(`pair-${me}-second`)];
      expect(first - second === 0 || first - second === 1, `pair ${me}: ${first}, ${second}`).toBe(true);
      expect(first).toBeGreaterThanOrEqual(from[me]);
      expect(second).toBeLessThanOrEqual(to[me] + 1);
    } else if (role === "token" && from[me] > 0) {
      const tokens = [...promises.keys()].filter((key) => key.startsWith(`token-${me}-`)).length;
      expect(tokens === 1 || tokens === 2, `${tokens} tokens`).toBe(true);
    } else if (role === "counter") {
      const [counter, noted] = [at(`counter-${me}`), at(`noted-${me}`)];
      expect(counter - noted === 0 || counter - noted === 1, `counter ${counter}, noted ${noted}`).toBe(true);
      expect(noted).toBeGreaterThanOrEqual(from[me]);
    }
  });
  const accounts = [...promises].filter(([key]) => key.startsWith("account-"));
  expect([0, -1], "accounts of two namespaces").toContain(accounts.reduce((sum, [, balance]) => sum + balance, 0));
  expect(at("chain-a")).toBeGreaterThanOrEqual(at("chain-b"));
  expect(at("chain-b")).toBeGreaterThanOrEqual(at("chain-c"));
  for (const [key, value] of filler) {
    expect(value.readUInt32LE(0), key).toBe(value.length);
    expect(
      value.subarray(8).every((byte) => byte === (value.readUInt32LE(4) & 0xff)),
      key,
    ).toBe(true);
  }
  const rounds = [...cleared.entries()].map(([key, round]) => [Number(key.slice(1)), round]);
  expect(new Set(rounds.map(([, round]) => round)).size).toBeLessThanOrEqual(1);
  expect(rounds.map(([key]) => key).sort()).toEqual(rounds.map((_, i) => i));
}

async function startAgents(store: Store, roles: readonly string[] = ROLES) {
  const control = new SharedArrayBuffer(4);
  const progress = new SharedArrayBuffer(4 * roles.length);
  const workers = roles.map((role, me) =>
    store.spawn(new URL("./threads/agent.mjs", import.meta.url), { workerData: { role, me, control, progress } }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  return {
    steps: () => Int32Array.from(new Int32Array(progress), (_, i) => Atomics.load(new Int32Array(progress), i)),
    workers,
    async stop() {
      Atomics.store(new Int32Array(control), 0, 1);
      await Promise.all(workers.map((worker) => once(worker, "exit")));
    },
  };
}

describe("a backup under writers", () => {
  for (const writing of ["mapped", "positioned"] as const) {
    it(`is one cut in which every promise between keys and between agents holds (${writing})`, async () => {
      const store = await Store.create({ capacity: "16MiB", maxWorkers: ROLES.length + 1, eviction: "none" });
      for (const name of ["promises", "ledger"]) store.namespace(name, { encoding: "json" });
      const agents = await startAgents(store);
      await using backups = await store.backup({ directory: directory(), writing, patienceMs });
      let report: BackupReport | undefined;
      let before = agents.steps();
      for (let i = 0; i < BACKUPS; i++) {
        // a backup may be done before each agent has had its turn
        await expect.poll(() => agents.steps().every((steps, me) => steps > before[me])).toBe(true);
        const from = agents.steps();
        report = await backups.now(i === BACKUPS - 1 ? "full" : "incremental");
        checkPromises(snapshotOf(report.file), from, agents.steps());
        before = from;
      }
      await agents.stop();
      expect((await store.verify()).violations).toEqual([]);
      const { store: again } = await restore(backups.directory);
      expect((await again.verify()).violations).toEqual([]);
      const { promises } = snapshotOf(report?.file as string);
      expect(again.namespace("promises").size + again.namespace("ledger").size).toBe(promises.size);
      await again.close();
      await backups.close();
      await store.close();
    });
  }

  it("of a full cache that evicts all the time comes through, and holds only whole values that were written", async () => {
    const store = await Store.create({ capacity: "8MiB", maxWorkers: 3, eviction: "clock" });
    const agents = await startAgents(store, ["flood", "flood", "flood"]);
    await expect.poll(() => store.stats().operations.evictions).toBeGreaterThan(1000);
    const backups = await store.backup({ directory: directory(), patienceMs });
    const evictions = store.stats().operations.evictions;
    let taken = 0;
    for (let i = 0; i < 8; i++) {
      const report = await backups.now("full").catch((error: BackupError) => error.failure);
      if (typeof report === "string") {
        expect(report).toBe("gave-way");
        continue;
      }
      taken++;
      const snapshot = snapshotOf(report.file);
      checkPromises(snapshot, new Int32Array(ROLES.length), new Int32Array(ROLES.length));
      expect(snapshot.filler.size).toBeGreaterThan(50);
    }
    expect(taken).toBeGreaterThan(4);
    await expect.poll(() => store.stats().operations.evictions).toBeGreaterThan(evictions + 1000);
    await agents.stop();
    expect((await store.verify()).violations).toEqual([]);
    await store.close();
  });

  it("waits for no dead writer: agents killed in the middle of their writes leave no half write in any snapshot", async () => {
    const store = await Store.create({ capacity: "16MiB", maxWorkers: ROLES.length + 1, eviction: "none" });
    for (const name of ["promises", "ledger"]) store.namespace(name, { encoding: "json" });
    const backups = await store.backup({ directory: directory(), patienceMs });
    for (let round = 0; round < 2; round++) {
      const agents = await startAgents(store);
      const from = new Int32Array(ROLES.length);
      await backups.now();
      await Promise.all(agents.workers.map((worker) => worker.terminate()));
      const report = await backups.now();
      const snapshot = snapshotOf(report.file);
      // a death may lie between the two writes of a step, as any cut may
      checkPromises(withoutRounds(snapshot), from, agents.steps());
      expect(countEntries(snapshot)).toBe(
        ["promises", "ledger", "filler", "cleared-7"].reduce((n, name) => n + store.namespace(name).size, 0),
      );
      for (const name of ["promises", "ledger"]) store.namespace(name, { encoding: "json" }).clear();
      store.dropNamespace("cleared-7");
    }
    expect((await store.verify()).violations).toEqual([]);
    await backups.close();
    await store.close();
  });
});

function withoutRounds(snapshot: Snapshot): Snapshot {
  return { ...snapshot, cleared: new Map() };
}

function countEntries({ promises, filler, cleared }: Snapshot): number {
  return promises.size + filler.size + cleared.size;
}
