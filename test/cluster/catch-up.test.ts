/** What stands after a number, read from servers that lag, change their leader and lose answers. */
import { describe, expect, it } from "vitest";
import { EngineUnknown } from "#dist/src/cluster/engine.js";
import { catchUp } from "#dist/src/cluster/nats/catch-up.js";
import type { Connection } from "#dist/src/cluster/nats/connection.js";
import { Subjects } from "#dist/src/cluster/nats/subjects.js";
import { systemClock } from "#dist/src/cluster/system-clock.js";

const subjects = new Subjects("d");

interface Script {
  /** Numbers that stand at the leader; the last number of the log may be above them. */
  readonly leader: readonly number[];
  /** What `info` says, one after the other; the last again and again. */
  readonly infos: readonly { readonly last: number; readonly leader: string }[];
  /** Numbers that the consumer's server has; by default all of the leader's. */
  readonly consumer?: readonly number[];
  /** Deliveries that get lost, from 1. */
  readonly lost?: readonly number[];
  /** The pull is not answered at all. */
  readonly silent?: boolean;
  /** Of how many messages of the consumer a pull brings at most before its status says that it is over; of each pull in turn, the last again. */
  readonly brought?: readonly number[];
  /** A pull's status comes twice, the second time when the next one is under way. */
  readonly late?: boolean;
}

