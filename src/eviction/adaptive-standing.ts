/** Where the candidates stand after a window; they are numbers from 0. */
export interface Standing {
  /** The candidate the others are measured against. */
  readonly incumbent: number;
  /** Requests of the sample in a window. */
  readonly windowLength: number;
  /** By candidate: the gain in hit ratio over the incumbent that is as good as proven. */
  readonly lowerBounds: ArrayLike<number>;
  /** By candidate: hits gained on the incumbent since it was last behind. */
  readonly lead: ArrayLike<number>;
  /** By candidate: hits of its miniature in the window. */
  readonly windowHits: ArrayLike<number>;
}
