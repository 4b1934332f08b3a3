/** Files to begin with, as `engram init` writes them. Each runs as it is. */

export const SUBJECT_TEMPLATE = `/**
 * A store of your own as a subject of the lab:
 *
 *   npx engram check-subject FILE              is it what it says?
 *   npx engram run blackboard --subject FILE   beside engram, map and lmdb
 *
 * Keys are strings, values are Uint8Arrays. What is in here is a Map in each worker: put your store in its place.
 */
import { byKey, defineSubject } from "engram/lab";

export default defineSubject({
  name: "my-store",
  summary: "a Map in each worker",

  // True when all workers see one store. Then open() makes it, and its attachment is what reaches the workers by structured clone.
  shared: false,
  // True when set(key, value, ttlMs) forgets the entry ttlMs after; 0 means never.
  expires: false,
  // True when any answer below is a promise.
  asynchronous: false,
  // What it cannot do is left out of the scenario, and the report says so.
  cannot: ["increment"],

  // Once for every pass, in the main thread. The plan tells how many entries and bytes are to come, and a folder for files.
  async open(plan) {
    return {
      attachment: { entries: plan.entries },
      notes: ["not shared: each worker has a Map of its own"],
      async close() {},
    };
  },

  // In each worker thread.
  async attach(attachment, context) {
    const map = new Map();
    return byKey(context, {
      get: (key) => map.get(key),
      set: (key, value) => map.set(key, value),
      delete: (key) => map.delete(key),
      close: () => map.clear(),
    });
  },
});
`;

export const SCENARIO_TEMPLATE = `# A scenario of your own: npx engram run FILE
# What is misspelt or of a wrong unit is refused with its line before anything runs; docs/scenarios.md tells all there is.
title: My agents
story: >-
  Agents share a board. A few entries are read far more often than the rest; at noon comes three times the load.

# Each agent is a worker thread; with "workers: 2" many agents would share two.
agents: 4
# Share of the keys that is there before the first phase begins.
preload: 100%
store: { capacity: 32MiB } # add "eviction: lru" to choose a strategy

phases:
  # As fast as it goes: the next operation starts when the last has ended.
  - name: steady
    duration: 2s
    mix: { get: 90, set: 8, delete: 2 } # also: getOrSet, readModifyWrite, insert, increment, scan, append, watch, send, receive
    keys: { distribution: zipfian, count: 10000 } # or uniform, latest, hotspot, sequential, exponential
    values: { distribution: uniform, min: 64, max: 1KiB } # or constant with "size", zipf, list
  # At a rate: operations start at their intended times, and waiting counts.
  - name: noon
    duration: 2s
    mix: { get: 90, set: 10 }
    keys: { distribution: zipfian, count: 10000 }
    values: { distribution: constant, size: 256 }
    ttl: { min: 200ms, max: 2s } # what is written expires
    rate: { base: 5000/s, burst: 15000/s, every: 500ms, for: 100ms } # or 5000/s alone, or { from: 1000/s, to: 20000/s }
`;
