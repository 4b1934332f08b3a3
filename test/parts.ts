/**
 * The two parts of the suite. The quick one is what one runs while working: functions, properties, and stores with a few threads. What is
 * listed here starts processes, browsers or servers, or is a campaign, if a short one; `parts.test.ts` asks for a file that is missing.
 */
export const NOT_QUICK = [
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
  "harness/{bench,cli,commands,fuzz,proofs,redis,run,scenario-run,subjects,trace,trace-record,written-measurements}.test.ts",
  "monitor/{live-run,monitor,page,prometheus}.test.ts",
  "package.test.ts",
  "readme.test.ts",
  "reports/{escaping,page,summary}.test.ts",
  "store/several-stores.test.ts",
  "stress/**",
].map((pattern) => `test/${pattern}`);
