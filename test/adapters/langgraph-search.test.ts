/** Search by meaning in the long-term memory, against the peer's own InMemoryStore: its scores, its fields, its order. */
import { Embeddings } from "@langchain/core/embeddings";
import { InMemoryStore, type SearchItem } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngramStore } from "#dist/src/adapters/langgraph.js";
import { runsOr } from "../given.js";
import { HandClock, openStore } from "../store/fixture.js";

const WORDS = ["red", "green", "blue", "apple", "sky"];

/** Counts words. A text with none of them has a vector of zeros. */
class WordCounts extends Embeddings {
  asked: string[][] = [];
  constructor() {
    super({});
  }
  private vector(text: string): number[] {
    return WORDS.map((word) => text.split(word).length - 1);
  }
  async embedQuery(text: string): Promise<number[]> {
    return this.vector(text);
  }
  async embedDocuments(texts: string[]): Promise<number[][]> {
    this.asked.push(texts);
    return texts.map((text) => this.vector(text));
  }
}

const PATHS = [
  "$",
  "text",
  "notes",
  "notes[*].title",
  "notes[0].title",
  "notes[-1].title",
  "notes[9].title",
  "notes[x]",
  "notes.*.title",
].concat([
  "*",
  "*.*",
  "{text}",
  "{text,notes}",
  "notes[*].{title}",
  "text[0]",
  "text.title",
  "none.text",
  "$.text",
  "",
  "notes[*]",
  "[0]",
]);

const index = (fields?: string[]) => ({ dims: WORDS.length, embeddings: new WordCounts(), fields });
const words = fc.array(fc.constantFrom(...WORDS, "stone"), { maxLength: 4 }).map((list) => list.join(" "));
const value = fc.record({ text: words, notes: fc.array(fc.record({ title: words }), { maxLength: 3 }) });
const put = fc.record({
  namespace: fc.constantFrom<string[]>(["a"], ["a", "b"], ["ab"]),
  key: fc.constantFrom("k", "l", "m", "n", "o"),
  value: fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }),
  index: fc.constantFrom(undefined, undefined, false as const, ["notes[*].title"]),
});

/** To six digits: the peer sums in double precision, the rows are float32. */
function plain(items: SearchItem[]): string[] {
  return items.map(
    ({ namespace, key, score }) =>
      `${score === undefined ? "-" : (score + 0).toFixed(6)} ${namespace.join(":")} ${key}`,
  );
}

