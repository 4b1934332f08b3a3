/** How many bytes a value has. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { Random } from "../../src/random.js";
import { TrueZipf } from "./zipfian.js";

export type SizeSpec =
  | { distribution: "constant"; size: number }
  /** Every size from min to max as likely. */
  | { distribution: "uniform"; min: number; max: number }
  /** Small ones often: min + k with k of a Zipf distribution. */
  | { distribution: "zipf"; min: number; max: number; exponent?: number }
  /** Given sizes by weight. */
  | { distribution: "list"; sizes: readonly { size: number; weight: number }[] };

export type SizeChooser = (random: Random) => number;

export function sizeChooser(spec: SizeSpec): SizeChooser {
  switch (spec.distribution) {
    case "constant":
      return () => spec.size;
    case "uniform": {
      const span = spanOf(spec.min, spec.max);
      return (random) => spec.min + random.below(span);
    }
    case "zipf": {
      const zipf = new TrueZipf(spanOf(spec.min, spec.max), spec.exponent ?? 1);
      return (random) => spec.min + zipf.next(random);
    }
    case "list":
      return weighted(spec.sizes);
  }
}

function spanOf(min: number, max: number): number {
  if (max < min) throw new InvalidArgumentError(`value sizes from ${min} to ${max}; expected min at most max`);
  return max - min + 1;
}

function weighted(sizes: readonly { size: number; weight: number }[]): SizeChooser {
  const total = sizes.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new InvalidArgumentError("value sizes: the weights add up to 0; expected a positive sum");
  return (random) => {
    let left = random.unit() * total;
    for (const { size, weight } of sizes) {
      left -= weight;
      if (left < 0) return size;
    }
    return sizes[sizes.length - 1].size;
  };
}
