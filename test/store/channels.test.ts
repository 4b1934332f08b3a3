import { getEventListeners } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Channel,
  ClosedError,
  InvalidArgumentError,
  OutOfMemoryError,
  Store,
  ValueTooLargeError,
} from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { bytesOf, openStore } from "./fixture.js";

/** A signal that tells how many listen to it. */
function heardSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  return {
    signal,
    abort: (reason: Error) => controller.abort(reason),
    listening: () => getEventListeners(signal, "abort").length,
  };
}

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("a channel in %s", (_, shared) => {
  it(`is a bounded queue (seed ${SEED})`, async () => {
    const store = await openStore({ shared });
    let channels = 0;
    const step = fc.oneof(
      fc.record({ do: fc.constant("send" as const), message: fc.uint8Array({ maxLength: 200 }) }),
      fc.record({
        do: fc.constant("sendMany" as const),
        messages: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 }),
      }),
      fc.record({ do: fc.constant("receive" as const) }),
      fc.record({ do: fc.constant("receiveMany" as const), limit: fc.nat(9) }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom("spsc", "mpsc"),
        fc.constantFrom("refuse", "drop"),
        fc.integer({ min: 2, max: 9 }),
        fc.array(step, { maxLength: 60, size: "max" }),
        (kind, whenFull, capacity, steps) => {
          const options = { kind, whenFull, capacity } as const;
          const channel = store.channel(`c${channels++}`, options);
          const room = 2 ** Math.ceil(Math.log2(capacity));
          const queue: Uint8Array[] = [];
          let dropped = 0;
          const put = (message: Uint8Array) => {
            if (queue.length < room) return queue.push(message) > 0;
            if (whenFull === "drop") dropped++;
            return false;
          };
          for (const s of steps) {
            if (s.do === "send") expect(channel.send(s.message)).toBe(put(s.message));
            else if (s.do === "receive") expect(channel.receive()).toEqual(queue.shift());
            else if (s.do === "receiveMany") expect(channel.receiveMany(s.limit)).toEqual(queue.splice(0, s.limit));
            else {
              let sent = 0;
              while (sent < s.messages.length && put(s.messages[sent])) sent++;
              expect(channel.sendMany(s.messages)).toBe(sent);
            }
            expect([channel.length, channel.dropped, channel.capacity]).toEqual([queue.length, dropped, room]);
          }
          channel.receiveMany();
        },
      ),
      { seed: SEED, numRuns: 120 },
    );
  });

  it("goes round its ring many times, with messages of every size", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c", { capacity: 4 });
    for (let i = 0; i < 5000; i++) {
      const message = new Uint8Array(i % 3 === 0 ? (i * 13) % 16_353 : i % 50).fill(i);
      expect(channel.send(message)).toBe(true);
      expect(Buffer.compare(channel.receive()!, message)).toBe(0);
    }
    expect(channel.send(new Uint8Array(16_352))).toBe(true);
    expect(() => channel.send(new Uint8Array(20_000_000))).toThrow(ValueTooLargeError);
    expect(channel.receive()).toHaveLength(16_352);
  });

  it("carries text, JSON and MessagePack, and refuses what has no such form", async () => {
    const store = await openStore({ shared });
    const json = store.channel("j", { encoding: "json" });
    json.send({ a: [1, "é"] });
    expect(json.receive()).toEqual({ a: [1, "é"] });
    expect(() => json.send(undefined)).toThrow(InvalidArgumentError);
    const text = store.channel("t", { encoding: "string" });
    text.send("");
    text.send("héllo 🔑");
    expect([text.receive(), text.receive(), text.receive()]).toEqual(["", "héllo 🔑", undefined]);
    const packed = store.channel("m", { encoding: "msgpack" });
    packed.send({ n: 2n ** 60n });
    expect(packed.receive()).toEqual({ n: 2n ** 60n });
  });

  it("wakes who waits for a message, and who waits for room, in order", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c", { capacity: 2, encoding: "json" });
    const got: unknown[] = [];
    const receiver = (async () => {
      for (let i = 0; i < 100; i++) got.push(await channel.receiveWait());
    })();
    for (let i = 0; i < 100; i++) expect(await channel.sendWait(i)).toBe(true);
    await receiver;
    expect(got).toEqual(Array.from({ length: 100 }, (_v, i) => i));
  });

  it("gives up waiting after the time it was given", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c", { capacity: 2 });
    expect(await channel.receiveWait(0)).toBeUndefined();
    const start = performance.now();
    expect(await channel.receiveWait(20)).toBeUndefined();
    expect(performance.now() - start).toBeGreaterThanOrEqual(19);
    channel.sendMany([bytesOf("1"), bytesOf("2")]);
    expect(await channel.sendWait(bytesOf("3"), 5)).toBe(false);
    expect(channel.length).toBe(2);
    await expect(channel.receiveWait(-1)).rejects.toThrow(InvalidArgumentError);
    await expect(channel.sendWait(bytesOf("3"), Number.NaN)).rejects.toThrow(InvalidArgumentError);
  });

  it("ends a wait when the signal aborts: nothing taken, nothing sent, nothing listening", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c", { capacity: 2, encoding: "json" });
    const { signal, listening, abort } = heardSignal();
    const waits = [channel.receiveWait({ signal }), channel.receiveWait({ signal, timeout: 60_000 })];
    expect(listening()).toBe(2);
    abort(new Error("enough"));
    channel.trySend(1);
    for (const wait of waits) await expect(wait).rejects.toThrow("enough");
    expect(listening()).toBe(0);
    await expect(channel.receiveWait({ signal })).rejects.toThrow("enough");
    channel.trySend(2);
    const full = heardSignal();
    const sent = channel.sendWait(3, { signal: full.signal });
    full.abort(new Error("enough"));
    await expect(sent).rejects.toThrow("enough");
    expect(full.listening()).toBe(0);
    expect(channel.receiveMany()).toEqual([1, 2]);
    const unheard = heardSignal();
    const came = channel.receiveWait({ signal: unheard.signal });
    channel.trySend(4);
    expect([await came, unheard.listening()]).toEqual([4, 0]);
  });

  it("is iterated until the signal aborts, or what it came from is closed: each message once", async () => {
    const store = await openStore({ shared });
    const view = store.as("7");
    const channel = view.channel("agent_7_in", { encoding: "json" });
    channel.sendMany([1, 2, 3, 4, 5]);
    for await (const message of channel) if (message === 2) break;
    const stop = new AbortController();
    const seen: unknown[] = [];
    for await (const message of channel.messages({ signal: stop.signal })) {
      seen.push(message);
      if (message === 4) stop.abort();
    }
    expect([seen, channel.tryReceive()]).toEqual([[3, 4], 5]);
    const rest = (async () => {
      for await (const message of channel) seen.push(message);
    })();
    channel.trySend(6);
    while (seen.length < 3) await new Promise<void>((turn) => setImmediate(turn));
    await view.close();
    await rest;
    expect(seen).toEqual([3, 4, 6]);
    expect(() => channel.messages()).toThrow(ClosedError);
  });

  it("refuses what is no wait", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c");
    for (const [wait, message] of [
      [null, /timeout is null/],
      ["5 fortnights", /timeout is "5 fortnights"/],
      [{ timeout: -1 }, /timeout is -1/],
      [{ timout: 1 }, /unknown option "timout"; did you mean "timeout"/],
      [{ signal: {} }, /signal is an object.*expected an AbortSignal/],
    ] as [never, RegExp][]) {
      await expect(channel.receiveWait(wait)).rejects.toThrow(message);
      await expect(channel.sendWait(bytesOf("x"), wait)).rejects.toThrow(message);
    }
    expect(() => channel.messages({ signal: 1 as never })).toThrow(InvalidArgumentError);
    expect(channel.length).toBe(0);
  });

  it("is not blocked on where that would stop everything", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c");
    expect(() => channel.receiveSync(0)).toThrow(/receiveWait/);
    expect(() => channel.sendSync(bytesOf("x"), 0)).toThrow(/sendWait/);
    expect(channel.length).toBe(0);
  });
});

