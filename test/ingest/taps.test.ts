/** What ingest tells of itself while it runs: live taps on rings of the store, and its table on the store's live page. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIngest, type Ingest, openTap } from "#dist/src/ingest/index.js";
import { Taps } from "#dist/src/ingest/taps.js";
import { expose } from "#dist/src/monitor/index.js";
import { Store } from "#dist/src/store/index.js";
import { reportsOf } from "#dist/src/store/reports.js";
import { get, one, post, removeTemporary, temporary } from "./posting.js";

afterAll(removeTemporary);

let store: Store;
let ingest: Ingest;
beforeAll(async () => {
  store = await Store.create({ capacity: "16MiB" });
  ingest = await createIngest({
    ...{ store, taps: ["live", "second"], journal: temporary(), port: 0, rateLimit: { rate: 0.001, burst: 3 } },
    sinks: [{ name: "mine", deliver: async () => ({ refused: 1, reason: "not mine" }) }],
  });
});
afterAll(async () => {
  await ingest.close();
  await store.close();
});

describe("a live tap", () => {
  it("has what was accepted once it is written, in order, and nothing that was refused", async () => {
    const tap = openTap(store, "live");
    expect(tap.receive()).toEqual([]);
    await post(`${ingest.url}/ingest`, one("a", "cpu", 1, { tags: { host: "h" } }));
    await post(`${ingest.url}/write`, "mem,client_id=b free=8,used=9");
    expect((await post(`${ingest.url}/ingest`, "{")).status).toBe(400);
    const seen = tap.receive();
    expect(seen.map(({ client, name, value }) => [client, name, value])).toEqual([
      ["a", "cpu", 1],
      ["b", "mem.free", 8],
      ["b", "mem.used", 9],
    ]);
    expect(seen[0].tags).toEqual({ host: "h" });
    // each tap has all of it: what one reader takes is still there for the other
    expect(ingest.stats().taps).toEqual([
      { name: "live", sent: 3, dropped: 0, waiting: 0 },
      { name: "second", sent: 3, dropped: 0, waiting: 2 },
    ]);
  });

  it("can be waited for, until whoever waits has seen enough", async () => {
    const enough = new AbortController();
    const first = openTap(store, "live").metrics(enough.signal).next();
    first.catch(() => {}); // of a tap that stays empty the count below is the failure, and this no standstill
    const { body } = await post(`${ingest.url}/ingest`, one("c", "later", 1));
    expect(body).toBe('{"accepted":1}');
    expect(ingest.stats().taps[0].sent).toBe(4);
    expect((await first).value).toMatchObject({ client: "c", name: "later" });
    enough.abort();
  });

  it("that nobody reads holds nobody up: what finds no room is counted by metrics", () => {
    const taps = new Taps(store, ["full"]);
    const chunk = Buffer.from("a\nb\nc\n");
    for (let i = 0; i < 1100; i++) taps.offer(chunk);
    expect(taps.stats()).toEqual([{ name: "full", sent: 3 * 1024, dropped: 3 * 76, waiting: 1024 }]);
    // larger than any message
    const large = new Taps(store, ["large"]);
    large.offer(Buffer.alloc(14 * 2 ** 20, "x\n"));
    expect(large.stats()).toMatchObject([{ sent: 0, dropped: 7 * 2 ** 20 }]);
  });

  it.each([
    [{ taps: ["Live"] }, /a tap is called "Live"; expected 1 to 63 small letters/],
    [{ taps: ["a", "a"] }, /option taps is .*each once/],
    [{ taps: "live" }, /option taps is "live"; expected up to 16 names/],
  ])("is refused by name: %j", async (options, said) => {
    await expect(createIngest({ store, journal: temporary(), port: 0, ...(options as object) })).rejects.toThrow(said);
  });

  it("needs a store to lie in", async () => {
    await expect(createIngest({ taps: ["live"], journal: temporary(), port: 0 })).rejects.toThrow(
      "option taps goes with option store",
    );
    expect(() => openTap(store, "")).toThrow('a tap is called ""');
  });
});

describe("the store's live page", () => {
  it("has a table of what was taken in and of every refusal by its reason, and the same families as /metrics", async () => {
    const burst = JSON.stringify({
      client_id: "d",
      metrics: Array.from({ length: 3 }, () => ({ name: "x", value: 1 })),
    });
    expect((await post(`${ingest.url}/ingest`, burst)).status).toBe(202);
    expect((await post(`${ingest.url}/ingest`, one("d", "x", 1))).status).toBe(429);
    await ingest.drained();
    const [report, ...others] = reportsOf(store);
    expect(others).toEqual([]);
    expect(report.title).toBe(`Metrics taken in at ${ingest.url}`);
    const { requests, metrics, refusals, journal, sinks } = ingest.stats();
    const rows = new Map(report.table.slice(1).map(([what, count, besides]) => [what, `${count} ${besides}`]));
    expect(rows.get("requests")).toBe(`${requests} answered from the journal, 1 accepting thread`);
    expect(rows.get("metrics accepted")).toBe(`${metrics.accepted} `);
    expect(rows.get("requests limited")).toBe(`${refusals.limited} `);
    expect(rows.get("requests broken")).toBe("1 ");
    expect(rows.get("journal")).toMatch(new RegExp(`^${journal.lines} lines, .*, 1 segments, can be written$`));
    expect(rows.get("sink mine")).toBe(`${sinks[0].delivered} delivered, ${sinks[0].refused} refused, 0 to come`);
    expect(rows.get("tap second")).toMatch(/passed on, 0 dropped/);

    const page = expose(report.families);
    expect(page).toContain('engram_ingest_tap_metrics_total{tap="live",outcome="dropped"} 0');
    expect(page).toContain('engram_ingest_sink_unreadable_lines_total{sink="mine",reason="gone"} 0');
    const own = (await get(`${ingest.url}/metrics`)).body;
    const namesIn = (text: string) => [...new Set([...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name))];
    expect(namesIn(own)).toEqual(namesIn(page));
  });

  it("counts under a reason every request that was not answered with success", () => {
    const { requests, refusals, metrics } = ingest.stats();
    const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
    // the rest were answered: the requests that were accepted, and the one for the page
    expect(requests - refused).toBe(5);
    expect(metrics.accepted).toBe(7);
  });

  it("says no more of an ingest that was closed", async () => {
    const other = await createIngest({ store, journal: temporary(), port: 0 });
    expect(reportsOf(store)).toHaveLength(2);
    await other.close();
    expect(reportsOf(store)).toHaveLength(1);
  });
});
