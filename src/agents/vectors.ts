/** Vectors as callers hand them in: one flat Float32Array, or a list of vectors; and what may be wrong with one. */
import { describe } from "../check.js";
import { InvalidArgumentError, InvalidVectorError } from "../errors.js";
import type { IndexMetric } from "./index-block.js";

/** The numbers of one vector; what is not a Float32Array is rounded to float32. */
export type Vector = Float32Array | Float64Array | readonly number[];

/** All vectors one behind the other, or each by itself. */
export type Vectors = Float32Array | readonly Vector[];

/** @throws InvalidArgumentError when there is none; InvalidVectorError when the flat ones do not come out even */
export function countVectors(vectors: Vectors, dimensions: number): number {
  if (!(vectors instanceof Float32Array || Array.isArray(vectors))) {
    throw new InvalidArgumentError(
      `vectors is ${describe(vectors)}; expected a Float32Array of all, or an array of vectors`,
    );
  }
  const count = vectors instanceof Float32Array ? vectors.length / dimensions : vectors.length;
  if (count === 0) throw new InvalidArgumentError("vectors is empty; an index is of one vector at least");
  if (!Number.isInteger(count)) {
    throw new InvalidVectorError(
      `vectors has ${vectors.length} numbers; expected whole vectors of ${dimensions}`,
      Math.floor(count),
      null,
    );
  }
  return count;
}

/** Puts one of them where the kernel takes it from. @throws InvalidVectorError for another number of dimensions, or what is no vector */
export function copyVector(vectors: Vectors, position: number, dimensions: number, into: Float32Array): void {
  if (vectors instanceof Float32Array) {
    into.set(vectors.subarray(position * dimensions, (position + 1) * dimensions));
  } else {
    setVector(`vectors[${position}]`, position, vectors[position], into);
  }
}

/** @param position null: a query */
export function setVector(name: string, position: number | null, vector: unknown, into: Float32Array): void {
  const listed = Array.isArray(vector);
  if (!(listed || vector instanceof Float32Array || vector instanceof Float64Array)) {
    throw new InvalidVectorError(
      `${name} is ${describe(vector)}; expected a Float32Array or an array of numbers`,
      position,
      null,
    );
  }
  if (vector.length !== into.length) {
    throw new InvalidVectorError(`${name} has ${vector.length} dimensions; expected ${into.length}`, position, null);
  }
  if (listed) {
    const odd = vector.findIndex((number) => typeof number !== "number");
    if (odd >= 0) throw notFinite(name, position, odd, vector[odd]);
  }
  into.set(vector as ArrayLike<number>);
}

/** What the kernel found to be of no use, in words. */
export function refuseVector(
  name: string,
  position: number | null,
  vector: Float32Array,
  metric: IndexMetric,
): InvalidVectorError {
  const odd = vector.findIndex((number) => !Number.isFinite(number));
  if (odd >= 0) return notFinite(name, position, odd, vector[odd]);
  if (metric === "cosine") {
    return new InvalidVectorError(`${name} is all zeros; cosine needs a direction`, position, null);
  }
  return new InvalidVectorError(
    `${name} is longer than 2^62, which float32 cannot multiply; expected shorter vectors`,
    position,
    null,
  );
}

function notFinite(name: string, position: number | null, component: number, value: unknown): InvalidVectorError {
  return new InvalidVectorError(
    `${name} has ${describe(value)} at [${component}]; expected finite numbers that float32 holds`,
    position,
    component,
  );
}
