/** Traces made from a key distribution. */
import {
  type KeySpec,
  keyChooser,
  Random,
  type SizeChooser,
  type SizeSpec,
  sizeChooser,
  type Trace,
} from "../../workloads/index.js";

export interface GeneratedTrace {
  /** How keys are drawn; its `count` is the keys there are, of which a short trace names only some. */
  readonly keys: KeySpec;
  readonly requests: number;
  /** The same seed makes the same trace, on every machine. 32 bits. */
  readonly seed: number;
  /** How object sizes are drawn; unset: the trace has none. */
  readonly sizes?: SizeSpec;
}

/** Streams of the seed: sizes do not change with the keys drawn, nor keys with the sizes. */
const KEY_STREAM = 1;
const SIZE_STREAM = 2;

/**
 * Draws a trace of reads, keys by their numbers, without times. An object keeps its size throughout: sizes are drawn by key, not by
 * request. 4 bytes a key there is, 4 a request, and 4 more with sizes.
 *
 * @throws InvalidArgumentError for a distribution's parameter out of range
 */
export function generateTrace({ keys, requests, seed, sizes }: GeneratedTrace): Trace {
  const chooser = keyChooser(keys);
  const random = new Random(seed, KEY_STREAM);
  const ids = new Uint32Array(requests);
  // Dense number + 1 by key, 0 where it has not been drawn.
  const denseOf = new Uint32Array(keys.count);
  const drawn: number[] = [];
  for (let i = 0; i < requests; i++) {
    const key = chooser.next(random);
    if (denseOf[key] === 0) denseOf[key] = drawn.push(key);
    ids[i] = denseOf[key] - 1;
  }
  return {
    name: keys.distribution,
    format: "generated",
    requests,
    distinct: drawn.length,
    ids,
    sizes: sizes === undefined ? null : sizesOf(ids, drawn, sizeChooser(sizes), seed),
    ops: null,
    times: null,
    ttls: null,
    keyOf: (id) => String(drawn[id]),
  };
}

function sizesOf(ids: Uint32Array, drawn: readonly number[], choose: SizeChooser, seed: number): Uint32Array {
  const sizeOf = Uint32Array.from(drawn, (key) => choose(new Random(seed, SIZE_STREAM, key)));
  return ids.map((id) => sizeOf[id]);
}
