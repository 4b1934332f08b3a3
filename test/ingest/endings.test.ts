/** Whoever goes away in the middle, and what is left when the pipeline is closed all the same. */
import { spawnSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { PassThrough } from "node:stream";
import type { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createIngest, type Ingest, JournalReader, type Sink, segmentPath } from "#dist/src/ingest/index.js";
import { BodyBudget, readBody } from "#dist/src/ingest/server/body.js";
import { journalled, one, post, removeTemporary, temporary, until } from "./posting.js";

afterAll(removeTemporary);

describe("memory for bodies", () => {
  it("is given back once for a body that is refused and whose sender then goes away", async () => {
    const budget = new BodyBudget(100);
    const refused = [
      [10, 11],
      [1000, 101],
    ];
    for (const [most, sent] of refused) {
      const request = Object.assign(new PassThrough(), { headers: {}, complete: false });
      const read = readBody(request as unknown as Parameters<typeof readBody>[0], most, budget);
      request.write(Buffer.alloc(sent));
      await expect(read).rejects.toThrow();
      const closed = new Promise((done) => request.once("close", done));
      request.destroy();
      await closed;
      expect(budget.take(101)).toBe(false);
    }
    expect(budget.take(100)).toBe(true);
  });
});

describe("a sink", () => {
  const sinkOf = (more: Partial<Sink>): Sink => ({ name: "own", deliver: async () => ({ refused: 0 }), ...more });

  async function taken(directory: string, sink: Sink): Promise<Ingest> {
    const ingest = await createIngest({ journal: directory, port: 0, sinks: [sink] });
    expect((await post(`${ingest.url}/ingest`, one("c", "n", 1))).status).toBe(202);
    return ingest;
  }

  it("that fails to close is told of, and the journal is closed all the same", async () => {
    const directory = temporary();
    const failing = sinkOf({ close: () => Promise.reject(new Error("no way to end")) });
    const ingest = await taken(directory, failing);
    await expect(ingest.close()).rejects.toThrow("no way to end");
    const next = await createIngest({ journal: directory, port: 0 });
    await next.close();
    expect(journalled(directory)).toHaveLength(1);
  });

  it("that does not listen when it is told to stop is not waited for, and is given its batch again", async () => {
    const directory = temporary();
    let offered = 0;
    const deaf = sinkOf({
      deliver: () => {
        offered++;
        return new Promise(() => {});
      },
    });
    const ingest = await taken(directory, deaf);
    await until(() => offered === 1);
    await ingest.close();
    const lines: number[] = [];
    const next = await createIngest({
      ...{ journal: directory, port: 0 },
      sinks: [
        sinkOf({
          deliver: async (batch) => {
            lines.push(...batch.map(({ line }) => line));
            return { refused: 0 };
          },
        }),
      ],
    });
    await until(() => lines.length > 0);
    await next.close();
    expect(lines).toEqual([0]);
  });
});

describe("a reader of a journal that another process writes", () => {
  it("reads what was written to a segment after it was looked at and before the next was begun", () => {
    const directory = temporary();
    writeFileSync(segmentPath(directory, 0), "one\n");
    const reader = new JournalReader(directory, { line: 0, segment: 0, byte: 0 });
    const texts: string[] = [];
    const read = () => {
      const batch = reader.read(10);
      if (batch !== null) reader.moveTo(batch.next);
      texts.push(...(batch?.lines ?? []).map(({ text }) => text));
    };
    read();
    // the size that it sees is the one of before; behind its back the segment grows, and another is begun
    const looking = reader as unknown as { limit(): number };
    vi.spyOn(looking, "limit").mockImplementationOnce(() => {
      appendFileSync(segmentPath(directory, 0), "two\n");
      writeFileSync(segmentPath(directory, 2), "three\n");
      return 4;
    });
    for (let i = 0; i < 3; i++) read();
    reader.close();
    expect([texts, reader.passedOver.gone]).toEqual([["one", "two", "three"], 0]);
  });
});

describe("the commands that read a journal", () => {
  const engram = (...args: string[]) => {
    const cli = resolve(import.meta.dirname, "../../dist/harness/cli.js");
    return spawnSync(process.execPath, [cli, "ingest", ...args], { encoding: "utf8" });
  };

  it("say how its clients would share out a topic, or as many as one likes", async () => {
    const directory = temporary();
    const ingest = await createIngest({ journal: directory, port: 0 });
    for (const [client, count] of [
      ["hot", 6],
      ["cold", 1],
    ] as const) {
      for (let i = 0; i < count; i++) await post(`${ingest.url}/ingest`, one(client, "n", i));
    }
    await ingest.close();
    const said = engram("spread", directory, "--partitions", "4");
    expect(said.status).toBe(0);
    expect(said.stdout).toMatch(
      /^2 clients over 4 partitions: 0\.5 each, 0 to [12];.*\n7 metrics over 4 partitions: 1\.8 each, 0 to [67];/,
    );
    expect(said.stdout).toContain("hot: hot brings 85.7 %, a partition's share or more\n");
    const { clients, metrics, hot } = JSON.parse(engram("spread", directory, "--partitions", "4", "--json").stdout);
    const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);
    expect([clients.counts.length, sum(clients.counts), sum(metrics.counts), hot]).toEqual([4, 2, 7, [["hot", 6]]]);
    // the figures of docs/ingest.md are of these: the furthest of client_0 to client_9999 over twelve is 66 off
    expect(JSON.parse(engram("spread", "--clients", "10000", "--json").stdout).clients.furthest).toBeCloseTo(66, 0);
  });

  it("refuse a folder that is none, and what does not go together", () => {
    const empty = temporary();
    for (const args of [
      ["spread", empty],
      ["backfill", empty, "--to", "http://127.0.0.1:1"],
      ["compare", empty, "--with", "http://127.0.0.1:1"],
    ]) {
      const { status, stdout, stderr } = engram(...args);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(`${empty}: there is no segment of a journal in it`);
    }
    const unsaid = engram("spread");
    expect([unsaid.status, unsaid.stderr]).toEqual([2, expect.stringContaining("folder or --clients")]);
    const twice = engram("backfill", empty, "--to", "http://127.0.0.1:1", "--kafka", "127.0.0.1:1");
    expect([twice.status, twice.stderr]).toEqual([2, expect.stringContaining("expected one of the two")]);
  });
});

describe("an accepting thread", () => {
  it("that has died is counted no more, and keeps nobody from closing", async () => {
    const directory = temporary();
    const ingest = await createIngest({ journal: directory, port: 0, ack: "ring" });
    expect((await post(`${ingest.url}/ingest`, one("c", "n", 1))).status).toBe(202);
    expect(ingest.stats().acceptThreads).toBe(1);
    const { workers } = (ingest as unknown as { front: { workers: Worker[] } }).front;
    await workers[0].terminate();
    await until(() => ingest.stats().acceptThreads === 0);
    await ingest.close();
    expect(journalled(directory)).toHaveLength(1);
  });
});
