/** What a swarm's agents look up: vectors in clusters, as embeddings of texts lie, and questions like them. All of it comes from a seed. */
import { Random } from "../../src/random.js";

const CLUSTERS = 64;
/** Of a vector, beside its cluster's middle. */
const SPREAD = 0.35;

export class Knowledge {
  readonly #middles: readonly Float32Array[];
  readonly #dimensions: number;

  constructor(dimensions: number, seed: number) {
    const random = new Random(seed, CLUSTERS);
    this.#dimensions = dimensions;
    this.#middles = Array.from({ length: CLUSTERS }, () => this.#normalVector(random));
  }

  /** A vector that is known, or a question that lies among them. */
  draw(random: Random): Float32Array {
    const middle = this.#middles[random.below(CLUSTERS)];
    return this.#normalVector(random).map((value, i) => middle[i] + SPREAD * value);
  }

  #normalVector(random: Random): Float32Array {
    return Float32Array.from({ length: this.#dimensions }, () => normal(random));
  }
}

/** Box and Muller's (Ann. Math. Stat. 1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}
