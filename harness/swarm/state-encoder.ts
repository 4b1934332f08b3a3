/** What an agent knows of its surroundings, as 64 numbers in a block of the pool of states: what R-011 calls state encoding. */
import { type BlockPool, encoder, type Field, hashed, oneOf, range } from "../../src/agents/index.js";

const ROLES = ["driver", "scout", "guard", "scribe"] as const;
const RANGES = 16;
const WORDS = ["north", "passenger", "street", "of", "red", "hotel", "waits"];

const FIELDS = {
  ...(Object.fromEntries(Array.from({ length: RANGES }, (_, i) => [`figure${i}`, range(0, 1000)])) as Record<
    `figure${number}`,
    Field<number>
  >),
  role: oneOf(...ROLES),
  mood: oneOf("calm", "hurried", "lost"),
  words: hashed(64 - RANGES - ROLES.length - 3),
};

const ENCODER = encoder(FIELDS);
type Facts = Parameters<typeof ENCODER.encode>[0];

/** Encodes the facts of a state: sixteen figures, two of some names, and words of an open vocabulary. */
export class StateEncoder {
  readonly #pool: BlockPool;
  readonly #facts: Record<string, unknown> = { words: WORDS };

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  encode(member: number, round: number): void {
    const facts = this.#facts;
    for (let i = 0; i < RANGES; i++) facts[`figure${i}`] = (member * 31 + round * 17 + i) % 1000;
    facts.role = ROLES[member % ROLES.length];
    facts.mood = round % 3 === 0 ? "calm" : "hurried";
    const block = this.#pool.acquire();
    try {
      ENCODER.encode(facts as Facts, block.f32);
    } finally {
      block.release();
    }
  }
}