describe("a search by meaning", () => {
  it("gives the items and scores of the peer's own store", async () => {
    const engram = await openStore();
    await fc.assert(
      fc.asyncProperty(
        fc.array(put, { maxLength: 25 }),
        words,
        fc.constantFrom<string[]>([], ["a"], ["a", "b"]),
        fc.constantFrom<string[] | undefined>(undefined, ...PATHS.map((path) => [path]), ["text", "notes[*].title"]),
        async (puts, query, prefix, fields) => {
          engram.namespace("langgraph:store", { encoding: "msgpack" }).clear();
          const store = new EngramStore(engram, { index: index(fields) });
          const living = new Map<string, (typeof puts)[number]>();
          for (const one of puts) {
            await store.put(one.namespace, one.key, one.value as never, one.index);
            if (one.value === null) living.delete(`${one.namespace}/${one.key}`);
            else living.set(`${one.namespace}/${one.key}`, one);
          }
          // a model of what is there now: the peer goes on finding items by texts that they had before
          const model = new InMemoryStore({ index: index(fields) });
          for (const one of living.values()) await model.put(one.namespace, one.key, one.value as never, one.index);
          const asked = { query, limit: 1000 };
          const [found, expected] = [await store.search(prefix, asked), await model.search(prefix, asked)];
          expect(plain(found).sort()).toEqual(plain(expected).sort());
          const scores = found.map(({ score }) => score ?? -2);
          expect(scores).toEqual(scores.toSorted((a, b) => b - a));
          const pages = [];
          for (let offset = 0; offset < 20; offset += 3)
            pages.push(...(await store.search(prefix, { query, limit: 3, offset })));
          expect(plain(pages)).toEqual(plain(found));
        },
      ),
      { numRuns: runsOr(60) },
    );
  });

  it("embeds each text once a batch, and none that nobody asked for", async () => {
    const config = index(["text"]);
    const store = new EngramStore(await openStore(), { index: config });
    await store.batch([
      { namespace: ["n"], key: "a", value: { text: "red sky" } },
      { namespace: ["n"], key: "b", value: { text: "red sky" } },
      { namespace: ["n"], key: "c", value: { text: "blue" }, index: false },
      { namespace: ["n"], key: "d", value: { other: 1 } },
    ]);
    expect(config.embeddings.asked).toEqual([["red sky"]]);
    const found = await store.search(["n"], { query: "sky" });
    expect(found.map(({ key, score }) => [key, score?.toFixed(3)])).toEqual([
      ["a", "0.707"],
      ["b", "0.707"],
      ["c", undefined],
      ["d", undefined],
    ]);
    expect(found[0].value).toEqual({ text: "red sky" });
    expect(await store.get(["n"], "a")).not.toHaveProperty("vectors");
  });

  it("looks only at what the filter lets through, and sees what other threads' stores have written", async () => {
    const engram = await openStore();
    const [one, other] = [new EngramStore(engram, { index: index() }), new EngramStore(engram, { index: index() })];
    for (let i = 0; i < 40; i++) await one.put(["n"], `${i}`, { text: i % 2 ? "red" : "red apple", i });
    const [best] = await other.search(["n"], { query: "red apple", filter: { i: { $gt: 20 } }, limit: 1 });
    expect(best.value.i).toBe(22);
    await other.put(["n"], "22", { text: "sky", i: 22 });
    const [next] = await one.search(["n"], { query: "red apple", filter: { i: { $gt: 20 } }, limit: 1 });
    expect(next.value.i).toBe(24);
    await one.delete(["n"], "24");
    expect((await other.search(["n"], { query: "red apple", filter: { i: { $gt: 20 } }, limit: 1 }))[0].value.i).toBe(
      26,
    );
  });

  it("finds nothing that has expired, and what a read has refreshed with its vector", async () => {
    const engram = await openStore();
    const clock = new HandClock(engram);
    const store = new EngramStore(engram, { index: index(), ttl: "10s", refreshOnRead: true });
    await store.put(["n"], "read", { text: "red" });
    await store.put(["n"], "unread", { text: "red" });
    clock.advance(6000);
    await store.get(["n"], "read");
    clock.advance(6000);
    const found = await store.search(["n"], { query: "red" });
    expect(found.map(({ key, score }) => [key, score?.toFixed(3)])).toEqual([["read", "1.000"]]);
  });

  it("is refused by name when model, options or vectors are not as they should be, and nothing is written", async () => {
    const engram = await openStore();
    const embeddings = new WordCounts();
    const wrong = { dims: 5, embeddings };
    for (const [asked, message] of [
      [{ ...wrong, dims: 0 }, /index\.dims is 0/],
      [{ embeddings }, /index\.dims is null/],
      [{ dims: 5 }, /index\.embeddings is undefined/],
      [{ ...wrong, fields: "text" }, /index\.fields is "text"/],
      [{ ...wrong, field: ["text"] }, /unknown option "field"; did you mean "fields"/],
    ] as const) {
      expect(() => new EngramStore(engram, { index: asked as never })).toThrow(message);
    }
    const short = new EngramStore(engram, { index: { dims: 4, embeddings } });
    const write = [
      { namespace: ["n"], key: "k", value: { text: "red" } },
      { namespace: ["n"], key: "l", value: { x: 1 } },
    ];
    await expect(short.batch(write)).rejects.toMatchObject({
      code: "INVALID_VECTOR",
      message: expect.stringContaining("has 5 dimensions; index.dims is 4"),
    });
    embeddings.embedDocuments = async (texts) => texts.map(() => [1, 2, Number.NaN, 4, 5]);
    const store = new EngramStore(engram, { index: wrong });
    await expect(store.batch(write)).rejects.toMatchObject({ code: "INVALID_VECTOR", component: 2 });
    embeddings.embedDocuments = async () => [];
    await expect(store.batch(write)).rejects.toThrow(/gave an array of 0 for 2 texts/);
    embeddings.embedDocuments = async () => Promise.reject(new Error("the model is away"));
    await expect(store.batch(write)).rejects.toThrow("the model is away");
    await expect(store.search(["n"], { query: 7 as never })).rejects.toThrow(/query is 7/);
    await expect(store.put(["n"], "k", { text: "red" }, 7 as never)).rejects.toThrow(/index is 7/);
    expect(await store.search([], {})).toEqual([]);
  });

  it("says so when the items have vectors of another model's dimensions", async () => {
    const engram = await openStore();
    await new EngramStore(engram, { index: index() }).put(["n"], "k", { text: "red" });
    const embeddings = new WordCounts();
    embeddings.embedQuery = async () => [1, 2, 3];
    const store = new EngramStore(engram, { index: { dims: 3, embeddings } });
    await expect(store.search(["n"], { query: "red" })).rejects.toThrow(
      /vectors of 5 dimensions, and this store's index has 3/,
    );
  });
});
