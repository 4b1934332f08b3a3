import { openCluster } from "../../../cluster/index.js";
import { natsIsMissing, redisIsMissing, startRedis } from "../../../services/index.js";
import { figuresOf } from "../judge.js";
import {
  type Backend,
  domainBackend,
  fill,
  gets,
  getsAtOnce,
  puts,
  putsAtOnce,
  redisBackend,
} from "../peers/backends.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const VALUE = "v".repeat(100);
const NODES = 3;

/** What may keep a domain, side by side: the node alone, a log in the process, JetStream on three servers at each level, and Redis, the tier outside. */
export const cluster: Group = {
  title: `backends of a domain, ${VALUE.length} bytes`,
  async measure({ settings, onRound }) {
    const ends: (() => Promise<unknown>)[] = [];
    const notes: string[] = [];
    const without = (why: string | null): string | null => (settings.quick ? "a quick run starts no servers" : why);
    try {
      const embedded = await openCluster({ nodes: NODES, engine: "memory" });
      ends.push(() => embedded.stop());
      const [own] = embedded.nodes;
      const alone = domainBackend("node", "this node alone", own.memory.domain<string>("registry"), "eventual");
      const log = domainBackend("log", "log in the process, strong", own.shared, "strong");
      const single: Backend[] = [alone, log];
      const many: Backend[] = [log];
      const noServers = without(natsIsMissing());
      if (noServers === null) {
        const servers = await openCluster({ nodes: NODES });
        ends.push(() => servers.stop());
        const { shared, memory } = servers.nodes[0];
        const sync = () => memory.sync({ domain: "shared" });
        const strong = domainBackend("jetstream", "JetStream, strong", shared, "strong");
        single.push(
          domainBackend("eventual", "JetStream, eventual", shared, "eventual", sync),
          domainBackend("bounded", "JetStream, bounded_stale", shared, "bounded_stale", sync),
          strong,
        );
        many.push(strong);
      } else notes.push(`JetStream left out: ${noServers}.`);
      const noRedis = without(redisIsMissing());
      if (noRedis === null) {
        const server = await startRedis();
        ends.push(() => server.stop());
        const { backend, close } = await redisBackend(server.url);
        ends.push(close);
        single.push(backend);
        many.push(backend);
      } else notes.push(`Redis left out: ${noRedis}.`);
      for (const backend of single) await fill(backend, VALUE);
      const writers = [...single.map((one) => puts(one, VALUE)), ...many.map((one) => putsAtOnce(one, VALUE))];
      const readers = [
        ...single.map((one) => gets(one, VALUE.length)),
        ...many.map((one) => getsAtOnce(one, VALUE.length)),
      ];
      const rounds = await measureInTurns([...writers, ...readers], settings, onRound);
      return {
        reference: `${alone.label}: a put, or a get`,
        figures: [
          ...figuresOf(writers, rounds, { reference: writers[0].id }),
          ...figuresOf(readers, rounds, { reference: readers[0].id }),
        ],
        judgements: [],
        notes: [
          `${NODES} nodes in this process, whose share of the work is in every figure; JetStream keeps three copies in files, Redis one in memory.`,
          "Gets at eventual and bounded_stale are of the node's own copy; a strong one waits for one write through the quorum, shared by all that came before it began.",
          ...notes,
        ],
      };
    } finally {
      for (const end of ends.reverse()) await end();
    }
  },
};
