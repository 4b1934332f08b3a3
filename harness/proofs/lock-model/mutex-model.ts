/**
 * The mutex of src/core/assembly/mutex.ts as a model: T threads take it R times each; at any step a thread may die (D of them at most) and its reaper
 * begin; asleep, its time may be up. One access to shared memory is one step. Written from the rules, not from the engine's source.
 *
 *   safety   at most one living thread is inside
 *   progress no state where somebody sleeps and nobody but time can take a step
 */
import type { Model } from "./search.js";

export type MutexFault = "blind-handover" | "struck-early" | "no-pass-on" | "reaper-silent" | "reaper-trusts-owner";

export interface MutexSettings {
  readonly threads: number;
  readonly rounds: number;
  readonly deaths: number;
  /** Whether who is asleep may give up. */
  readonly impatient: boolean;
  readonly fault?: MutexFault;
}

// the lock, and the reaper
const OWNER = 0;
const NEXT = 1;
const WAITERS = 2;
const DEATHS = 3;
const REAPING = 4; // thread + 1
const REAPER_AT = 5;
const HEAD = 6;
// a thread
const AT = 0;
const NEWS = 1; // its wake word was bumped since it read it
const SEEN_OWNER = 2;
const SEEN_NEXT = 3;
const DUE = 4;
const ROUND = 5;
const NAMED = 6;
const TARGET = 7;
const DEAD = 8; // 1 dead, 2 reaped
const WIDTH = 9;

const P = {
  name: 0,
  grab: 1,
  join: 2,
  readWake: 3,
  look: 4,
  decide: 5,
  asleep: 6,
  leaveWaiters: 7,
  inside: 8,
  letGo: 9,
  read: 10,
  swap: 11,
  pick: 12,
  bump: 13,
  notify: 14,
  strike: 15,
  giveUp: 16,
  giveUpSwap: 17,
  giveUpLeave: 18,
  passOn: 19,
  done: 20,
} as const;
const R = { waiters: 1, read: 2, look: 3, bump: 4, notify: 5, strike: 6 } as const;

