/**
 * The read-write lock of src/core/assembly/rwlock.ts as a model: one letter a thread, r reads and w writes, R times each; deaths and reapers at any step, and a
 * slot that was reaped is another thread's, which goes on with what is left. A reader that sleeps may give up. The writers' own queue is a plain one: the hand-over among them is
 * the mutex's (mutex-model.ts). One access to shared memory is one step.
 *
 *   safety   no writer is inside with anybody else
 *   progress no state where somebody sleeps and nobody can take a step; a writer that drains may take back, in its time, bits of no reader
 */
import type { Model } from "./search.js";

export type RwFault =
  | "leave-silently"
  | "no-drain-wake"
  | "no-drain"
  | "forget-late"
  | "no-drain-check"
  | "no-second-look";

export interface RwSettings {
  /** Such as "rrw". */
  readonly roles: string;
  readonly rounds: number;
  readonly deaths: number;
  /** Readers that sleep may give up. */
  readonly impatient: boolean;
  readonly fault?: RwFault;
}

const OWNER = 0;
const WAITERS = 1;
const READERS = 2;
const QUEUE = 3;
const DEATHS = 4;
const REAPING = 5;
const REAPER_AT = 6;
const REAPER_WAKES = 7;
const HEAD = 8;
const AT = 0;
const NEWS = 1;
const TARGET = 2; // thread + 1
const GRANTED = 3; // bits still to be woken, or looked at
const ROUND = 4;
const DEAD = 5;
const NAMED = 6;
const WIDTH = 7;

const P = {
  begin: 0,
  // readers
  look: 1,
  enter: 2,
  again: 3,
  undo: 4,
  undone: 5,
  undoneBump: 6,
  undoneNotify: 7,
  queue: 8,
  wake: 9,
  granted: 10,
  free: 11,
  sleep: 12,
  readerAsleep: 13,
  slowEnter: 14,
  slowAgain: 15,
  slowUndo: 16,
  slowUndone: 17,
  slowBump: 18,
  slowNotify: 19,
  unqueue: 20,
  reading: 21,
  leave: 22,
  left: 23,
  leftBump: 24,
  leftNotify: 25,
  giveUp: 26,
  gaveUp: 27,
  strike: 28,
  // writers
  grab: 40,
  join: 41,
  writerWake: 42,
  writerLook: 43,
  writerSleep: 44,
  writerAsleep: 45,
  leaveWaiters: 46,
  drainWake: 47,
  drain: 48,
  drainSleep: 49,
  draining: 50,
  suspect: 51,
  takeBack: 52,
  second: 53,
  putBack: 54,
  putBackBump: 55,
  putBackNotify: 56,
  writing: 57,
  readQueue: 58,
  grant: 59,
  letGo: 60,
  wakeGranted: 61,
  wakeGrantedNotify: 62,
  wakeWriter: 63,
  wakeWriterNotify: 64,
  late: 65,
  lateQueue: 66,
  lateNotify: 67,
  done: 99,
} as const;
const ASLEEP: Readonly<Record<number, number>> = {
  [P.readerAsleep]: P.wake,
  [P.writerAsleep]: P.writerWake,
  [P.draining]: P.drainWake,
};
const R = { queue: 1, readers: 2, waiters: 3, owner: 4, read: 5, wake: 6, notify: 7, strike: 8 } as const;

