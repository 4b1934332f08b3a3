/** The subjects' door. Each is loaded when it is used, so that a missing package only matters to who asks for it. */
import { isAbsolute } from "node:path";
import { InvalidArgumentError } from "../../src/errors.js";
import { closest } from "../../workloads/closest.js";
import type { Subject } from "./subject.js";
import { loadSubjectFile } from "./subject-file.js";

export { noop } from "./noop.js";
export { REDIS_URL_VARIABLE, whyUnreachable, withoutPasswords } from "./redis-address.js";
export type {
  AgentContext,
  Mailboxes,
  MemoryUse,
  RunningBackups,
  SharedPart,
  Subject,
  SubjectAgent,
  SubjectNamespace,
  SubjectPlan,
} from "./subject.js";
export { type CapableAgent, canDo } from "./subject.js";

interface Entry {
  /** The npm package it needs. */
  readonly package?: string;
  readonly summary: string;
  /** A store that a monitor can be over. */
  readonly watchable?: true;
  load(): Promise<Subject>;
}

const SUBJECTS: Readonly<Record<string, Entry>> = {
  engram: {
    summary: "the store of this package, keys as strings, get copies into a reused buffer",
    watchable: true,
    load: async () => (await import("./engram.js")).engram,
  },
  "engram-prepared": {
    summary: "the same, keys encoded and hashed beforehand",
    watchable: true,
    load: async () => (await import("./engram.js")).engramPrepared,
  },
  map: {
    summary: "an unshared Map per worker: the in-process limit",
    load: async () => (await import("./map.js")).map,
  },
  lmdb: {
    package: "lmdb",
    summary: "lmdb over one memory-mapped file, puts batched, no sync",
    load: async () => (await import("./lmdb.js")).lmdb,
  },
  sharedmap: {
    package: "sharedmap",
    summary: "sharedmap: a locked hash table in a SharedArrayBuffer",
    load: async () => (await import("./sharedmap.js")).sharedmap,
  },
  "lru-cache": {
    package: "lru-cache",
    summary: "an unshared lru-cache per worker",
    load: async () => (await import("./lru-cache.js")).lruCache,
  },
  redis: {
    package: "@redis/client",
    summary: "a redis server, one request in flight per worker; needs --redis URL",
    load: async () => (await import("./redis.js")).redis,
  },
  noop: {
    summary: "does nothing: what the driver itself costs",
    load: async () => (await import("./noop.js")).noop,
  },
};

export const SUBJECT_NAMES: readonly string[] = Object.keys(SUBJECTS);

export const WATCHABLE_SUBJECTS: readonly string[] = SUBJECT_NAMES.filter((name) => SUBJECTS[name].watchable);

export function subjectSummary(name: string): string {
  return entry(name).summary;
}

/** Throws InvalidArgumentError when there is no such subject, or when the package it needs is not installed. */
export function checkSubject(name: string): void {
  const why = whyMissing(name);
  if (why !== null) throw new InvalidArgumentError(why);
}

/** Why a subject cannot run, in a line: the package it needs is not installed. Null: it can. Throws as checkSubject does of no subject. */
export function whyMissing(name: string): string | null {
  const needed = entry(name).package;
  if (needed === undefined) return null;
  try {
    import.meta.resolve(needed);
    return null;
  } catch {
    return `subject ${name} needs the package ${needed}: npm install ${needed}`;
  }
}

/** @param reference the name of one of ours, or the absolute path of a module that exports one */
export async function loadSubject(reference: string): Promise<Subject> {
  return isAbsolute(reference) ? loadSubjectFile(reference) : entry(reference).load();
}

function entry(name: string): Entry {
  if (Object.hasOwn(SUBJECTS, name)) return SUBJECTS[name];
  throw new InvalidArgumentError(
    `unknown subject "${name}"${closest(name, SUBJECT_NAMES)}; known: ${SUBJECT_NAMES.join(", ")}`,
  );
}