export function mutexModel({ threads, rounds, deaths, impatient, fault }: MutexSettings): Model {
  const start = new Uint8Array(HEAD + threads * WIDTH);
  const base = (t: number) => HEAD + t * WIDTH;
  const nextWaiter = (waiters: number, from: number): number => {
    for (let i = 0; i < threads; i++) {
      const t = (from + i) % threads;
      if (waiters & (1 << t)) return t + 1;
    }
    return 0;
  };
  /** Wakes a thread that sleeps. */
  const wakeUp = (n: Uint8Array, t: number) => {
    if (n[base(t) + AT] === P.asleep && n[base(t) + DEAD] === 0) n[base(t) + AT] = P.readWake;
  };

  const stepThread = (s: Uint8Array, t: number, emit: (n: Uint8Array) => void): unknown => {
    const b = base(t);
    const me = t + 1;
    const n = s.slice();
    const go = (at: number) => {
      n[b + AT] = at;
      emit(n);
    };
    const same = s[OWNER] === s[b + SEEN_OWNER] && s[NEXT] === s[b + SEEN_NEXT];
    switch (s[b + AT]) {
      case P.name:
        n[b + NAMED] = 1;
        return go(P.grab);
      case P.grab:
        if (s[OWNER] !== 0 || s[NEXT] !== 0) return go(P.join);
        n[OWNER] = me;
        return go(P.inside);
      case P.join:
        n[WAITERS] |= 1 << t;
        return go(P.readWake);
      case P.readWake:
        n[b + NEWS] = 0;
        return go(P.look);
      case P.look:
        n[b + SEEN_OWNER] = s[OWNER];
        n[b + SEEN_NEXT] = s[NEXT];
        return go(P.decide);
      case P.decide: {
        const owner = s[b + SEEN_OWNER];
        const next = s[b + SEEN_NEXT];
        if (owner === me) return go(P.leaveWaiters);
        if (owner === 0 && (next === 0 || next === me)) {
          if (!same) return go(P.look);
          n[OWNER] = me;
          n[NEXT] = 0;
          return go(P.leaveWaiters);
        }
        if (s[b + DUE] && next === 0) {
          if (same) n[NEXT] = me;
          return go(P.look);
        }
        return go(s[b + NEWS] ? P.readWake : P.asleep);
      }
      case P.asleep: {
        n[b + DUE] = 1;
        go(P.readWake);
        if (!impatient) return;
        const g = s.slice();
        g[b + AT] = P.giveUp;
        emit(g);
        return;
      }
      case P.leaveWaiters:
        n[WAITERS] &= ~(1 << t);
        n[b + DUE] = 0;
        return go(P.inside);
      case P.inside:
        return go(P.letGo);
      case P.letGo:
        if (s[OWNER] !== me || s[NEXT] !== 0) return go(P.read);
        n[OWNER] = 0;
        if (fault === "struck-early") n[b + NAMED] = 0;
        return go(P.pick);
      case P.read:
        n[b + SEEN_OWNER] = s[OWNER];
        n[b + SEEN_NEXT] = s[NEXT];
        return go(P.swap);
      case P.swap: {
        const next = s[b + SEEN_NEXT];
        if (!same && !(fault === "blind-handover" && next !== 0)) return go(P.read);
        n[OWNER] = next;
        n[NEXT] = 0;
        n[b + TARGET] = next;
        if (fault === "struck-early") n[b + NAMED] = 0;
        return go(next === 0 ? P.pick : P.bump);
      }
      case P.pick:
        n[b + TARGET] = nextWaiter(s[WAITERS], me);
        return go(n[b + TARGET] === 0 ? P.strike : P.bump);
      case P.bump:
        n[base(s[b + TARGET] - 1) + NEWS] = 1;
        return go(P.notify);
      case P.notify:
        wakeUp(n, s[b + TARGET] - 1);
        return go(P.strike);
      case P.strike: {
        const round = s[b + ROUND] + 1;
        n.fill(0, b, b + WIDTH);
        n[b + ROUND] = round < rounds ? round : 0;
        return go(round < rounds ? P.name : P.done);
      }
      case P.giveUp:
        n[b + SEEN_OWNER] = s[OWNER];
        n[b + SEEN_NEXT] = s[NEXT];
        return go(P.giveUpSwap);
      case P.giveUpSwap:
        if (s[b + SEEN_OWNER] === me) return go(P.leaveWaiters);
        if (s[b + SEEN_NEXT] !== me) return go(P.giveUpLeave);
        if (!same) return go(P.giveUp);
        n[NEXT] = 0;
        return go(P.giveUpLeave);
      case P.giveUpLeave:
        n[WAITERS] &= ~(1 << t);
        return go(P.passOn);
      case P.passOn:
        return go(fault !== "no-pass-on" && s[OWNER] === 0 && s[NEXT] === 0 ? P.pick : P.strike);
    }
  };

  const stepReaper = (s: Uint8Array, emit: (n: Uint8Array) => void): unknown => {
    const t = s[REAPING] - 1;
    const b = base(t);
    const n = s.slice();
    const go = (at: number) => {
      n[REAPER_AT] = at;
      emit(n);
    };
    switch (s[REAPER_AT]) {
      case R.waiters:
        if (!s[b + NAMED]) return go(R.strike);
        n[WAITERS] &= ~(1 << t);
        return go(R.read);
      case R.read: // a look and its swap; a failed swap looks again
        if (s[NEXT] === t + 1) {
          n[NEXT] = 0;
          return go(R.read);
        }
        if (s[OWNER] === t + 1) {
          n[OWNER] = s[NEXT];
          n[NEXT] = 0;
        }
        return go(R.look);
      case R.look: {
        const silent = fault === "reaper-silent" || (fault === "reaper-trusts-owner" && s[OWNER] !== 0);
        n[b + TARGET] = silent ? 0 : s[OWNER] !== 0 ? s[OWNER] : nextWaiter(s[WAITERS], t + 1);
        return go(n[b + TARGET] === 0 ? R.strike : R.bump);
      }
      case R.bump:
        n[base(s[b + TARGET] - 1) + NEWS] = 1;
        return go(R.notify);
      case R.notify:
        wakeUp(n, s[b + TARGET] - 1);
        return go(R.strike);
      case R.strike:
        n.fill(0, b, b + WIDTH);
        n[b + AT] = P.done;
        n[b + DEAD] = 2;
        n[REAPING] = 0;
        return go(0);
    }
  };

  const lives = (s: Uint8Array, t: number) => s[base(t) + DEAD] === 0;

  return {
    start,
    step(s, emit) {
      for (let t = 0; t < threads; t++) {
        if (!lives(s, t) || s[base(t) + AT] === P.done) continue;
        stepThread(s, t, emit);
        if (s[DEATHS] === deaths) continue;
        const n = s.slice();
        n[DEATHS]++;
        n[base(t) + DEAD] = 1;
        emit(n);
      }
      if (s[REAPING] !== 0) {
        stepReaper(s, emit);
        return;
      }
      for (let t = 0; t < threads; t++) {
        if (s[base(t) + DEAD] !== 1) continue;
        const n = s.slice();
        n[REAPING] = t + 1;
        n[REAPER_AT] = R.waiters;
        emit(n);
      }
    },
    fault(s) {
      let inside = 0;
      let asleep = 0;
      let awake = s[REAPING] !== 0;
      for (let t = 0; t < threads; t++) {
        const at = s[base(t) + AT];
        if (!lives(s, t)) awake ||= s[base(t) + DEAD] === 1;
        else if (at === P.asleep) asleep++;
        else if (at !== P.done) awake = true;
        if (lives(s, t) && at === P.inside) inside++;
      }
      if (inside > 1) return `${inside} threads are inside`;
      return asleep > 0 && !awake ? "a wake-up is lost: somebody sleeps, and nobody can take a step" : null;
    },
  };
}
