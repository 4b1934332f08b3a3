import { hashBytes } from "../../../../src/index.js";
import { Random } from "../../../../workloads/index.js";
import { avalanche, chiSquaredAway, collisions, spreadOver } from "../hash-measures.js";
import { figureAnswers, plainFigure } from "../judge.js";
import type { Group } from "./group.js";

const KEYS = 100_000;
const CLIENTS = 10_000;
const PARTITIONS = 12;
/** Of a partition, as the document rounds it. */
const CLIENTS_EACH = 833;
const KEY_BYTES = 16;

/** Counts, not times: the same seed gives the same figures on every machine. */
export const hashQuality: Group = {
  title: "how well xxHash32 spreads (M-004, and the partitions of MetricStream)",
  async measure({ settings, onRound }) {
    const random = new Random(settings.seed, 0);
    const keys = Array.from({ length: KEYS }, () => {
      const key = new Uint8Array(KEY_BYTES);
      for (let i = 0; i < KEY_BYTES; i++) key[i] = random.below(256);
      return key;
    });
    const hash = (key: Uint8Array) => hashBytes("xxhash32", key) >>> 0;
    const hashes = Uint32Array.from(keys, hash);
    const utf8 = new TextEncoder();
    const clients = Uint32Array.from({ length: CLIENTS }, (_, i) => hash(utf8.encode(`client-${i}`)));
    const spread = spreadOver(clients, PARTITIONS, CLIENTS_EACH);
    const figure = (id: string, label: string, unit: string, value: number) => plainFigure(id, label, unit, [value]);
    const rows = [
      {
        target: "m004-chi-squared",
        figure: figure(
          "chi-squared",
          `chi-squared of ${KEYS} random keys over 65,536 buckets, away from its expectation`,
          "%",
          chiSquaredAway(hashes, 16) * 100,
        ),
      },
      {
        target: "m004-avalanche",
        figure: figure(
          "avalanche",
          `output bits that change with one of ${KEY_BYTES * 8} key bits, mean`,
          "%",
          avalanche(keys.slice(0, 200), hash) * 100,
        ),
      },
      {
        target: "m004-collisions",
        figure: figure(
          "collisions",
          `of ${KEYS} random keys, those with the whole 32-bit hash of another`,
          "%",
          collisions(hashes) * 100,
        ),
      },
      {
        target: "s-partition-deviation",
        figure: figure(
          "partition-deviation",
          `${CLIENTS} clients over ${PARTITIONS} partitions by hash, furthest from ${CLIENTS_EACH}`,
          "clients",
          spread.furthest,
        ),
      },
      {
        target: "s-partition-spread",
        figure: figure(
          "partition-spread",
          `${CLIENTS} clients over ${PARTITIONS} partitions by hash, standard deviation over mean`,
          "%",
          spread.deviation * 100,
        ),
      },
    ];
    onRound(1, 1);
    return {
      reference: null,
      figures: rows.map((row) => row.figure),
      judgements: [],
      answers: rows.flatMap((row) => figureAnswers(row.figure, 1, [row.target])),
      notes: [
        `Clients are called client-0 to client-${CLIENTS - 1}. An even hash gives a standard deviation of about ${((100 * Math.sqrt(PARTITIONS - 1)) / Math.sqrt(CLIENTS)).toFixed(1)} % of the mean, so a partition that is 50 from it is no rarity.`,
      ],
    };
  },
};
