/** Pools of connections: acquire and give back, one user or a thousand. Each has a loop of its own, so that no call site sees two kinds of pool. */
import genericPool from "generic-pool";
import { createPool as createLightningPool } from "lightning-pool";
import { Pool as TarnPool } from "tarn";
import { Pool } from "../../../../src/resources/index.js";
import type { Contender } from "../contender.js";
import { keep } from "../sink.js";

export interface Connection {
  readonly id: number;
}

/** A pool of any make, filled and idle. */
export interface PoolPeer {
  readonly id: string;
  readonly label: string;
  acquire(): Promise<Connection>;
  release(connection: Connection): unknown;
  close(): Promise<unknown>;
}

let made = 0;
const create = async (): Promise<Connection> => ({ id: ++made });
const destroy = async (): Promise<void> => {};

export function genericPeer(max: number): PoolPeer {
  const pool = genericPool.createPool({ create, destroy }, { max });
  return {
    id: "generic-pool",
    label: "generic-pool",
    acquire: () => pool.acquire(),
    release: (connection) => pool.release(connection),
    close: () => pool.drain().then(() => pool.clear()),
  };
}

export function tarnPeer(max: number): PoolPeer {
  const pool = new TarnPool<Connection>({ create, destroy, min: 0, max });
  return {
    id: "tarn",
    label: "tarn",
    acquire: () => pool.acquire().promise,
    release: (connection) => pool.release(connection),
    close: () => pool.destroy(),
  };
}

export function lightningPeer(max: number): PoolPeer {
  const pool = createLightningPool<Connection>({ create, destroy }, { max, min: 0, minIdle: 0, maxQueue: 1e6 });
  pool.start();
  return {
    id: "lightning-pool",
    label: "lightning-pool",
    acquire: () => pool.acquire(),
    release: (connection) => pool.release(connection),
    close: async () => pool.close(0),
  };
}

export function engramPool(max: number): Pool<Connection> {
  return new Pool({ create, destroy }, { max });
}

/** A user after the other on a pool that has what they need. */
export function oneUser(peer: PoolPeer): Contender {
  return {
    id: `warm-${peer.id}`,
    label: `${peer.label}: acquire and release`,
    async run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const connection = await peer.acquire();
        sum += connection.id;
        await peer.release(connection);
      }
      keep(sum);
    },
  };
}

/** All at once; each holds its connection for a turn of the microtasks. */
export function manyUsers(peer: PoolPeer, users: number): Contender {
  return {
    id: `users-${peer.id}`,
    label: `${peer.label}: ${users} users at once`,
    lot: users,
    async run(operations) {
      let sum = 0;
      const use = async (): Promise<void> => {
        const connection = await peer.acquire();
        sum += connection.id;
        await null;
        await peer.release(connection);
      };
      for (let done = 0; done < operations; done += users) await Promise.all(Array.from({ length: users }, use));
      keep(sum);
    },
  };
}

export function ownOneUser(pool: Pool<Connection>): Contender {
  return {
    id: "warm-engram",
    label: "engram: acquire and release",
    returns: "a lease",
    async run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const lease = await pool.acquire();
        sum += lease.value.id;
        lease.release();
      }
      keep(sum);
    },
  };
}

export function ownTry(pool: Pool<Connection>): Contender {
  return {
    id: "warm-engram-try",
    label: "engram: tryAcquire and release",
    returns: "a lease",
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        const lease = pool.tryAcquire();
        if (lease === undefined) throw new Error("the pool has no idle connection");
        sum += lease.value.id;
        lease.release();
      }
      keep(sum);
    },
  };
}

export function ownManyUsers(pool: Pool<Connection>, users: number): Contender {
  return {
    id: "users-engram",
    label: `engram: ${users} users at once`,
    returns: "a lease",
    lot: users,
    async run(operations) {
      let sum = 0;
      const use = async (): Promise<void> => {
        const lease = await pool.acquire();
        sum += lease.value.id;
        await null;
        lease.release();
      };
      for (let done = 0; done < operations; done += users) await Promise.all(Array.from({ length: users }, use));
      keep(sum);
    },
  };
}
