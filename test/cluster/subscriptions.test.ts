/** Subscribers of a domain's changes: what they are told, and what they learn of what they missed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Subscribers } from "#dist/src/cluster/stream.js";
import { ChangeSubscriptions, type MemoryChange } from "#dist/src/cluster/subscriptions.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

const change = (key: string, version: number): MemoryChange<number> => ({
  key,
  version,
  value: version,
  source: "a",
  gap: false,
});

describe("subscriptions to changes", () => {
  it("tell of one key, of those that begin so, or of all, until the loop is left", async () => {
    const changes = new ChangeSubscriptions<number>();
    const [one, some, all] = [
      changes.subscribe({ key: "ab" }),
      changes.subscribe({ prefix: "a" }),
      changes.subscribe(),
    ];
    for (const key of ["ab", "abc", "b"]) changes.tell(() => change(key, 1));
    changes.close();
    const keys = async (stream: AsyncIterable<MemoryChange<number>>) => {
      const found: string[] = [];
      for await (const { key } of stream) found.push(key);
      return found;
    };
    // what was told and not asked for when they were closed is gone
    expect([await keys(one), await keys(some), await keys(all)]).toEqual([[], [], []]);
    const open = new ChangeSubscriptions<number>();
    const streams = [open.subscribe({ key: "ab" }), open.subscribe({ prefix: "a" }), open.subscribe()];
    for (const key of ["ab", "abc", "b"]) open.tell(() => change(key, 1));
    const taken = await Promise.all(
      streams.map(async (stream, i) => {
        const found: string[] = [];
        for await (const { key } of stream) if (found.push(key) > i) break;
        return found;
      }),
    );
    expect(taken).toEqual([["ab"], ["ab", "abc"], ["ab", "abc", "b"]]);
    let made = 0;
    open.tell(() => {
      made++;
      return change("ab", 2);
    });
    expect(made, "nobody listens any more").toBe(0);
  });

  it("wait for the next one, and end when the signal aborts or the domain is closed", async () => {
    const changes = new ChangeSubscriptions<number>();
    const abort = new AbortController();
    const [stream, other] = [changes.subscribe({ signal: abort.signal }), changes.subscribe()];
    const asked = [stream.next(), stream.next(), other.next(), other.next()];
    changes.tell(() => change("k", 1));
    abort.abort();
    changes.close();
    const results = await Promise.all(asked);
    expect(results.map(({ done, value }) => (done ? "done" : value?.key))).toEqual(["k", "done", "k", "done"]);
    expect((await changes.subscribe().next()).done).toBe(true);
    expect((await changes.subscribe({ signal: AbortSignal.abort() }).next()).done).toBe(true);
  });

  it("tell all that was told, in order, with a gap exactly where something is missing", async () => {
    const step = fc.oneof(fc.constant("tell" as const), fc.constant("ask" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (steps, buffer) => {
        const subscribers = new Subscribers<{ n: number; gap: boolean }>();
        const stream = subscribers.subscribe(() => true, { buffer });
        const asked: Promise<{ n: number; gap: boolean } | undefined>[] = [];
        let told = 0;
        for (const what of steps) {
          if (what === "tell") subscribers.tell({ n: ++told, gap: false });
          else asked.push(stream.next().then(({ value }) => value));
        }
        subscribers.close();
        let last = 0;
        for (const one of await Promise.all(asked)) {
          if (one === undefined) break;
          expect(one.gap).toBe(one.n !== last + 1);
          last = one.n;
        }
      }),
    );
  });

  it("refuse options that are none", () => {
    const changes = new ChangeSubscriptions<number>();
    const bad: [object, RegExp][] = [
      [{ key: 7 }, /option key is 7/],
      [{ key: "a", prefix: "b" }, /given both/],
      [{ buffer: 0 }, /option buffer is 0/],
      [{ signal: {} }, /option signal/],
      [{ prefx: "a" }, /did you mean "prefix"/],
    ];
    for (const [options, message] of bad) {
      expect(() => changes.subscribe(options)).toThrow(InvalidArgumentError);
      expect(() => changes.subscribe(options)).toThrow(message);
    }
  });
});
