/**
 * The parts of the suite. The quick one is what one runs while working: functions, short properties, and stores with a few threads. What
 * is listed here is left out of it; `parts.test.ts` asks for a file that is missing.
 */

/** They start processes, browsers or servers, or are campaigns that load the machine: each has a process to itself. */
export const ALONE = [
  "adapters/peers.test.ts",
  "backup/{backups,claims,command,consistency,crash,damage,directory-lock,full-disk,owner-death,signals,whole}.test.ts",
  "browser/**",
  "bundles.test.ts",
  "runtimes.test.ts",
  "checker/command.test.ts",
  "concurrency/command.test.ts",
  "core/debug-build.test.ts",
  "eviction/adaptive.test.ts",
  "eviction/sweep/{command,curve,load,rates}.test.ts",
  "examples.test.ts",
  "gate/{against,baseline,records}.test.ts",
  "harness/{bench,cli,commands,fuzz,proofs,redis,run,scenario-run,subjects,swarm,trace,trace-record,written-measurements}.test.ts",
  "monitor/{live-run,monitor,page,prometheus,terminal}.test.ts",
  "package.test.ts",
  "readme.test.ts",
  "reports/{escaping,page,summary}.test.ts",
  "resources/mapped-file.test.ts",
  "store/several-stores.test.ts",
  "resources/{guards,redis}.test.ts",
  "stress/**",
  "trend/trend.test.ts",
].map((pattern) => `test/${pattern}`);

/** Seconds of a processor each, and nothing else against them: long properties, models, schedules, traces. They share processes. */
export const LONG = [
  "adapters/{keyv,langgraph-saver,langgraph-search,langgraph-store}.test.ts",
  "agents/{accumulator,agents-parts,table,table-readers}.test.ts",
  "backup/{failures,large-values,lives,snapshot-model,torn-copy}.test.ts",
  "checker/oracle.test.ts",
  "concurrency/{drawn-programs,explorer,tiny-history}.test.ts",
  "core/hash-quality.test.ts",
  "eviction/{against-naive,operations,parity,simulated-cache}.test.ts",
  "eviction/sweep/sweep.test.ts",
  "gate/false-alarms.test.ts",
  "harness/{child/child,workload}.test.ts",
  "live-eviction/{namespace-limits,parity,pressure,victims}.test.ts",
  "monitor/sampling.test.ts",
  "recording/record.test.ts",
  "reports/{measurements,roles}.test.ts",
  "resources/{cache,kinds,pool-model}.test.ts",
  "store/{batches,changes,dropped-channels,dropped-namespaces,expired-first,get-or-set,hold,large-values,locks,memory,model,namespaces,near-cache,regions,ttl,values}.test.ts",
  "workloads/{learning,roles}.test.ts",
  "workloads/traces/{compression,csv,formats,fuzz,operation-log}.test.ts",
].map((pattern) => `test/${pattern}`);

export const NOT_QUICK = [...ALONE, ...LONG];
