/** What coordinator and workers read off the wire: what is written comes back, and whatever else lies there is refused, never believed. */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Call,
  FORMAT,
  type Hello,
  InvalidMessageError,
  type Job,
  type Result,
  readCall,
  readEnvelope,
  readHello,
  readJob,
  readResult,
  write,
} from "#dist/harness/sweep/machines/messages.js";
import { bytesOf, traceIn } from "#dist/harness/sweep/machines/trace-bytes.js";
import { shareTrace } from "#dist/harness/sweep/shared-trace.js";
import { candidates, policyNames } from "#dist/src/eviction/index.js";
import { OPERATION_NAMES } from "#dist/workloads/index.js";

const digest = "0123456789abcdef".repeat(4);
const call: Call = {
  ...{ format: FORMAT, sweep: "0123456789abcdef", version: "0.1.0", code: digest },
  ...{ from: "host 12", patienceMs: 30_000, over: false },
};
const hello: Hello = {
  ...{ format: FORMAT, worker: "a", threads: 2, jobs: [{ job: "0-1", replayed: 3 }] },
  ...{ refuses: "no", leaving: false },
};
const job: Job = {
  ...{ format: FORMAT, job: "3-17", trace: { digest, bytes: 64 }, policy: "lru" },
  ...{ capacity: 10, by: "objects", seed: 1, windows: 2 },
};
const outcome: Result["outcome"] = {
  ...{ hits: 4, misses: 6, missedBytes: 2 ** 54, evictions: 1, milliseconds: 0.25 },
  windows: [
    { hits: 1, lookups: 5 },
    { hits: 3, lookups: 5 },
  ],
  decisions: [{ request: 7, from: "lirs", to: "arc", gain: 0.125, reason: "better" }],
};
const result: Result = { format: FORMAT, job: "3-17", worker: "a", delivery: 2, outcome };

const READERS = { readEnvelope, readCall, readHello, readJob, readResult };

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const jobs = fc.tuple(fc.nat(), fc.nat()).map(([turn, place]) => `${turn % 1e9}-${place % 1e9}`);
const windows = fc.array(fc.record({ hits: count, lookups: count }), { maxLength: 200 });
const decisions = fc.array(
  fc.record({
    request: count,
    from: fc.constantFrom(...candidates),
    to: fc.constantFrom(...candidates),
    gain: finite,
    reason: fc.constantFrom("better" as const, "rolled back" as const),
  }),
  { maxLength: 20 },
);
const outcomes = fc.record(
  {
    hits: count,
    misses: count,
    missedBytes: fc.option(count),
    evictions: count,
    milliseconds: finite.map(Math.abs),
    windows,
    decisions,
  },
  { requiredKeys: ["hits", "misses", "missedBytes", "evictions", "milliseconds"] },
);

describe("messages of a sweep", () => {
  it("come back as they were written, to the last digit", () => {
    expect(readCall(write(call))).toEqual(call);
    expect(readHello(write(hello))).toEqual(hello);
    expect(readJob(write(job))).toEqual(job);
    expect(readResult(write(result))).toEqual(result);
    fc.assert(
      fc.property(jobs, fc.nat({ max: 99 }), outcomes, (name, delivery, told) => {
        const one: Result = { ...result, job: name, delivery: delivery + 1, outcome: told };
        expect(readResult(write(one))).toEqual(one);
      }),
    );
    fc.assert(
      fc.property(
        jobs,
        fc.constantFrom(...policyNames),
        count,
        fc.nat({ max: 10_000 }),
        (name, policy, capacity, parts) => {
          const one: Job = { ...job, job: name, policy, capacity: Math.max(1, capacity), windows: parts };
          expect(readJob(write(one))).toEqual(one);
        },
      ),
    );
  });

  it("are small however many windows they tell of", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ hits: i * 7919, lookups: 1e9 + i * 104_729 }));
    const one: Result = { ...result, outcome: { ...outcome, windows: many } };
    expect(write(one).length).toBeLessThan(1 << 18);
    expect(readResult(write(one))).toEqual(one);
  });

  it("tell which format they are of, whatever else is in them", () => {
    const later = Buffer.from(JSON.stringify({ ...call, format: FORMAT + 1, more: [1, 2] }));
    expect(readEnvelope(later)).toMatchObject({ format: FORMAT + 1, version: "0.1.0" });
    expect(() => readCall(later)).toThrow(InvalidMessageError);
  });

  it.each([
    ["a job of no policy", () => readJob(write({ ...job, policy: "lruu" as "lru" })), /^a job: policy: /],
    ["a capacity of none", () => readJob(write({ ...job, capacity: 0 })), /^a job: capacity: /],
    ["a capacity that is no number", () => readJob(write({ ...job, capacity: Number.NaN })), /^a job: capacity: /],
    ["a name that would be another subject", () => readJob(write({ ...job, job: "1-2.>" })), /^a job: job: /],
    ["more than it takes", () => readJob(write({ ...job, path: "/etc/passwd" } as Job)), /^a job: Unrecognized key/],
    ["a digest that is a path", () => readJob(write({ ...job, trace: { digest: "../x", bytes: 1 } })), /trace.digest/],
    ["hits below none", () => readResult(write({ ...result, outcome: { ...outcome, hits: -1 } })), /outcome.hits/],
    ["neither outcome nor failure", () => readResult(write({ ...result, outcome: undefined })), /one of the two/],
    ["both of them", () => readResult(write({ ...result, failure: "no" })), /one of the two/],
    ["a result of the wrong format", () => readResult(write({ ...result, format: 2 as 1 })), /^a result: format/],
    ["no JSON", () => readResult(Buffer.from("{")), /^a result: no JSON in 1 bytes/],
    ["no UTF-8", () => readResult(Uint8Array.of(0x22, 0xff, 0x22)), /^a result: no JSON/],
  ])("are refused with %s", (_, read, message) => {
    expect(read).toThrow(InvalidMessageError);
    expect(read).toThrow(message);
  });

  it("do not unpack without end", async () => {
    const { gzipSync } = await import("node:zlib");
    const bomb = gzipSync(Buffer.alloc(1 << 25, 0x20));
    expect(bomb.length).toBeLessThan(1 << 18);
    expect(() => readResult(bomb)).toThrow(InvalidMessageError);
  });

  it("never end a reader with anything but a refusal, whatever the bytes and however a message is damaged", () => {
    const refused = (read: (bytes: Uint8Array) => unknown, bytes: Uint8Array) => {
      try {
        read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidMessageError);
      }
    };
    const refusedBy = (bytes: Uint8Array) => {
      for (const read of Object.values(READERS)) refused(read, bytes);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => refusedBy(bytes)));
    fc.assert(fc.property(fc.json(), (text) => refusedBy(Buffer.from(text))));
    const samples = [call, hello, job, result].map(write);
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (which, at, byte, cut) => {
        const bytes = Uint8Array.from(samples[which]);
        bytes[at % bytes.length] = byte;
        refusedBy(cut ? bytes.subarray(0, at % bytes.length) : bytes);
      }),
      { numRuns: 500 },
    );
  });
});