describe("the two ends", () => {
  const both = async (kind: "spsc" | "mpsc") => {
    const store = await openStore();
    const other = await Store.attach(store.handle);
    const open = (s: Store): Channel => s.channel("c", { capacity: 8, kind });
    return { store, other, mine: open(store), theirs: open(other) };
  };

  it("are the same ring for every thread, made once", async () => {
    const { other, mine, theirs } = await both("mpsc");
    mine.send(bytesOf("a"));
    theirs.send(bytesOf("b"));
    expect([mine.receive(), mine.receive()]).toEqual([bytesOf("a"), bytesOf("b")]);
    expect(other.channel("c").capacity).toBe(8);
    expect(other.channel("c", { capacity: 7, kind: "mpsc", whenFull: "refuse" }).capacity).toBe(8);
    expect(() => other.channel("c", { capacity: 1024 })).toThrow(/made with capacity 8, not 1024/);
    expect(() => other.channel("c", { kind: "spsc" })).toThrow(/made with kind "mpsc", not "spsc"/);
    expect(() => other.channel("c", { whenFull: "drop" })).toThrow(/made with whenFull "refuse", not "drop"/);
    expect(other.channels()).toEqual(["c"]);
    await other.close();
  });

  it("have one receiver, until it gives up, leaves", async () => {
    const { store, other, mine, theirs } = await both("mpsc");
    mine.sendMany([1, 2, 3, 4].map((n) => Uint8Array.of(n)));
    expect(theirs.receive()).toEqual(Uint8Array.of(1));
    expect(() => mine.receive()).toThrow(InvalidArgumentError);
    expect(() => mine.receiveMany()).toThrow(/receiver in another thread/);
    theirs.release();
    expect(mine.receive()).toEqual(Uint8Array.of(2));
    expect(() => theirs.receive()).toThrow(InvalidArgumentError);
    mine.release();
    expect(theirs.receive()).toEqual(Uint8Array.of(3));
    await other.close();
    expect(mine.receive()).toEqual(Uint8Array.of(4));
    // a newcomer in the slot that was left is nobody's heir, and holds what it takes itself
    const third = await Store.attach(store.handle);
    expect(() => third.channel("c").receive()).toThrow(InvalidArgumentError);
    mine.release();
    mine.send(bytesOf("5"));
    expect(third.channel("c").receive()).toEqual(bytesOf("5"));
    expect(() => mine.receive()).toThrow(InvalidArgumentError);
    await third.close();
  });

  it("of spsc have one sender too", async () => {
    const { other, mine, theirs } = await both("spsc");
    mine.send(bytesOf("1"));
    expect(() => theirs.send(bytesOf("x"))).toThrow(/spsc/);
    expect(theirs.receive()).toEqual(bytesOf("1"));
    mine.release();
    theirs.send(bytesOf("2"));
    expect(() => mine.send(bytesOf("x"))).toThrow(InvalidArgumentError);
    expect(theirs.receive()).toEqual(bytesOf("2"));
    await other.close();
    mine.send(bytesOf("3"));
    expect(mine.receive()).toEqual(bytesOf("3"));
  });
});

it("a full memory refuses a message, and keeps those that were sent", async () => {
  const store = await openStore({ capacity: "4MiB", eviction: "none" });
  const channel = store.channel("c", { capacity: 1024 });
  let sent = 0;
  expect(() => {
    for (; sent < 1024; sent++) channel.send(new Uint8Array(10_000).fill(sent));
  }).toThrow(OutOfMemoryError);
  expect(channel.length).toBe(sent);
  for (let i = 0; i < sent; i++) expect(channel.receive()?.[9999]).toBe(i & 255);
  expect(channel.send(new Uint8Array(10_000))).toBe(true);
  channel.receive();
});
