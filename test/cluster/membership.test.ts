/** Who is there, over a log and casts that get lost, clocks that jump and nodes that sleep. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CastLanes } from "#dist/src/cluster/cast-lanes.js";
import { EngineUnknown } from "#dist/src/cluster/engine.js";
import { ClockSkewError, NodeNameTakenError, UnavailableError } from "#dist/src/cluster/errors.js";
import { decodeMember, encodeMember } from "#dist/src/cluster/member-record.js";
import { Membership, type MembershipSettings } from "#dist/src/cluster/membership.js";
import { Time, TinyLog } from "./tiny-cluster.js";

let incarnations = 0;

class Node {
  readonly wall = { offset: 0 };
  readonly events: string[] = [];
  readonly engine;
  readonly membership: Membership;
  lost: Error | null = null;
  readonly jumps: number[] = [];

  constructor(
    log: TinyLog,
    readonly name: string,
    more: Partial<MembershipSettings> = {},
  ) {
    this.engine = log.engine(name);
    const casts = new CastLanes(this.engine).lane("membership");
    this.membership = new Membership(this.engine, casts, log.time.clock(this.wall), {
      node: name,
      incarnation: ++incarnations,
      onNameLost: (error) => {
        this.lost = error;
      },
      onClockJump: (byMs) => this.jumps.push(byMs),
      ...more,
    });
    this.membership.onEvent(({ type, node }) => this.events.push(`${node} ${type}`));
  }

  /** Undefined while it is under way. */
  result: "joined" | Error | undefined;

  join(timeoutMs = 10_000): this {
    this.membership.join(timeoutMs).then(
      () => {
        this.result = "joined";
      },
      (error) => {
        this.result = error;
      },
    );
    return this;
  }

  die(): void {
    this.engine.cut = true;
    this.membership.close();
  }
}

function world() {
  const time = new Time();
  const log = new TinyLog(time);
  return { time, log, node: (name: string, more?: Partial<MembershipSettings>) => new Node(log, name, more) };
}

