/** What every key distribution is: a draw of a key number from a random stream. */
import type { Random } from "../../src/random.js";

export interface KeyChooser {
  /** A key number, 0 … number of keys - 1. */
  next(random: Random): number;
  /** There are more keys from now on (inserts); absent where the distribution does not care. */
  grow?(keys: number): void;
}
