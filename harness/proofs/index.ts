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
  "foreign-stores": {
    summary: "stores of others through every scenario: measured, or declined by name; no hang, no process left",
    program: at("./foreign-stores/main.js"),
  },
  "ingest:crash": {
    summary:
      "the metric pipeline, its database and brokers killed under load: what was acknowledged is there as often as promised",
    program: at("./ingest-crash/main.js"),
  },
  "ingest:fuzz": {
    summary: "bodies of JSON, line protocol and OTLP, whole and damaged: taken or refused by name",
    program: at("./ingest-fuzz/main.js"),
  },
  "ingest:rates": {
    summary: "metrics a second into a Kafka topic and out of it to InfluxDB, beside InfluxDB directly",
    program: at("./ingest-rates/main.js"),
  },
  "release:check": {
    summary: "the packages as npm would publish them, in each version of Node that users run",
    program: at("./release/main.js"),
  },
  "test:repeat": {
    summary: "the suite again and again on a loaded machine, each run with a seed of its own",
    program: at("./repeat/main.js"),
  },
  rates: {
    summary: "requests a second that each policy simulates, beside libCacheSim's",
    program: at("./rates.js"),
  },
  "evict:workers": {
    summary:
      "a sweep over worker processes, one of them killed and one stopped: the rows of one thread, and how much sooner",
    program: at("./evict-workers/main.js"),
  },
  "resources-kills": {
    summary: "threads killed with one resource of each kind in their hands; nothing of them is left",
    program: at("./resources-kills/main.js"),
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
  "gate:command": {
    summary: "the same of a gate over a command, on this machine as busy as it is",
    program: at("./gate-command/main.js"),
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
  "cluster:faults": {
    summary: "three nodes on three NATS servers, killed, stopped and cut off; linearizable, healed, nothing lost",
    program: at("./cluster-faults/main.js"),
  },
  "cluster:sim": {
    summary:
      "small clusters under faults that a seed decides: nothing diverges or is lost, strong is linearizable; planted faults found",
    program: at("./cluster-sim/main.js"),
  },
  picture: {
    summary: "the head of a report as a picture, for the README",
    program: at("./picture.js"),
  },
};
