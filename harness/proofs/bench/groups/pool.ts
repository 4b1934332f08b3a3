import { setImmediate } from "node:timers/promises";
import type { Contender } from "../contender.js";
import { figureAnswers, figuresOf, judgeRatio, plainFigure } from "../judge.js";
import {
  type Connection,
  engramPool,
  genericPeer,
  lightningPeer,
  manyUsers,
  oneUser,
  ownManyUsers,
  ownOneUser,
  ownTry,
  type PoolPeer,
  tarnPeer,
} from "../peers/pools.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const MAX = 10;
const USERS = 1000;
/** Connections of which the heap is measured: so many that what a pool takes by itself does not count. */
const HELD = 10_000;
const QUICK_HELD = 3000;
const PEERS = [genericPeer, tarnPeer, lightningPeer];

/** Connection pools beside three that people use. What those do with faults is in docs/decisions/0049; here is what all of them do well. */
export const pool: Group = {
  title: `connection pools, ${MAX} connections that cost nothing to make`,
  async measure({ settings, onRound }) {
    const own = engramPool(MAX);
    const peers = PEERS.map((make) => make(MAX));
    await fill(MAX, { acquire: () => own.acquire(), release: (lease) => lease.release() });
    for (const peer of peers) await fill(MAX, peer);
    const warm: Contender[] = [ownOneUser(own), ownTry(own), ...peers.map(oneUser)];
    const users: Contender[] = [ownManyUsers(own, USERS), ...peers.map((peer) => manyUsers(peer, USERS))];
    const rounds = await measureInTurns([...warm, ...users], settings, onRound);
    await own.close();
    for (const peer of peers) await peer.close();
    const held = settings.quick ? QUICK_HELD : HELD;
    const figures = [
      ...figuresOf(warm, rounds, { reference: "warm-engram" }),
      ...figuresOf(users, rounds, { reference: "users-engram" }),
    ];
    const goal = { source: "pools", comparison: "<=", goal: 1 } as const;
    const beside = (what: string, of: string, to: string) =>
      judgeRatio({ ...goal, id: `${of}-${to}`, what, of, to }, rounds, figures);
    const heap = await heapFigures(held);
    return {
      reference: "engram: acquire and release, or its users",
      figures: [...figures, ...heap],
      answers: figureAnswers(heap[0], 1, ["p-pool-bytes"]),
      judgements: peers.flatMap(({ id, label }) => [
        beside(`acquire and release / ${label}'s`, "warm-engram", `warm-${id}`),
        beside(`${USERS} users on ${MAX} connections / ${label}'s`, "users-engram", `users-${id}`),
      ]),
      notes: [
        "A user awaits what acquire and, where it is one, what release returns: turns of the microtasks are part of the figure.",
        `Heap: what ${held} idle connections take in a pool besides themselves, after a collection.`,
      ],
    };
  },
};

interface Fillable<T> {
  acquire(): Promise<T>;
  release(held: T): unknown;
}

/** Has it make as many as it may. */
async function fill<T>(max: number, pool: Fillable<T>): Promise<void> {
  const held = await Promise.all(Array.from({ length: max }, () => pool.acquire()));
  for (const one of held) await pool.release(one);
}

async function heapFigures(held: number) {
  const figures = [];
  const own = engramPool(held);
  figures.push(
    heapFigure(
      "engram",
      await heapOf(held, () => fill(held, { acquire: () => own.acquire(), release: (lease) => lease.release() })),
    ),
  );
  await own.close();
  for (const make of PEERS) {
    const peer: PoolPeer = make(held);
    figures.push(heapFigure(peer.id, await heapOf(held, () => fill<Connection>(held, peer))));
    await peer.close();
  }
  return figures;
}

function heapFigure(id: string, bytes: number) {
  return plainFigure(`heap-${id}`, `${id}: heap a pooled connection`, "bytes", [bytes]);
}

/** Bytes a connection, without the connection itself. */
async function heapOf(held: number, make: () => Promise<void>): Promise<number> {
  const before = await heapUsed();
  await make();
  const grown = (await heapUsed()) - before;
  const plain = await heapUsed();
  const connections = Array.from({ length: held }, (_, id) => ({ id }));
  const themselves = (await heapUsed()) - plain - 8 * held; // the array's own slots
  if (connections.length !== held) throw new Error("unreachable: keeps them alive");
  return (grown - themselves) / held;
}

async function heapUsed(): Promise<number> {
  await setImmediate();
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
