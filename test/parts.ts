/**
 * The parts of the suite. The quick one is what one runs while working: functions, short properties, and stores with a few threads. What
 * is listed here is left out of it; `parts.test.ts` asks for a file that is missing. `npm test` leaves out the last three, which need what a
 * machine may not have or take their time; `npm run test:all` runs everything.
 */

/** What they do to their own process, its warnings, its claims on directories, its stores, is their subject: each has a process to itself. */
export const ALONE = [
  "backup/{claims,directory-lock}.test.ts",
  "resources/guards.test.ts",
  "store/{collected,several-stores}.test.ts",
].map((pattern) => `test/${pattern}`);

/** They start processes. They share their own: each new one would load vitest, and the build, which takes a second of a processor. */
export const STARTERS = [
  "backup/{backups,command,damage}.test.ts",
  "cluster/{checkpoints,memory,sweeping}.test.ts",
  "core/debug-build.test.ts",
  "gate/{baseline,records}.test.ts",
  "harness/{cli,commands,run,scenario-run,trace}.test.ts",
  "ingest/{endings,influx-flux,kafka-parts,rate-limit,server,taps}.test.ts",
  "recording/caches.test.ts",
  "resources/mapped-file.test.ts",
  "workloads/traces/logs.test.ts",
  "trend/trend.test.ts",
].map((pattern) => `test/${pattern}`);

/** Against real servers of others, a terminal and browsers. */
export const SERVICES = [
  "browser/**",
  "cluster/{engine-nats,external,faults,joining,node-command}.test.ts",
  "eviction/sweep/machines.test.ts",
  "harness/redis.test.ts",
  "ingest/{influx,kafka}.test.ts",
  "monitor/{live-run,monitor,page,prometheus,terminal}.test.ts",
  "notebook/{command,serving}.test.ts",
  "reports/{escaping,page,summary}.test.ts",
  "resources/redis.test.ts",
].map((pattern) => `test/${pattern}`);

/**
 * As a stranger has it: packed and installed, bundled, in other runtimes, by the README and the examples, under the peers' own tests; with
 * subjects, programs and repositories of his own.
 */
export const INSTALLED = [
  "adapters/peers.test.ts",
  "gate/{against,benchmark}.test.ts",
  "harness/{conformance,release,subjects,trace-record}.test.ts",
  "{bundles,examples,package,readme,room-examples,runtimes}.test.ts",
].map((pattern) => `test/${pattern}`);

/** Short runs of the campaigns, which load the machine: threads and processes killed, full disks, soaks, fuzzing, the benchmarks. */
export const CAMPAIGNS = [
  "backup/{consistency,crash,full-disk,owner-death,signals,whole}.test.ts",
  "{checker,concurrency}/command.test.ts",
  "eviction/adaptive.test.ts",
  "eviction/sweep/{command,curve,load,rates}.test.ts",
  "harness/{bench,foreign-stores,fuzz,ingest,proofs,resources,run-endings,swarm,written-measurements}.test.ts",
  "stress/**",
].map((pattern) => `test/${pattern}`);

/** Seconds of a processor each, and nothing else against them: long properties, models, schedules, traces. They share processes. */
export const LONG = [
  "adapters/{keyv,langgraph-saver,langgraph-search,langgraph-store}.test.ts",
  "agents/{accumulator,agents-parts,table,table-readers}.test.ts",
  "backup/{failures,large-values,lives,snapshot-model,torn-copy}.test.ts",
  "checker/oracle.test.ts",
  "cluster/{invalidation,membership,recovery,simulation}.test.ts",
  "concurrency/{drawn-programs,explorer,tiny-history}.test.ts",
  "core/hash-quality.test.ts",
  "eviction/{against-naive,operations,parity,simulated-cache}.test.ts",
  "eviction/sweep/sweep.test.ts",
  "gate/false-alarms.test.ts",
  "harness/{child/child,cluster-scenario,workload}.test.ts",
  "live-eviction/{namespace-limits,parity,pressure,victims}.test.ts",
  "monitor/sampling.test.ts",
  "notebook/reading.test.ts",
  "recording/record.test.ts",
  "reports/{measurements,roles}.test.ts",
  "resources/{cache,kinds,permits,pool-model,shared}.test.ts",
  "store/{batches,changes,dropped-channels,dropped-namespaces,expired-first,get-or-set,hold,large-values,locks,memory,model,namespaces,near-cache,regions,ttl,values}.test.ts",
  "workloads/{learning,roles}.test.ts",
  "workloads/traces/{compression,csv,formats,fuzz,operation-log}.test.ts",
].map((pattern) => `test/${pattern}`);

export const NOT_QUICK = [...ALONE, ...STARTERS, ...SERVICES, ...INSTALLED, ...CAMPAIGNS, ...LONG];