export function rwLockModel({ roles, rounds, deaths, impatient, fault }: RwSettings): Model {
  const threads = roles.length;
  const base = (t: number) => HEAD + t * WIDTH;
  const start = new Uint8Array(HEAD + threads * WIDTH);
  const first = (bits: number): number => (bits === 0 ? 0 : 32 - Math.clz32(bits & -bits));
  const after = (bits: number, from: number): number => {
    for (let i = 0; i < threads; i++) if (bits & (1 << ((from + i) % threads))) return ((from + i) % threads) + 1;
    return 0;
  };
  const wakeUp = (n: Uint8Array, owner: number) => {
    const b = base(owner - 1);
    const to = ASLEEP[n[b + AT]];
    if (to !== undefined && n[b + DEAD] !== 1) n[b + AT] = to;
  };
  const bump = (n: Uint8Array, owner: number) => {
    n[base(owner - 1) + NEWS] = 1;
  };
  const readsBy = (s: Uint8Array, t: number) => s[base(t) + NAMED] === 1 && roles[t] === "r";

  const stepThread = (s: Uint8Array, t: number, emit: (n: Uint8Array) => void): unknown => {
    const b = base(t);
    const bit = 1 << t;
    const n = s.slice();
    const go = (at: number) => {
      n[b + AT] = at;
      emit(n);
    };
    const tell = (to: number) => {
      n[b + TARGET] = s[OWNER];
      go(to);
    };
    switch (s[b + AT]) {
      case P.begin:
        n[b + NAMED] = 1;
        return go(roles[t] === "r" ? P.look : P.grab);
      case P.look:
        return go(s[OWNER] === 0 ? P.enter : P.queue);
      case P.enter:
        n[READERS] |= bit;
        return go(P.again);
      case P.again:
        return go(s[OWNER] === 0 ? P.reading : P.undo);
      case P.undo:
        n[READERS] &= ~bit;
        return go(P.undone);
      case P.undone:
        if (s[OWNER] === 0 || fault === "leave-silently") return go(P.queue);
        return tell(P.undoneBump);
      case P.undoneBump:
        bump(n, s[b + TARGET]);
        return go(P.undoneNotify);
      case P.undoneNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.queue);
      case P.queue:
        n[QUEUE] |= bit;
        return go(P.wake);
      case P.wake:
        n[b + NEWS] = 0;
        return go(P.granted);
      case P.granted:
        return go(s[READERS] & bit ? P.unqueue : P.free);
      case P.free:
        return go(s[OWNER] === 0 ? P.slowEnter : P.sleep);
      case P.sleep:
        return go(s[b + NEWS] ? P.wake : P.readerAsleep);
      case P.readerAsleep:
        if (impatient) go(P.giveUp);
        return;
      case P.slowEnter:
        n[READERS] |= bit;
        return go(P.slowAgain);
      case P.slowAgain:
        return go(s[OWNER] === 0 ? P.unqueue : P.slowUndo);
      case P.slowUndo:
        n[READERS] &= ~bit;
        return go(P.slowUndone);
      case P.slowUndone:
        if (s[OWNER] === 0) return go(P.wake);
        return tell(P.slowBump);
      case P.slowBump:
        bump(n, s[b + TARGET]);
        return go(P.slowNotify);
      case P.slowNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.wake);
      case P.unqueue:
        n[QUEUE] &= ~bit;
        return go(P.reading);
      case P.reading:
        return go(P.leave);
      case P.leave:
        n[READERS] &= ~bit;
        return go(P.left);
      case P.left:
        if (s[OWNER] === 0 || fault === "no-drain-wake") return go(P.strike);
        return tell(P.leftBump);
      case P.leftBump:
        bump(n, s[b + TARGET]);
        return go(P.leftNotify);
      case P.leftNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.strike);
      case P.giveUp:
        n[QUEUE] &= ~bit;
        return go(P.gaveUp);
      case P.gaveUp:
        return go(s[READERS] & bit ? P.reading : P.strike);
      case P.strike: {
        const round = s[b + ROUND] + 1;
        n.fill(0, b, b + WIDTH);
        n[b + ROUND] = round < rounds ? round : 0;
        return go(round < rounds ? P.begin : P.done);
      }
      case P.grab:
        if (s[OWNER] !== 0) return go(P.join);
        n[OWNER] = t + 1;
        return go(P.drainWake);
      case P.join:
        n[WAITERS] |= bit;
        return go(P.writerWake);
      case P.writerWake:
        n[b + NEWS] = 0;
        return go(P.writerLook);
      case P.writerLook:
        if (s[OWNER] !== 0) return go(P.writerSleep);
        n[OWNER] = t + 1;
        return go(P.leaveWaiters);
      case P.writerSleep:
        return go(s[b + NEWS] ? P.writerWake : P.writerAsleep);
      case P.leaveWaiters:
        n[WAITERS] &= ~bit;
        return go(P.drainWake);
      case P.drainWake:
        n[b + NEWS] = 0;
        return go(P.drain);
      case P.drain:
        return go(s[READERS] === 0 || fault === "no-drain" ? P.writing : P.drainSleep);
      case P.drainSleep:
        return go(s[b + NEWS] ? P.drainWake : P.draining);
      case P.draining:
        // its time is up, at any moment
        if (fault === "no-drain-check") return;
        n[b + GRANTED] = s[READERS];
        return go(P.suspect);
      case P.suspect: {
        const whose = first(s[b + GRANTED]);
        if (whose === 0) return go(P.drainWake);
        n[b + GRANTED] &= ~(1 << (whose - 1));
        n[b + TARGET] = whose;
        return go(readsBy(s, whose - 1) ? P.suspect : P.takeBack);
      }
      case P.takeBack:
        n[READERS] &= ~(1 << (s[b + TARGET] - 1));
        return go(fault === "no-second-look" ? P.suspect : P.second);
      case P.second:
        return go(readsBy(s, s[b + TARGET] - 1) ? P.putBack : P.suspect);
      case P.putBack:
        n[READERS] |= 1 << (s[b + TARGET] - 1);
        return go(P.putBackBump);
      case P.putBackBump:
        bump(n, s[b + TARGET]);
        return go(P.putBackNotify);
      case P.putBackNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.suspect);
      case P.writing:
        return go(P.readQueue);
      case P.readQueue:
        n[b + GRANTED] = s[QUEUE];
        return go(P.grant);
      case P.grant:
        n[READERS] |= s[b + GRANTED];
        return go(P.letGo);
      case P.letGo:
        n[OWNER] = 0;
        return go(P.wakeGranted);
      case P.wakeGranted: {
        const whose = first(s[b + GRANTED]);
        if (whose === 0) return go(P.wakeWriter);
        n[b + GRANTED] &= ~(1 << (whose - 1));
        n[b + TARGET] = whose;
        bump(n, whose);
        return go(P.wakeGrantedNotify);
      }
      case P.wakeGrantedNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.wakeGranted);
      case P.wakeWriter: {
        const whose = after(s[WAITERS], t + 1);
        if (whose === 0) return go(P.late);
        n[b + TARGET] = whose;
        bump(n, whose);
        return go(P.wakeWriterNotify);
      }
      case P.wakeWriterNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.late);
      case P.late:
        if (s[OWNER] !== 0 || fault === "forget-late") return go(P.strike);
        n[b + GRANTED] = s[QUEUE] & ~s[READERS];
        return go(P.lateQueue);
      case P.lateQueue: {
        const whose = first(s[b + GRANTED]);
        if (whose === 0) return go(P.strike);
        n[b + GRANTED] &= ~(1 << (whose - 1));
        n[b + TARGET] = whose;
        bump(n, whose);
        return go(P.lateNotify);
      }
      case P.lateNotify:
        wakeUp(n, s[b + TARGET]);
        return go(P.lateQueue);
    }
  };

  const stepReaper = (s: Uint8Array, emit: (n: Uint8Array) => void): unknown => {
    const t = s[REAPING] - 1;
    const b = base(t);
    const bit = 1 << t;
    const n = s.slice();
    const go = (at: number) => {
      n[REAPER_AT] = at;
      emit(n);
    };
    switch (s[REAPER_AT]) {
      case R.queue:
        n[QUEUE] &= ~bit;
        return go(R.readers);
      case R.readers:
        n[READERS] &= ~bit;
        return go(R.waiters);
      case R.waiters:
        n[WAITERS] &= ~bit;
        return go(R.owner);
      case R.owner:
        if (s[OWNER] === t + 1) n[OWNER] = 0;
        return go(R.read);
      case R.read:
        n[REAPER_WAKES] = s[QUEUE] | s[WAITERS] | (s[OWNER] === 0 ? 0 : 1 << (s[OWNER] - 1));
        return go(R.wake);
      case R.wake: {
        const whose = first(s[REAPER_WAKES]);
        if (whose === 0) return go(R.strike);
        n[REAPER_WAKES] &= ~(1 << (whose - 1));
        n[b + TARGET] = whose;
        bump(n, whose);
        return go(R.notify);
      }
      case R.notify:
        wakeUp(n, s[b + TARGET]);
        return go(R.wake);
      case R.strike: {
        // the slot is another thread's, which goes on where the dead one's round would have ended
        const round = s[b + ROUND] + 1;
        n.fill(0, b, b + WIDTH);
        n[b + ROUND] = round < rounds ? round : 0;
        n[b + AT] = round < rounds ? P.begin : P.done;
        n[REAPING] = 0;
        return go(0);
      }
    }
  };

  const isStale = (s: Uint8Array): boolean => {
    if (s[READERS] === 0) return false;
    for (let t = 0; t < threads; t++) if (s[READERS] & (1 << t) && readsBy(s, t)) return false;
    return true;
  };

  return {
    start,
    step(s, emit) {
      for (let t = 0; t < threads; t++) {
        const b = base(t);
        if (s[b + DEAD] === 1 || s[b + AT] === P.done) continue;
        stepThread(s, t, emit);
        if (s[DEATHS] === deaths) continue;
        const n = s.slice();
        n[DEATHS]++;
        n[b + DEAD] = 1;
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
        n[REAPER_AT] = R.queue;
        emit(n);
      }
    },
    fault(s) {
      let reading = 0;
      let writing = 0;
      let asleep = 0;
      let awake = s[REAPING] !== 0;
      for (let t = 0; t < threads; t++) {
        const at = s[base(t) + AT];
        if (s[base(t) + DEAD] === 1) {
          awake = true;
          continue;
        }
        if (at === P.reading) reading++;
        if (at === P.writing) writing++;
        if (ASLEEP[at] === undefined) awake ||= at !== P.done;
        else if (at !== P.draining || fault === "no-drain-check" || !isStale(s)) asleep++;
        else awake = true;
      }
      if (writing > 1 || (writing > 0 && reading > 0)) return `${writing} writers and ${reading} readers are inside`;
      return asleep > 0 && !awake ? "a wake-up is lost: somebody sleeps, and nobody can take a step" : null;
    },
  };
}
