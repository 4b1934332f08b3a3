/** What is done to the servers and the nodes. Each says how, and how it is undone. */
import type { Namespaces, Nats } from "../../services/index.js";

export interface Victims {
  readonly nats: Nats;
  readonly namespaces: Namespaces | null;
  /** The stream's leader, and the two others. */
  readonly leader: number;
  readonly follower: number;
  readonly other: number;
  killNode(place: number): Promise<void>;
  startNode(place: number): Promise<void>;
}

export interface Nemesis {
  readonly name: string;
  readonly about: string;
  /** Whether each machine is a network namespace; its node then knows its own server only. */
  readonly apart: boolean;
  /** Whether writes on both sides must have met. */
  readonly conflicts: boolean;
  /** So long it lasts, ms. */
  readonly lastsMs: number;
  strike(victims: Victims): Promise<void> | void;
  undo(victims: Victims): Promise<void> | void;
}

/** Until a majority has another leader: raft time-outs of 4 to 9 s are constants of the server. */
const AN_ELECTION_MS = 8000;

export const NEMESES: readonly Nemesis[] = [
  {
    name: "kill-leader",
    about: "kill -9 of the server that leads the stream, started again",
    apart: false,
    conflicts: false,
    lastsMs: AN_ELECTION_MS,
    strike: ({ nats, leader }) => nats.servers[leader].kill(),
    undo: ({ nats, leader }) => nats.servers[leader].restart(),
  },
  {
    name: "kill-follower",
    about: "kill -9 of a server that follows, started again",
    apart: false,
    conflicts: false,
    lastsMs: 2000,
    strike: ({ nats, follower }) => nats.servers[follower].kill(),
    undo: ({ nats, follower }) => nats.servers[follower].restart(),
  },
  {
    name: "kill-two",
    about: "kill -9 of two servers of three, started again",
    apart: false,
    conflicts: false,
    lastsMs: 4000,
    async strike({ nats, leader, follower }) {
      await Promise.all([nats.servers[leader].kill(), nats.servers[follower].kill()]);
    },
    undo({ nats, leader, follower }) {
      nats.servers[leader].restart();
      nats.servers[follower].restart();
    },
  },
  {
    name: "stop-leader",
    about: "SIGSTOP of the server that leads the stream, then SIGCONT",
    apart: false,
    conflicts: false,
    lastsMs: AN_ELECTION_MS,
    strike: ({ nats, leader }) => nats.servers[leader].pause(),
    undo: ({ nats, leader }) => nats.servers[leader].resume(),
  },
  {
    name: "kill-node",
    about: "kill -9 of a node's process, which joins again under its name",
    apart: false,
    conflicts: false,
    lastsMs: 2000,
    strike: ({ killNode }) => killNode(0),
    undo: ({ startNode }) => startNode(0),
  },
  {
    name: "isolate-leader",
    about: "the leader's machine cut off from the others, with its node",
    apart: true,
    conflicts: true,
    lastsMs: AN_ELECTION_MS,
    strike: ({ namespaces, leader }) => namespaces?.isolate(leader),
    undo: ({ namespaces, leader }) => namespaces?.rejoin(leader),
  },
  {
    name: "isolate-follower",
    about: "another machine cut off, with its node",
    apart: true,
    conflicts: true,
    lastsMs: 5000,
    strike: ({ namespaces, follower }) => namespaces?.isolate(follower),
    undo: ({ namespaces, follower }) => namespaces?.rejoin(follower),
  },
  {
    name: "cut-link",
    about: "the leader and one other lose what they send to each other",
    apart: true,
    conflicts: false,
    lastsMs: AN_ELECTION_MS,
    strike: ({ namespaces, leader, follower }) => namespaces?.cut(leader, follower),
    undo: ({ namespaces, leader, follower }) => namespaces?.mend(leader, follower),
  },
];
