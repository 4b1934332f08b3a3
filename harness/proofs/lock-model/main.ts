/**
 * The models of the locks, searched whole, and each planted fault found in them: `npm run proof -- lock-model [--deep]`. Without `--deep` it takes
 * some minutes; with it, the largest that fit a few GiB. The figures come last; exit code 1 when a model breaks or a fault is not found.
 */
import { parseArgs } from "node:util";
import { type MutexFault, type MutexSettings, mutexModel } from "./mutex-model.js";
import { type RwFault, type RwSettings, rwLockModel } from "./rwlock-model.js";
import { type Model, type Search, search } from "./search.js";

const { values } = parseArgs({ options: { deep: { type: "boolean" } } });

const MUTEXES: readonly MutexSettings[] = [
  { threads: 2, rounds: 2, deaths: 0, impatient: true },
  { threads: 3, rounds: 1, deaths: 0, impatient: true },
  { threads: 2, rounds: 2, deaths: 2, impatient: true },
  { threads: 2, rounds: 3, deaths: 1, impatient: true },
  ...(values.deep ? [{ threads: 3, rounds: 1, deaths: 1, impatient: true }] : []),
];
const RW_LOCKS: readonly RwSettings[] = [
  { roles: "rw", rounds: 2, deaths: 2, impatient: true },
  { roles: "rrw", rounds: 1, deaths: 0, impatient: true },
  { roles: "rww", rounds: 1, deaths: 0, impatient: true },
  ...(values.deep
    ? [
        { roles: "rw", rounds: 3, deaths: 1, impatient: true },
        { roles: "rrw", rounds: 1, deaths: 1, impatient: true },
        { roles: "rww", rounds: 1, deaths: 1, impatient: true },
      ]
    : []),
];
const MUTEX_FAULTS: readonly [MutexFault, MutexSettings][] = [
  ["blind-handover", { threads: 2, rounds: 2, deaths: 0, impatient: true }],
  ["struck-early", { threads: 2, rounds: 1, deaths: 1, impatient: false }],
  ["no-pass-on", { threads: 3, rounds: 1, deaths: 0, impatient: true }],
  ["reaper-silent", { threads: 2, rounds: 1, deaths: 1, impatient: false }],
  ["reaper-trusts-owner", { threads: 2, rounds: 1, deaths: 1, impatient: false }],
];
const RW_FAULTS: readonly [RwFault, RwSettings][] = [
  ["leave-silently", { roles: "rw", rounds: 1, deaths: 0, impatient: false }],
  ["no-drain-wake", { roles: "rw", rounds: 1, deaths: 0, impatient: false }],
  ["no-drain", { roles: "rw", rounds: 1, deaths: 0, impatient: false }],
  ["forget-late", { roles: "rw", rounds: 1, deaths: 0, impatient: false }],
  ["no-drain-check", { roles: "rw", rounds: 2, deaths: 1, impatient: true }],
  ["no-second-look", { roles: "rw", rounds: 2, deaths: 0, impatient: true }],
];

let failed = 0;
let states = 0;

function tell(what: string, found: Search, expected: boolean): void {
  states += found.states;
  const right = (found.fault !== null) === expected && (expected || found.whole);
  if (!right) failed++;
  const verdict = found.fault ?? (found.whole ? "holds" : "not searched whole");
  console.log(`${right ? " " : "!"} ${what}: ${found.states} states, depth ${found.depth}: ${verdict}`);
}

const told = (settings: object): string => JSON.stringify(settings).replaceAll('"', "");

for (const settings of MUTEXES) tell(`mutex ${told(settings)}`, run(mutexModel(settings)), false);
for (const settings of RW_LOCKS) tell(`rwLock ${told(settings)}`, run(rwLockModel(settings)), false);
for (const [fault, settings] of MUTEX_FAULTS)
  tell(`mutex with ${fault}`, run(mutexModel({ ...settings, fault })), true);
for (const [fault, settings] of RW_FAULTS) tell(`rwLock with ${fault}`, run(rwLockModel({ ...settings, fault })), true);

const models = MUTEXES.length + RW_LOCKS.length;
const faults = MUTEX_FAULTS.length + RW_FAULTS.length;
console.log(
  failed === 0
    ? `lock models held: ${models} searched whole, ${faults} planted faults found, ${states} states`
    : `lock models failed: ${failed} of ${models + faults}`,
);
process.exitCode = failed === 0 ? 0 : 1;

function run(model: Model): Search {
  return search(model, 16_000_000);
}
