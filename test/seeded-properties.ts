/**
 * Properties are drawn from one seed, like all else that a test draws (given.ts): the usual one, or SEED's. fast-check tells it with what
 * it found; a test that names a seed of its own keeps it.
 */
import fc from "fast-check";
import { seedOr } from "./given.js";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seedOr(20_261_128) | 0 });