const traces = fc
  .array(
    fc.record({
      key: fc.nat({ max: 30 }),
      op: fc.nat({ max: OPERATION_NAMES.length - 1 }),
      size: count,
      ttl: fc.nat({ max: 99 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .chain((requests) => fc.tuple(fc.constant(requests), fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()))
  .map(([requests, hasSizes, isLarge, hasOps, hasTtls]) => {
    const dense = new Map<number, number>();
    for (const { key } of requests) if (!dense.has(key)) dense.set(key, dense.size);
    const sizes = requests.map(({ size }) => (isLarge ? size : size % 2 ** 32));
    return shareTrace(
      {
        name: "drawn",
        distinct: dense.size,
        ids: Uint32Array.from(requests, ({ key }) => dense.get(key) as number),
        sizes: !hasSizes ? null : isLarge ? Float64Array.from(sizes) : Uint32Array.from(sizes),
        ops: hasOps ? Uint8Array.from(requests, ({ op }) => op) : null,
        times: hasTtls ? Float64Array.from(requests, (_, i) => i / 8) : null,
        ttls: hasTtls ? Uint32Array.from(requests, ({ ttl }) => ttl) : null,
      },
      { future: false },
    );
  });

function whole({ pieces }: { pieces(): Iterable<Uint8Array> }): Uint8Array {
  const all = Buffer.concat([...pieces()]);
  const target = new Uint8Array(new SharedArrayBuffer(all.length));
  target.set(all);
  return target;
}

describe("a trace as bytes", () => {
  it("is the same trace again, and has one name", () => {
    fc.assert(
      fc.property(traces, (trace) => {
        const bytes = bytesOf(trace);
        expect(whole(bytes).length).toBe(bytes.bytes);
        expect(traceIn(whole(bytes), bytes.digest)).toEqual(trace);
        expect(bytesOf(traceIn(whole(bytes), bytes.digest)).digest).toBe(bytes.digest);
      }),
    );
  });

  it("is refused when a single byte is another", () => {
    fc.assert(
      fc.property(traces, fc.nat(), fc.integer({ min: 1, max: 255 }), (trace, at, other) => {
        const bytes = bytesOf(trace);
        const damaged = whole(bytes);
        damaged[at % damaged.length] ^= other;
        expect(() => traceIn(damaged, bytes.digest)).toThrow(/not those of its digest/);
      }),
    );
  });

  it("is read or refused whatever somebody has named rightly", async () => {
    const { createHash } = await import("node:crypto");
    const nameOf = (bytes: Uint8Array) => createHash("sha256").update(Uint8Array.from(bytes)).digest("hex");
    const believed = (bytes: Uint8Array): boolean => {
      try {
        const { distinct, ids } = traceIn(bytes, nameOf(bytes));
        for (const id of ids) expect(id).toBeLessThan(distinct);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidMessageError);
        return false;
      }
    };
    expect([believed(new Uint8Array()), believed(Uint8Array.from(randomBytes(64)))]).toEqual([false, false]);
    let refused = 0;
    fc.assert(
      fc.property(traces, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (trace, at, byte, cut) => {
        const bytes = whole(bytesOf(trace));
        const place = at % bytes.length;
        bytes[place] = byte;
        // a cut may come at any byte, also where numbers would not be aligned
        if (!believed(cut ? bytes.slice(0, place) : bytes)) refused++;
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it.each([
    ["an id beyond the last", { distinct: 1 }, /^request 1: id 1 of 1/],
    ["more ids than requests", { distinct: 9 }, /9 distinct ids in 3 requests/],
    ["times without times to live", { times: Float64Array.of(1, 2, 3) }, /expected both or none/],
    ["a size that is no whole number", { sizes: Float64Array.of(1, 0.5, 3) }, /^request 1: size 0.5/],
    ["an operation that there is not", { kinds: Uint8Array.of(0, 1, 9) }, /^request 2: kind 9/],
  ])("is refused with %s", (_, wrong, message) => {
    const right = { distinct: 2, ids: Uint32Array.of(0, 1, 0), kinds: null, sizes: null, times: null, ttls: null };
    const bytes = bytesOf({ ...right, ...wrong });
    expect(() => traceIn(whole(bytes), bytes.digest)).toThrow(message);
    expect(traceIn(whole(bytesOf(right)), bytesOf(right).digest).ids).toEqual(right.ids);
  });
});