/** Servers that follow the script, and what was asked of them. */
function servers({ leader, infos, consumer = leader, lost = [], silent = false, brought, late = false }: Script) {
  const asked: string[] = [];
  let infosTold = 0;
  let tell: (error: null, message: object) => void = () => {};
  let delivered = 0;
  let after = 0;
  let pulls = 0;
  const told = (seq: number) => ({ seq, subject: subjects.ofKey(`k${seq}`), data: new Uint8Array([seq]) });
  const connection = {
    up: true,
    // Where all is answered a machine that stands still does not end the waiting.
    timeoutMs: silent ? 20 : 60_000,
    clock: systemClock,
    inbox: () => "inbox",
    jsm: {
      streams: {
        async info() {
          const { last, leader: name } = infos[Math.min(infosTold++, infos.length - 1)];
          return { state: { last_seq: last, messages: leader.length }, cluster: { leader: name } };
        },
        async getMessage(_: string, { seq }: { seq: number }) {
          asked.push(`next ${seq}`);
          const next = leader.find((one) => one >= seq);
          return next === undefined ? null : told(next);
        },
      },
      consumers: {
        async add(_: string, { opt_start_seq }: { opt_start_seq: number }) {
          asked.push(`consumer ${opt_start_seq}`);
          after = opt_start_seq - 1;
          return { name: "c", num_pending: consumer.filter((seq) => seq > after).length };
        },
        async delete() {
          asked.push("deleted");
        },
      },
    },
    nc: {
      subscribe(_: string, { callback }: { callback: typeof tell }) {
        tell = callback;
        return { unsubscribe: () => asked.push("unsubscribed") };
      },
      publish(_: string, words: string, { reply: subject }: { reply: string }) {
        const { batch } = JSON.parse(words);
        const most = brought?.[Math.min(pulls++, brought.length - 1)] ?? batch;
        const numbers = consumer.filter((seq) => seq > after).slice(delivered, delivered + Math.min(batch, most));
        const all = consumer.filter((seq) => seq > after).length;
        if (silent) return;
        setImmediate(() => {
          for (const seq of numbers) {
            delivered++;
            const reply = `$JS.ACK.MEM_d.c.1.${seq}.${delivered}.1700000000000000000.${all - delivered}`;
            if (!lost.includes(delivered)) tell(null, { ...told(seq), reply });
          }
          if (most < batch) tell(null, { subject, data: new Uint8Array(0) });
          if (most < batch && late) setImmediate(() => tell(null, { subject, data: new Uint8Array(0) }));
        });
      },
    },
  };
  return { connection: connection as unknown as Connection, asked };
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const steady = (last: number) => [{ last, leader: "n0" }];

async function read(script: Script, from = 0): Promise<{ last: number; end: number; seqs: number[]; asked: string[] }> {
  const { connection, asked } = servers(script);
  const { last, end, standing } = await catchUp(connection, subjects, from);
  expect(standing.every(({ seq, key, entry }) => key === `k${seq}` && entry[0] === seq)).toBe(true);
  return { last, end, seqs: standing.map(({ seq }) => seq), asked };
}

describe("catching up", () => {
  it("asks for a few one by one, and makes a consumer for many, which is deleted", async () => {
    expect(await read({ leader: [8, 10], infos: steady(10) }, 5)).toEqual({
      last: 10,
      end: 10,
      seqs: [8, 10],
      asked: ["next 6", "next 9"],
    });
    const many = await read({ leader: upTo(100), infos: steady(100) });
    expect(many.seqs).toEqual(upTo(100));
    expect(many.asked).toEqual(["consumer 1", "unsubscribed", "deleted"]);
  });

  it("asks nothing further, and goes nowhere, where the server's last number is not above", async () => {
    const nothing = { last: 50, end: 50, seqs: [], asked: [] };
    expect(await read({ leader: upTo(50), infos: steady(50) }, 50)).toEqual(nothing);
    expect(await read({ leader: upTo(40), infos: steady(40) }, 50)).toEqual(nothing);
  });

  it("asks the leader for what the consumer's server has not got yet", async () => {
    const { last, seqs } = await read({ leader: upTo(100), consumer: upTo(95), infos: steady(100) });
    expect([last, seqs]).toEqual([100, upTo(100)]);
  });

  it("believes that nothing stands at the end where the same leader had written it", async () => {
    expect(await read({ leader: [7], infos: steady(10) }, 5)).toMatchObject({ last: 10, seqs: [7] });
  });

  it("says where the log went meanwhile, when something may have been written over before its turn came", async () => {
    const grown = [...steady(10), ...steady(12)];
    expect(await read({ leader: [7, 10, 12], infos: grown }, 5)).toMatchObject({ last: 10, end: 12, seqs: [7, 10] });
    expect(await read({ leader: [6, 7, 8, 9, 10, 12], infos: grown }, 5)).toMatchObject({ last: 10, end: 10 });
  });

  it("does not believe it where another one leads by then, or the same has forgotten the number", async () => {
    const changed = [
      { last: 10, leader: "n0" },
      { last: 10, leader: "n1" },
    ];
    await expect(read({ leader: [7], infos: changed }, 5)).rejects.toThrow(EngineUnknown);
    const behind = [
      { last: 10, leader: "n0" },
      { last: 8, leader: "n0" },
    ];
    await expect(read({ leader: [7], infos: behind }, 5)).rejects.toThrow(EngineUnknown);
  });

  it("pulls again after a pull that ended early, or before a busy server had begun", async () => {
    const all = { leader: upTo(100), infos: steady(100) };
    expect((await read({ ...all, brought: [0, 30, 0, 0, 45, 100] })).seqs).toEqual(upTo(100));
    await expect(read({ ...all, brought: [30, 0] })).rejects.toThrow("the servers had nothing to read");
  });

  it("does not take an earlier pull's status for that of the pull under way", async () => {
    const script = { leader: upTo(100), infos: steady(100), brought: [5], late: true };
    expect((await read(script)).seqs).toEqual(upTo(100));
  });

  it("fails when a delivery is lost on its way, and when the servers fall silent", async () => {
    await expect(read({ leader: upTo(100), infos: steady(100), lost: [50] })).rejects.toThrow(
      "a part of what was read was lost on its way",
    );
    await expect(read({ leader: upTo(100), infos: steady(100), silent: true })).rejects.toThrow(
      "the servers stopped in the middle of reading",
    );
  });
});
