/**
 * Signals come to the main thread alone. Backups that another thread has opened are saved on SIGTERM by word to the thread that
 * writes them, which hears even when the one that opened them is busy; and the process waits for them as for the main
 * thread's own. The main thread has to be there for it: it listens once it has a store.
 *
 *   who                      main: whoever there is, say so
 *   opened, closed           writing thread: backups that want to be saved
 *   save                     main: now
 *   saving, saved            writing thread: it has heard; it is done, or why not
 *
 * A thread that was terminated says nothing any more: one that does not answer in ANSWER_MS is not waited for.
 */
import { BroadcastChannel } from "node:worker_threads";
import { saveOnSignal } from "./emergency.js";

type Word =
  | { readonly say: "who" }
  | { readonly say: "opened"; readonly id: string; readonly directory: string; readonly deadlineMs: number }
  | { readonly say: "closed" | "save" | "saving"; readonly id: string }
  | { readonly say: "saved"; readonly id: string; readonly error: string | null };

const NAME = "engram backups, SIGTERM";
const ANSWER_MS = 5_000;

function listen(hear: (word: Word) => void): (word: Word) => void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event) => hear((event as { data: Word }).data);
  channel.unref();
  return (word) => channel.postMessage(word);
}

// ---------------------------------------------------------------- the thread that writes

export interface Saved {
  readonly id: string;
  readonly directory: string;
  readonly deadlineMs: number;
  /** @throws when it does not come to be */
  save(): void;
}

const wanting = new Map<string, Saved>();
let tellMain: ((word: Word) => void) | null = null;

/** Until the function returned is called. */
export function saveWhenMainHears(saved: Saved): () => void {
  const { id, directory, deadlineMs } = saved;
  wanting.set(id, saved);
  tellMain ??= listen(answerMain);
  tellMain({ say: "opened", id, directory, deadlineMs });
  return () => {
    wanting.delete(id);
    tellMain?.({ say: "closed", id });
  };
}

function answerMain(word: Word): void {
  if (word.say === "who") {
    for (const { id, directory, deadlineMs } of wanting.values())
      tellMain?.({ say: "opened", id, directory, deadlineMs });
  }
  if (word.say !== "save") return;
  const { id } = word;
  const saved = wanting.get(id);
  if (saved === undefined) return;
  tellMain?.({ say: "saving", id });
  try {
    saved.save();
    tellMain?.({ say: "saved", id, error: null });
  } catch (error) {
    tellMain?.({ say: "saved", id, error: (error as Error).message });
  }
}

// ---------------------------------------------------------------- the main thread

interface Elsewhere {
  forget: () => void;
  /** While it is being saved. */
  answered: (() => void) | null;
  done: ((error: Error | null) => void) | null;
}

const elsewhere = new Map<string, Elsewhere>();
let tellThreads: ((word: Word) => void) | null = null;

/** In the main thread: from now on, what other threads back up is saved on SIGTERM too. */
export function hearOfThreads(): void {
  if (tellThreads !== null) return;
  tellThreads = listen(hearThread);
  tellThreads({ say: "who" });
}

function hearThread(word: Word): void {
  if (word.say === "opened") note(word.id, word.directory, word.deadlineMs);
  if (word.say === "who" || word.say === "opened" || word.say === "save") return;
  const found = elsewhere.get(word.id);
  found?.answered?.();
  if (word.say === "saved") found?.done?.(word.error === null ? null : new Error(word.error));
  if (word.say !== "closed") return;
  found?.done?.(null); // it took its last backup as it was closed, or was asked not to
  found?.forget();
  elsewhere.delete(word.id);
}

function note(id: string, directory: string, deadlineMs: number): void {
  if (elsewhere.has(id)) return;
  const there: Elsewhere = { forget: () => {}, answered: null, done: null };
  elsewhere.set(id, there);
  const save = () =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("its thread does not answer")), ANSWER_MS);
      there.answered = () => clearTimeout(timer);
      there.done = (error) => (error === null ? resolve() : reject(error));
      tellThreads?.({ say: "save", id });
    });
  there.forget = saveOnSignal({ directory, deadlineMs, save, tooLate: () => {} });
}
