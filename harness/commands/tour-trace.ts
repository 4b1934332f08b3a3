import { join } from "node:path";
import { keyChooser, Random, sizeChooser, type Trace, writeTrace } from "../../workloads/index.js";

const OBJECTS = 20_000;
const REQUESTS = 200_000;
/** Part of the requests that scan through all objects in order, as a crawl would: what separates good policies from LRU. */
const SCAN_SHARE = 0.15;

/**
 * A trace made up for the tour, so that it needs no file from outside: skewed look-ups whose favourites move on, with a
 * scan running through them. The same seed gives the same trace everywhere. Returns the trace and its file in `folder`.
 */
export async function makeTourTrace(folder: string, seed: number): Promise<{ trace: Trace; path: string }> {
  const random = new Random(seed, 1);
  const chooser = keyChooser({ distribution: "zipf", count: OBJECTS, exponent: 0.9 });
  const size = sizeChooser({ distribution: "uniform", min: 128, max: 2048 });
  const sizeOf = Uint32Array.from({ length: OBJECTS }, () => size(random));
  const ids = new Uint32Array(REQUESTS);
  const sizes = new Uint32Array(REQUESTS);
  // Numbers in order of appearance, as reading the file gives them.
  const numbers = new Map<number, number>();
  const objects: number[] = [];
  let scanned = 0;
  for (let i = 0; i < REQUESTS; i++) {
    const scan = random.unit() < SCAN_SHARE;
    // The favourites move on by a tenth of the objects over the whole trace.
    const drift = Math.floor((i / REQUESTS) * (OBJECTS / 10));
    const object = scan ? scanned++ % OBJECTS : (chooser.next(random) + drift) % OBJECTS;
    let number = numbers.get(object);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(object, number);
      objects.push(object);
    }
    ids[i] = number;
    sizes[i] = sizeOf[object];
  }
  const trace: Trace = {
    name: "tour",
    format: "oracleGeneral",
    requests: REQUESTS,
    distinct: numbers.size,
    ids,
    sizes,
    ops: null,
    times: Float64Array.from({ length: REQUESTS }, (_, i) => Math.floor(i / 1000)),
    ttls: null,
    keyOf: (id) => String(objects[id]),
  };
  const path = join(folder, "tour.oracleGeneral");
  await writeTrace(path, trace, "oracleGeneral");
  return { trace, path };
}
