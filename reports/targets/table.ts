/**
 * Every figure the source documents promise, as data.
 *
 * The table is copied from the documents and never from a measurement: a target that the language or the machine
 * cannot meet stays here and is reported missed, with its distance. Where a document gives a span ("10-100 µs") the
 * far end is the promise, since being faster than promised is no failure; where it says "about" the figure itself is
 * the limit; `documented` keeps the document's own words so that a reader can see what was made of them.
 *
 * Sources (docs/sources.md): M = decisions of the high-performance memory store, R = the Rust memory model for agents,
 * P = the Patinox memory utilities, D = the erlmcp distributed memory design, S = the MetricStream ADRs.
 */

import type { Target } from "../../src/metrics/target.js";
import { BACKUP_TARGETS } from "./backups.js";
import { ENGINE_TARGETS } from "./engine.js";
import { ERLMCP_TARGETS } from "./erlmcp.js";
import { OPERATION_TARGETS } from "./memory-store.js";
import { METRIC_STREAM_TARGETS } from "./metric-stream.js";
import { PATINOX_TARGETS } from "./patinox.js";
import { RUST_MODEL_TARGETS } from "./rust-model.js";

/** Every documented target, by document. */
export const TARGETS: readonly Target[] = [
  ...OPERATION_TARGETS,
  ...ENGINE_TARGETS,
  ...BACKUP_TARGETS,
  ...RUST_MODEL_TARGETS,
  ...PATINOX_TARGETS,
  ...ERLMCP_TARGETS,
  ...METRIC_STREAM_TARGETS,
];

const byId = new Map(TARGETS.map((target) => [target.id, target]));

/** The target of that id, or undefined when no document promises such a figure. */
export function findTarget(id: string): Target | undefined {
  return byId.get(id);
}
