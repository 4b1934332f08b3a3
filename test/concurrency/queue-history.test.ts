/** What the explorer's judge of work queues calls wrong, by histories written by hand. */
import { describe, expect, it } from "vitest";
import { type Call, type OpKind, queueFault } from "#dist/harness/explorer/index.js";

interface Written {
  readonly kind: OpKind;
  readonly thread: number;
  readonly at: readonly [number, number];
  readonly value?: number;
  /** Of a take: its lease lasts until the tick. */
  readonly ttl?: boolean;
  readonly result?: number;
}

function faultOf(written: readonly Written[]): string | null {
  const calls = written.map(({ kind, thread, at, value = 0, ttl = false, result = 1 }): Call => {
    const [invoked, returned] = at;
    const op = { kind, key: 0, ttl };
    return { thread, op, kind, key: 0, value, expected: 0, ttl, life: 0, delivery: -1, invoked, returned, result };
  });
  return queueFault({ calls, length: calls.length, deaths: [], reader: -1 });
}

const SENT: readonly Written[] = [
  { kind: "put", thread: 0, at: [0, 1], value: 1 },
  { kind: "put", thread: 1, at: [3, 4], value: 17 },
];

describe("of two messages, one sent before the other,", () => {
  it("the later may not be taken first", () => {
    const fault = faultOf([...SENT, { kind: "take", thread: 1, at: [5, 6], result: 17 }]);
    expect(fault).toContain("17 was taken before 1");
  });

  it("the earlier may be in the hands of a take whose lease ends before it answers, and has nothing to tell then", () => {
    const lapsing: Written = { kind: "take", thread: 0, at: [2, 11], ttl: true, result: 0 };
    const rest: readonly Written[] = [
      { kind: "take", thread: 1, at: [5, 6], result: 17 },
      { kind: "tick", thread: 2, at: [7, 8] },
      { kind: "take", thread: 2, at: [9, 10], result: 1 },
    ];
    expect(faultOf([...SENT, lapsing, ...rest])).toBeNull();
    // Not if no lease could end in it, nor if it began too late.
    expect(faultOf([...SENT, { ...lapsing, ttl: false }, ...rest])).toContain("17 was taken before 1");
    expect(faultOf([...SENT, { ...lapsing, at: [6.5, 11] }, ...rest])).toContain("17 was taken before 1");
    expect(faultOf([...SENT, { ...lapsing, at: [2, 5] }, ...rest])).toContain("17 was taken before 1");
  });
});