describe("membership", () => {
  it("shows who has joined, left, died and come back, to everybody", async () => {
    const { time, node } = world();
    const [a, b] = [node("a").join(), node("b").join()];
    await time.pass(300);
    const c = node("c").join();
    await time.pass(300);
    expect([a.result, b.result, c.result]).toEqual(["joined", "joined", "joined"]);
    expect(c.membership.live().sort()).toEqual(["a", "b"]);
    expect(a.membership.live().sort()).toEqual(["b", "c"]);
    await b.membership.leave();
    c.die();
    await time.pass(5000);
    expect(a.membership.live()).toEqual([]);
    expect(a.events).toEqual(["b joined", "c joined", "b left", "c died"]);
    expect(a.membership.members().map(({ node, isAlive }) => `${node} ${isAlive}`)).toEqual(["b false", "c false"]);
    const [b2, c2] = [node("b").join(), node("c").join()];
    await time.pass(300);
    expect([b2.result, c2.result]).toEqual(["joined", undefined]); // that c is dead is known to a, not to the newcomer
    await time.pass(3000);
    expect(c2.result).toBe("joined");
    expect(a.events.slice(4).sort()).toEqual(["b renewed", "c renewed"]);
  });

  it("gives the name back also when a sign of life is on its way, whose answer comes later", async () => {
    const { time, node } = world();
    const { membership, engine } = node("a").join();
    await time.pass(300);
    const append = engine.append.bind(engine);
    const answers: (() => void)[] = [];
    engine.append = async (...asked) => {
      const appended = await append(...asked);
      await new Promise<void>((answer) => answers.push(answer));
      return appended;
    };
    await time.pass(1000);
    expect(answers.length).toBe(1);
    engine.append = append;
    const left = membership.leave();
    answers[0]();
    await left;
    const again = node("a").join();
    await time.pass(300);
    expect(again.result).toBe("joined");
  });

  it.each([
    ["its claim is on the way", 0],
    ["the answer to a sign of life got lost", 1],
  ])("gives the name back also when %s", async (_, signs) => {
    const { time, node } = world();
    const { membership, engine } = node("a");
    const append = engine.append.bind(engine);
    let appends = 0;
    engine.append = async (...asked) => {
      const appended = await append(...asked);
      if (appends++ !== signs) return appended;
      await new Promise<void>((resolve) => void time.clock().after(50, resolve));
      if (signs > 0) throw new EngineUnknown("no answer");
      return appended;
    };
    const joining = membership.join(5000).catch((error) => error);
    await time.pass(signs === 0 ? 10 : 1300);
    const left = membership.leave();
    await time.pass(600);
    await left;
    if (signs === 0) expect(await joining).toBeInstanceOf(UnavailableError);
    const again = node("a").join();
    await time.pass(300);
    expect(again.result).toBe("joined");
  });

  it("refuses a second node of one name at once, and lets the first one be", async () => {
    const { time, node } = world();
    const first = node("a").join();
    await time.pass(300);
    const second = node("a").join();
    await time.pass(300);
    expect(second.result).toBeInstanceOf(NodeNameTakenError);
    expect(String(second.result)).toContain('a live node is named "a" already');
    await time.pass(10_000);
    expect(first.lost).toBe(null);
  });

  it("refuses it also when casts do not arrive: the log tells", async () => {
    const { time, node } = world();
    const first = node("a").join();
    first.engine.loses = () => true;
    await time.pass(300);
    const second = node("a");
    second.engine.loses = () => true;
    second.join();
    await time.pass(3100);
    expect(second.result).toBeInstanceOf(NodeNameTakenError);
    expect(first.lost).toBe(null);
  });

  it("gives one of two that ask for a name at the same time the name, whatever gets lost", async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.boolean()), fc.nat(400), async (lost, delayMs) => {
        const { time, node } = world();
        const twins = [node("a"), node("a")];
        for (const twin of twins) twin.engine.loses = () => lost.next().value as boolean;
        twins[0].join();
        await time.pass(delayMs);
        twins[1].join();
        await time.pass(9000);
        const results = twins.map(({ result }) => result);
        expect(results.filter((result) => result === "joined")).toHaveLength(1);
        expect(results.filter((result) => result instanceof NodeNameTakenError)).toHaveLength(1);
        expect(twins.map(({ lost: name }) => name)).toEqual([null, null]);
      }),
      { numRuns: 40 },
    );
  });

  it("gives the name of a dead node to the one that comes back, after three of its intervals", async () => {
    const { time, node } = world();
    const dead = node("a", { everyMs: 400 }).join();
    await time.pass(1000);
    dead.die();
    const back = node("a").join();
    await time.pass(1100);
    expect(back.result).toBe(undefined);
    await time.pass(500);
    expect(back.result).toBe("joined");
  });

  it("stops a node that slept while its name was taken", async () => {
    const { time, node } = world();
    const sleeper = node("a").join();
    await time.pass(300);
    sleeper.engine.cut = true;
    const next = node("a").join();
    await time.pass(4000);
    expect(next.result).toBe("joined");
    expect(sleeper.lost).toBe(null);
    sleeper.engine.cut = false;
    await time.pass(1100);
    expect(sleeper.lost).toBeInstanceOf(NodeNameTakenError);
    expect(next.lost).toBe(null);
    await time.pass(5000);
    expect(next.lost).toBe(null);
  });

  it("takes its own name for its own when a write was not answered", async () => {
    const { time, node } = world();
    const a = node("a");
    const append = a.engine.append.bind(a.engine);
    let calls = 0;
    a.engine.append = async (...call) => {
      const done = await append(...call);
      if (++calls % 2 === 1) throw new EngineUnknown("no answer");
      return done;
    };
    a.join();
    await time.pass(6000);
    expect(a.result).toBe("joined");
    expect(calls).toBeGreaterThan(4);
    expect(a.lost).toBe(null);
  });

  it("says that the log does not answer, and leaves nothing running", async () => {
    const { time, node } = world();
    const a = node("a");
    a.engine.cut = true;
    a.join(1000);
    await time.pass(900);
    expect(a.result).toBe(undefined);
    await time.pass(200);
    expect(a.result).toBeInstanceOf(UnavailableError);
    a.engine.cut = false;
    const other = node("b").join();
    await time.pass(5000);
    expect(other.membership.members()).toEqual([]);
  });

  it("refuses a clock that is ten minutes off, and says by how much", async () => {
    const { time, node } = world();
    node("a").join();
    node("b").join();
    await time.pass(500);
    const slow = node("c");
    slow.wall.offset = -600_000;
    slow.join();
    await time.pass(500);
    expect(slow.result).toBeInstanceOf(ClockSkewError);
    expect(slow.result).toMatchObject({ code: "CLOCK_SKEW" });
    expect(String(slow.result)).toMatch(/600 s behind that of "a", "b"/);
    const right = node("c").join();
    await time.pass(500);
    expect(right.result).toBe("joined");
  });

  it("notes a wall clock that jumps, and buries nobody for it", async () => {
    const { time, node } = world();
    const [a, b] = [node("a").join(), node("b").join()];
    await time.pass(1500);
    a.wall.offset = 600_000;
    await time.pass(10_000);
    expect(a.jumps).toEqual([600_000]);
    expect(a.events).toEqual(["b joined"]);
    expect(b.events).toEqual(["a joined"]);
    expect(Math.round((b.membership.members()[0].aheadMs ?? 0) / 1000)).toBe(600);
    a.wall.offset = -600_000;
    await time.pass(10_000);
    expect(a.jumps).toEqual([600_000, -1_200_000]);
    expect([a.events.length, b.events.length]).toEqual([1, 1]);
  });

  it("holds its own sleep against nobody, and a silence against whoever is silent", async () => {
    const { time, node } = world();
    const [a, b] = [node("a").join(), node("b").join()];
    await time.pass(1500);
    time.ms += 60_000; // nothing ran: every timer is late
    await time.pass(3000);
    expect([a.events, b.events]).toEqual([["b joined"], ["a joined"]]);
    b.engine.cut = true;
    await time.pass(5000);
    expect(a.events).toEqual(["b joined", "b died"]);
    b.engine.reconnect();
    await time.pass(1500);
    expect(a.events).toEqual(["b joined", "b died", "b back"]);
  });

  it("keeps those alive whose casts arrive and whose log does not, and the other way round", async () => {
    for (const broken of ["log", "casts"] as const) {
      const { time, node, log } = world();
      const [a, b] = [node("a").join(), node("b").join()];
      await time.pass(500);
      if (broken === "casts") for (const one of [a, b]) one.engine.loses = () => true;
      else
        log.append = () => {
          throw new EngineUnknown("no quorum");
        };
      await time.pass(10_000);
      expect([a.membership.live(), b.membership.live()], broken).toEqual([["b"], ["a"]]);
    }
  });

  it("tells what each keeps", async () => {
    const { time, node } = world();
    const a = node("a").join();
    node("b", { usage: () => ({ usedBytes: 7, limitBytes: 100 }) }).join();
    await time.pass(500);
    expect(a.membership.members()).toMatchObject([{ node: "b", usedBytes: 7, limitBytes: 100 }]);
  });

  it("reads records as they were written, and refuses what is none", () => {
    const whole = fc.nat(2 ** 31);
    const record = fc.record({
      state: fc.constantFrom("alive" as const, "left" as const, "who" as const),
      incarnation: fc.maxSafeNat(),
      wallMs: fc.maxSafeNat(),
      everyMs: whole,
      usedBytes: fc.maxSafeNat(),
      limitBytes: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(record, fc.uint8Array({ maxLength: 20 }), (said, noise) => {
        const bytes = encodeMember(said);
        expect(decodeMember(bytes)).toEqual(said);
        expect(decodeMember(bytes.subarray(1))).toBe(null);
        expect(decodeMember(Uint8Array.of(...bytes, 1))).toBe(null);
        const read = decodeMember(noise);
        if (read !== null) expect(decodeMember(encodeMember(read))).toEqual(read);
      }),
    );
  });
});
