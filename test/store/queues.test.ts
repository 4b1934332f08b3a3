/** Work queues: each message is somebody's until it is done, given back, or its time is up. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AccessDeniedError,
  ClosedError,
  InvalidArgumentError,
  type Queue,
  type QueueMessage,
  Store,
  ValueTooLargeError,
} from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { bytesOf, HandClock, openStore } from "./fixture.js";

const DROPPED = /queue "q" was dropped/;

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("a queue in %s", (_, shared) => {
  it(`gives each message to one taker at a time, oldest first, until it is acknowledged (seed ${SEED})`, async () => {
    const store = await openStore({ shared });
    const clock = new HandClock(store);
    let made = 0;
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), delay: fc.constantFrom(0, 0, 0, 50) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("take" as const), lease: fc.constantFrom(30, 100, 1000) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("ack", "extend"), which: fc.nat(9) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("nack" as const),
          which: fc.nat(9),
          delay: fc.constantFrom(0, 0, 70),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(10, 40, 120) }) },
    );
    // the tick under way has begun before, so that no time is shorter than was asked for
    const later = (delay: number) => (delay === 0 ? 0 : delay + 10);
    /** A message as it should be: of whom it is, by delivery, and from when on it is to be had again. */
    interface Modelled {
      value: number;
      attempts: number;
      holder: QueueMessage<unknown> | null;
      from: number;
      dead: boolean;
    }
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60, size: "max" }), (capacity, steps) => {
        const queue = store.queue(`q${made}`, { capacity, maxAttempts: 3, lease: 200, encoding: "json" });
        made++;
        const messages: Modelled[] = [];
        const taken: QueueMessage<unknown>[] = [];
        let sent = 0;
        const due = (m: Modelled) => !m.dead && m.from <= clock.now;
        for (const s of steps) {
          const held = "which" in s && taken.length > 0 ? taken[s.which % taken.length] : undefined;
          const of = messages.find(({ holder }) => held !== undefined && holder === held);
          if (s.do === "send" && "delay" in s) {
            const room = messages.length < capacity;
            expect(queue.trySend(++sent, { delay: s.delay })).toBe(room);
            if (room)
              messages.push({ value: sent, attempts: 0, holder: null, from: clock.now + later(s.delay), dead: false });
          } else if (s.do === "take" && "lease" in s) {
            const wornOut = messages.filter((m) => due(m) && m.attempts >= 3);
            const next = messages.find((m) => due(m) && m.attempts < 3);
            const message = queue.tryReceive({ lease: s.lease });
            expect(message?.value).toBe(next?.value);
            // whoever looks for a message puts away what was delivered too often, as far as it came
            for (const m of wornOut) {
              if (next === undefined || m.value < next.value) Object.assign(m, { dead: true, holder: null });
            }
            if (next === undefined || message === undefined) continue;
            next.attempts++;
            expect(message.attempts).toBe(next.attempts);
            Object.assign(next, { holder: message, from: clock.now + s.lease + 10 });
            taken.push(message);
          } else if (s.do === "ack" && held !== undefined) {
            expect(held.ack()).toBe(of !== undefined);
            if (of !== undefined) messages.splice(messages.indexOf(of), 1);
          } else if (s.do === "nack" && held !== undefined && "delay" in s) {
            expect(held.nack({ delay: s.delay })).toBe(of !== undefined);
            if (of !== undefined)
              Object.assign(of, { holder: null, from: clock.now + later(s.delay), dead: of.attempts >= 3 });
          } else if (s.do === "extend" && held !== undefined) {
            expect(held.extend(500)).toBe(of !== undefined);
            if (of !== undefined) of.from = clock.now + 510;
          } else if (s.do === "wait" && "ms" in s) {
            clock.advance(s.ms);
          }
          const { ready, delayed, held: working, deadLetters } = queue.stats();
          expect(ready + delayed + working + deadLetters).toBe(messages.length);
        }
        expect(queue.deadLetters().map(({ value }) => value)).toEqual(
          expect.arrayContaining(messages.filter(({ dead }) => dead).map(({ value }) => value)),
        );
        store.dropQueue(queue.name);
      }),
      { seed: SEED, numRuns: 150 },
    );
    expect((await store.verify()).violations).toEqual([]);
  });

  it("wakes who waits for a message, for room, for a delay and for a lease to end", async () => {
    const store = await openStore({ shared });
    const queue = store.queue("q", { capacity: 1, lease: 30, encoding: "json" });
    const first = queue.receiveWait();
    queue.trySend("a");
    const message = (await first) as QueueMessage<unknown>;
    expect([message.value, message.attempts, queue.trySend("b")]).toEqual(["a", 1, false]);
    const again = await queue.receiveWait({ timeout: 60_000 });
    expect([again?.value, again?.attempts, message.ack()]).toEqual(["a", 2, false]);
    const room = queue.sendWait("b", { delay: 20 });
    expect(again?.extend(60_000)).toBe(true);
    expect(again?.ack()).toBe(true);
    expect(await room).toBe(true);
    expect((await queue.receiveWait({ lease: 60_000 }))?.value).toBe("b");
    expect(await queue.receiveWait({ timeout: 5 })).toBeUndefined();
    expect(await queue.sendWait("c", { timeout: 5 })).toBe(false);
    const ended = queue.receiveWait({ signal: AbortSignal.abort(new Error("enough")) });
    await expect(ended).rejects.toThrow("enough");
  });

  it("is iterated; what is not settled at the end of its block is given back", async () => {
    const store = await openStore({ shared });
    const queue = store.queue("q", { encoding: "json", maxAttempts: 0 });
    for (let i = 0; i < 4; i++) queue.trySend(i);
    const stop = new AbortController();
    const seen: unknown[] = [];
    for await (const message of queue.messages({ signal: stop.signal })) {
      seen.push(message.value);
      if (message.attempts > 1) message.ack();
      else message[Symbol.dispose]();
      if (seen.length === 8) stop.abort();
    }
    expect(seen).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(queue.stats()).toMatchObject({ ready: 0, held: 0, sent: 4, acknowledged: 4, redelivered: 4, bytes: 0 });
  });

  it("keeps what was delivered too often as dead letters, to be read, tried again, or cleared", async () => {
    const store = await openStore({ shared });
    const queue = store.queue("q", { capacity: 4, maxAttempts: 2, encoding: "json" });
    for (const value of ["a", "b", "c"]) queue.trySend(value);
    for (let i = 0; i < 4; i++) queue.tryReceive()?.nack();
    expect(queue.stats()).toMatchObject({ ready: 1, deadLetters: 2 });
    const read = () => queue.deadLetters().sort((x, y) => (String(x.value) < String(y.value) ? -1 : 1));
    expect(read()).toEqual([
      { value: "a", attempts: 2 },
      { value: "b", attempts: 2 },
    ]);
    expect([queue.retryDeadLetters(), queue.retryDeadLetters()]).toEqual([2, 0]);
    const back = queue.tryReceive();
    expect([back?.value, back?.attempts]).toEqual(["a", 1]);
    back?.ack();
    for (let i = 0; i < 4; i++) queue.tryReceive()?.nack();
    expect([queue.clearDeadLetters(), queue.deadLetters(), queue.stats().ready]).toEqual([2, [], 0]);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("is bounded by count and by bytes", async () => {
    const store = await openStore({ shared });
    const queue = store.queue("q", { capacity: 10, maxBytes: 1000 });
    expect(queue.trySend(new Uint8Array(600))).toBe(true);
    expect(queue.trySend(new Uint8Array(600))).toBe(false);
    expect(queue.trySend(new Uint8Array(400))).toBe(true);
    expect(queue.trySend(new Uint8Array(1))).toBe(false);
    expect(queue.stats()).toMatchObject({ bytes: 1000, ready: 2, sent: 2 });
    queue.tryReceive()?.ack();
    for (let i = 0; i < 9; i++) expect(queue.trySend(new Uint8Array(0))).toBe(true);
    expect(queue.trySend(new Uint8Array(0))).toBe(false);
    expect(() => queue.trySend(new Uint8Array(1001))).toThrow(/made with maxBytes 1000/);
    expect(() => store.queue("r").trySend(new Uint8Array(2 ** 25))).toThrow(ValueTooLargeError);
  });

  it("is dropped with its messages; handles hear of it, and its name is free", async () => {
    const store = await openStore({ shared, capacity: "16MiB" });
    const life = (i: number) => {
      const queue = store.queue("q", { capacity: 1 + ((i * 37) % 900), lease: 1000 + i });
      for (let n = 0; n < 5; n++) queue.trySend(new Uint8Array((i * 37 + n * 997) % 4000));
      queue.tryReceive();
      queue.tryReceive()?.ack();
      return queue;
    };
    const used = () => store.stats().memory.usedBytes;
    for (let i = 0; i < 50; i++) store.dropQueue(life(i).name);
    const before = used();
    for (let i = 0; i < 500; i++) store.dropQueue(life(i).name);
    expect(used()).toBe(before);
    const old = store.queue("q", { encoding: "json" });
    old.trySend(1);
    old.trySend(2);
    const held = old.tryReceive();
    const waiting = store.queue("full", { capacity: 1, encoding: "json" });
    waiting.trySend(1);
    const sending = waiting.sendWait(2);
    const iterated = (async () => {
      for await (const message of store.queue("empty")) expect(message).toBe("none");
      return "ended";
    })();
    expect([store.dropQueue("q"), store.dropQueue("full"), store.dropQueue("empty"), store.dropQueue("q")]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    await expect(sending).rejects.toThrow(ClosedError);
    expect(await iterated).toBe("ended");
    expect([held?.ack(), held?.nack(), held?.extend()]).toEqual([false, false, false]);
    for (const use of [
      () => old.trySend(3),
      () => old.tryReceive(),
      () => old.stats(),
      () => old.deadLetters(),
      () => old.retryDeadLetters(),
      () => old.clearDeadLetters(),
    ]) {
      expect(use).toThrow(DROPPED);
    }
    const made = store.queue("q", { capacity: 3 });
    expect([made.capacity, made.tryReceive(), store.queues()]).toEqual([3, undefined, ["q"]]);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("refuses what is no option, no lease, no delay, and other options than it was made with", async () => {
    const store = await openStore({ shared });
    const loose = store as unknown as { queue(name: unknown, options?: unknown): Queue };
    for (const [options, message] of [
      [{ capcity: 3 }, /queue: unknown option "capcity"; did you mean "capacity"/],
      [{ capacity: 0 }, /queue capacity is 0; expected a whole number from 1 to 960/],
      [{ capacity: 961 }, /from 1 to 960/],
      [{ lease: 0 }, /lease is 0/],
      [{ lease: "1 fortnight" }, /lease is "1 fortnight"/],
      [{ maxAttempts: 1.5 }, /maxAttempts is 1.5/],
      [{ maxBytes: -1 }, /maxBytes is -1/],
      [{ encoding: "xml" }, /encoding/],
      [null, /queue takes an object of options/],
    ] as const) {
      expect(() => loose.queue("q", options)).toThrow(message);
    }
    expect(() => loose.queue("")).toThrow(InvalidArgumentError);
    expect(store.queues()).toEqual([]);
    const queue = store.queue("q", { capacity: 4, lease: 100, maxAttempts: 2, encoding: "json" });
    expect(store.queue("q").capacity).toBe(4);
    expect(() => store.queue("q", { capacity: 5 })).toThrow(/made with capacity 4, not 5/);
    expect(() => store.queue("q", { lease: 200 })).toThrow(/made with lease 100, not 200/);
    expect(() => store.queue("q", { maxAttempts: 3 })).toThrow(/made with maxAttempts 2, not 3/);
    expect(() => queue.trySend(1, { delay: -1 })).toThrow(/delay is -1/);
    expect(() => queue.trySend(1, { dely: 1 } as never)).toThrow(/did you mean "delay"/);
    expect(() => queue.tryReceive({ lease: 0 })).toThrow(/lease is 0/);
    await expect(queue.receiveWait({ timeout: -1 })).rejects.toThrow(/timeout is -1/);
    await expect(queue.receiveWait({ delay: 1 } as never)).rejects.toThrow(/unknown option "delay"/);
    await expect(queue.sendWait(1, { signal: {} } as never)).rejects.toThrow(/expected an AbortSignal/);
    expect(() => queue.messages({ lease: -1 })).toThrow(/lease is -1/);
    expect(() => queue.receiveSync()).toThrow(/receiveWait/);
    expect(() => queue.sendSync(1)).toThrow(/sendWait/);
    expect(() => queue.trySend(undefined)).toThrow(InvalidArgumentError);
    queue.trySend(1);
    const message = queue.tryReceive() as QueueMessage<unknown>;
    expect(() => message.nack({ delay: Number.NaN })).toThrow(/delay is NaN/);
    expect(() => message.nack(5 as never)).toThrow(InvalidArgumentError);
    expect(() => message.extend(-5)).toThrow(/lease is -5/);
    expect([message.ack(), message.ack(), message.nack(), message.extend()]).toEqual([true, false, false, false]);
    expect(queue.stats()).toMatchObject({ ready: 0, held: 0, acknowledged: 1 });
  });
});

it("is one queue for all threads; what a thread holds is another's as soon as it has closed the store", async () => {
  const store = await openStore();
  const other = await Store.attach(store.handle);
  const mine = store.queue("q", { encoding: "string", lease: 3_600_000 });
  const theirs = other.queue("q", { encoding: "string" });
  mine.trySend("work");
  const held = theirs.tryReceive();
  expect([held?.value, mine.tryReceive()]).toEqual(["work", undefined]);
  const waiting = mine.receiveWait();
  await other.close();
  const message = await waiting;
  expect([message?.value, message?.attempts, message?.ack()]).toEqual(["work", 2, true]);
  expect(() => held?.ack()).toThrow(ClosedError);
});

it("is an agent's to use as it was granted", async () => {
  const store = await openStore();
  const view = store.as("7");
  expect(() => view.queue("q")).toThrow(AccessDeniedError);
  store.queue("q", { maxAttempts: 1 }).trySend(bytesOf("x"));
  expect(view.queues()).toEqual([]);
  store.grant("7", "q", ["read"]);
  const queue = view.queue("q");
  expect(() => queue.trySend(bytesOf("y"))).toThrow(AccessDeniedError);
  expect(queue.tryReceive()?.nack()).toBe(true);
  expect(queue.deadLetters()).toHaveLength(1);
  expect(() => queue.clearDeadLetters()).toThrow(AccessDeniedError);
  expect(() => queue.retryDeadLetters()).toThrow(AccessDeniedError);
  expect(() => view.dropQueue("q")).toThrow(AccessDeniedError);
  store.grant("7", "q", ["read", "delete", "admin"]);
  expect([queue.clearDeadLetters(), view.queues(), view.dropQueue("q")]).toEqual([1, ["q"], true]);
  const own = view.queue("agent_7_tasks");
  own.trySend(bytesOf("z"));
  const held = own.tryReceive();
  await view.close();
  expect(() => held?.ack()).toThrow(/view of agent "7" is closed/);
  expect(() => view.queue("agent_7_tasks")).toThrow(ClosedError);
});
