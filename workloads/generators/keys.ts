/** Key distributions by name, as scenario files spell them. */
import type { KeyChooser } from "./chooser.js";
import { Exponential, Hotspot, Sequential, Uniform } from "./simple.js";
import { Latest, ScrambledZipfian, TrueZipf, Zipfian } from "./zipfian.js";

export type KeySpec =
  | { distribution: "uniform"; count: number }
  | { distribution: "zipfian"; count: number; theta?: number }
  | { distribution: "scrambledZipfian"; count: number }
  | { distribution: "zipf"; count: number; exponent?: number }
  | { distribution: "latest"; count: number; theta?: number }
  | { distribution: "hotspot"; count: number; hotKeys?: number; hotOperations?: number }
  | { distribution: "exponential"; count: number; percentile?: number; range?: number }
  | { distribution: "sequential"; count: number };

/** `start`: where a sequential chooser begins; workers start apart from each other. */
export function keyChooser(spec: KeySpec, start = 0): KeyChooser {
  switch (spec.distribution) {
    case "uniform":
      return new Uniform(spec.count);
    case "zipfian":
      return new Zipfian(spec.count, spec.theta);
    case "scrambledZipfian":
      return new ScrambledZipfian(spec.count);
    case "zipf":
      return new TrueZipf(spec.count, spec.exponent);
    case "latest":
      return new Latest(spec.count, spec.theta);
    case "hotspot":
      return new Hotspot(spec.count, spec.hotKeys, spec.hotOperations);
    case "exponential":
      return new Exponential(spec.count, spec.percentile, spec.range);
    case "sequential":
      return new Sequential(spec.count, start);
  }
}
