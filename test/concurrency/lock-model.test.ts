/** The models of the locks, the small ones: what holds for every order of steps, deaths and time-outs, and that a rule left out is seen. */
import { describe, expect, it } from "vitest";
import { type MutexFault, type MutexSettings, mutexModel } from "#dist/harness/proofs/lock-model/mutex-model.js";
import { type RwFault, rwLockModel } from "#dist/harness/proofs/lock-model/rwlock-model.js";
import { search } from "#dist/harness/proofs/lock-model/search.js";

const TWICE = { threads: 2, rounds: 2, deaths: 0, impatient: true };
const DEATH = { threads: 2, rounds: 1, deaths: 1, impatient: false };
const READ_WRITE = { roles: "rw", rounds: 1, deaths: 0, impatient: true };
const READ_WRITE_TWICE = { roles: "rw", rounds: 2, deaths: 0, impatient: true };

describe("the model of the mutex", () => {
  it.each([TWICE, { ...DEATH, impatient: true }])(
    "lets one in and wakes everybody, in all states of %j",
    (settings) => {
      expect(search(mutexModel(settings))).toMatchObject({ fault: null, whole: true });
    },
  );

  it.each<[MutexFault, MutexSettings]>([
    ["blind-handover", TWICE],
    ["struck-early", DEATH],
    ["no-pass-on", { ...TWICE, threads: 3, rounds: 1 }],
    ["reaper-silent", DEATH],
    ["reaper-trusts-owner", DEATH],
  ])("breaks with %s", (fault, settings) => {
    expect(search(mutexModel({ ...settings, fault })).fault).toContain("a wake-up is lost");
  });
});

describe("the model of the read-write lock", () => {
  it.each([READ_WRITE_TWICE, { ...READ_WRITE, deaths: 1 }])(
    "keeps writers alone and wakes everybody, in all states of %j",
    (settings) => {
      expect(search(rwLockModel(settings))).toMatchObject({ fault: null, whole: true });
    },
  );

  it.each<[RwFault, string]>([
    ["leave-silently", "a wake-up is lost"],
    ["no-drain-wake", "a wake-up is lost"],
    ["no-drain", "1 writers and 1 readers are inside"],
    ["forget-late", "a wake-up is lost"],
    ["no-drain-check", "a wake-up is lost"],
    ["no-second-look", "1 writers and 1 readers are inside"],
  ])("breaks with %s", (fault, what) => {
    expect(search(rwLockModel({ ...READ_WRITE_TWICE, fault })).fault).toContain(what);
  });
});
