/**
 * Tile coding (Sutton & Barto 2018, section 9.5.4): several grids over a few numbers, each moved by a part of a tile, so that a point is in one tile of
 * each and shares some of them with its neighbours. The grids are moved by the odd numbers 1, 3, 5, …, in each dimension by another (p. 219).
 */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { wantFinite, wantOptions, wantWhole } from "./arguments.js";

/** One axis of the space. */
export interface TileDimension {
  /** The least value; what lies below counts as it. */
  readonly min: number;
  /** The greatest value; what lies above counts as it. */
  readonly max: number;
  /** Tiles from `min` to `max`. */
  readonly tiles: number;
}

/** Turns a point into the tiles that it lies in, one of each tiling: states for a sparse table. */
export class TileCoding {
  /** Tilings, each shifted against the others. */
  readonly tilings: number;
  /** Tiles of all tilings: what a vector of weights has, for each action. */
  readonly size: number;
  readonly #dimensions: readonly TileDimension[];

  constructor(dimensions: readonly TileDimension[], tilings = 8) {
    wantWhole(tilings, 1, 1024, "tilings");
    if (!Array.isArray(dimensions)) {
      throw new InvalidArgumentError(`tile coding takes a list of { min, max, tiles }, not ${describe(dimensions)}`);
    }
    wantWhole(dimensions.length, 1, 16, "the number of dimensions");
    for (const dimension of dimensions) {
      const { min, max, tiles } = wantOptions(dimension, "a dimension");
      wantFinite(min, "min");
      wantFinite(max, "max");
      wantWhole(tiles, 1, 65_536, "tiles");
      if (!(min < max))
        throw new InvalidArgumentError(`a dimension goes from its less to its greater end, not from ${min} to ${max}`);
    }
    // a grid that is moved needs one tile more
    const size = dimensions.reduce((product, { tiles }) => product * (tiles + 1), tilings);
    if (size > 2 ** 31)
      throw new InvalidArgumentError(`${size} tiles are more than 2^31: take fewer tiles, tilings or dimensions`);
    this.tilings = tilings;
    this.size = size;
    this.#dimensions = dimensions;
  }

  /** The tile of each tiling that the point is in; beyond the ends, the one at the end. Allocates nothing. @param into one number a tiling */
  active(point: ArrayLike<number>, into: Uint32Array): Uint32Array {
    const { tilings } = this;
    const dimensions = this.#dimensions;
    if (point.length !== dimensions.length)
      throw new InvalidArgumentError(`a point has ${dimensions.length} numbers, not ${point.length}`);
    if (into.length !== tilings)
      throw new InvalidArgumentError(`into must hold ${tilings} numbers, one a tiling, not ${into.length}`);
    for (let d = 0; d < dimensions.length; d++)
      if (!Number.isFinite(point[d])) wantFinite(point[d], `number ${d} of the point`);
    for (let tiling = 0; tiling < tilings; tiling++) {
      let tile = tiling;
      for (let d = 0; d < dimensions.length; d++) {
        const { min, max, tiles } = dimensions[d];
        const share = Math.min(1, Math.max(0, (point[d] - min) / (max - min)));
        const moved = ((tiling * (2 * d + 1)) % tilings) / tilings;
        tile = tile * (tiles + 1) + Math.min(tiles, Math.floor(share * tiles + moved));
      }
      into[tiling] = tile;
    }
    return into;
  }
}
