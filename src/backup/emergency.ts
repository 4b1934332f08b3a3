/**
 * SIGTERM: one more backup of everything that asked for it, then the signal takes its course, unless others listen for it too: then
 * the process is theirs to end. All backups are waited for, each until its own deadline; what failed or came too late is
 * said on stderr, since there is no one else left to tell. A second signal meanwhile changes nothing: it is often the
 * same one again, sent to the whole group of processes.
 */
import { writeSync } from "node:fs";
import { BackupError } from "../errors.js";

export interface Emergency {
  /** What is backed up, for messages: the directory. */
  readonly directory: string;
  readonly deadlineMs: number;
  /** Resolves when everything so far is in a backup, rejects when it is not. */
  save(): Promise<unknown>;
  /** Told when the deadline has passed. */
  tooLate(error: BackupError): void;
}

const waiting = new Set<Emergency>();
let saving = false;

/** From now on, until the function returned is called. */
export function saveOnSignal(emergency: Emergency): () => void {
  if (waiting.size === 0) process.on("SIGTERM", hear);
  waiting.add(emergency);
  return () => {
    waiting.delete(emergency);
    if (waiting.size === 0 && !saving) process.off("SIGTERM", hear);
  };
}

function hear(): void {
  if (!saving) void saveAll();
}

async function saveAll(): Promise<void> {
  saving = true;
  await Promise.all([...waiting].map(saveOne));
  saving = false;
  const others = process.listeners("SIGTERM").some((listener) => listener !== hear);
  if (others && waiting.size > 0) return;
  process.off("SIGTERM", hear);
  if (!others) process.kill(process.pid, "SIGTERM");
}

async function saveOne(emergency: Emergency): Promise<void> {
  const { directory, deadlineMs } = emergency;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<BackupError>((resolve) => {
    const error = new BackupError(
      "too-late",
      `${directory}: the last backup was not finished ${deadlineMs} ms after SIGTERM`,
    );
    timer = setTimeout(() => resolve(error), deadlineMs);
  });
  try {
    const error = await Promise.race([emergency.save(), late]);
    if (!(error instanceof BackupError)) return;
    say(error.message);
    emergency.tooLate(error);
  } catch (error) {
    say(`${directory}: the last backup, on SIGTERM, failed: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
  }
}

function say(message: string): void {
  try {
    writeSync(2, `engram: ${message}\n`); // at once: the process ends
  } catch {
    // nobody reads it
  }
}
