/**
 * The proofs of this repository: what measures a build, or tries for minutes and hours to break it. They work in a checkout and are not
 * packed. Each prints its figures last and exits with 1 when they fall short; each is an npm script of its name as well.
 */

export interface Proof {
  readonly summary: string;
  /** The program, which takes its options from the process's arguments. */
  readonly program: URL;
  /** It drives the engine's explore build, which is made first. */
  readonly explores?: true;
}

const at = (path: string): URL => new URL(path, import.meta.url);

export const PROOFS: Readonly<Record<string, Proof>> = {
  bench: {
    summary: "the store beside its peers and its own parts, judged by the targets",
    program: at("./bench/main.js"),
  },
  stress: {
    summary: "real threads on a few hot keys, some of them killed; every history linearizable",
    program: at("./stress/main.js"),
  },
  soak: {
    summary: "two workers on one store for minutes: nothing wrong, and memory that stops growing",
    program: at("./soak/main.js"),
  },
  "monitor-soak": {
    summary: "a watched store for an hour: memory flat, no tick, operation, sample or scrape missed",
    program: at("./monitor-soak/main.js"),
  },
  crash: {
    summary: "a whole process killed under load, again and again; every finished backup is whole",
    program: at("./crash/main.js"),
  },
  fuzz: {
    summary: "damaged files of every kind that is read: read or refused, in bounded time and memory",
    program: at("./fuzz/main.js"),
  },
  "test:repeat": {
    summary: "the suite again and again on a loaded machine, each run with a seed of its own",
    program: at("./repeat/main.js"),
  },
  rates: {
    summary: "requests a second that each policy simulates, beside libCacheSim's",
    program: at("./rates.js"),
  },
  "backup:speed": {
    summary: "what backups and a recovery cost",
    program: at("./backup-speed.js"),
  },
  "recording:cost": {
    summary: "what recording costs a program, off and on",
    program: at("./recording-cost.js"),
  },
  "gate:proof": {
    summary: "how often the gate fails a build that is no slower, and catches one that is",
    program: at("./gate/main.js"),
  },
  "trend:proof": {
    summary: "how often engram trend sees a change or a trend where there is none, and one that there is",
    program: at("./trend/main.js"),
  },
  "explore:proof": {
    summary: "every planted fault is found; the engine as it ships stands a million schedules",
    program: at("./explorer/main.js"),
    explores: true,
  },
  "lock-model": {
    summary: "models of the locks searched whole, deaths and time-outs at every step; planted faults found",
    program: at("./lock-model/main.js"),
  },
  "lock-kills": {
    summary: "threads terminated while they hold locks, wait for them and hand them over",
    program: at("./lock-kills/main.js"),
  },
  "agents-kills": {
    summary: "threads terminated while they take and give blocks and pieces, make agents, hand over, adopt and claim",
    program: at("./agents-kills/main.js"),
  },
  picture: {
    summary: "the head of a report as a picture, for the README",
    program: at("./picture.js"),
  },
};
