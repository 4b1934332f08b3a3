/** What a store's thread and the thread that writes backups say to each other. All of it structured-cloneable. */
import type { BackupFailure, DirectoryInUseError } from "../errors.js";
import type { BackupKind } from "./format.js";
import type { Checkpoint } from "./generations.js";
import type { CheckedBackupOptions } from "./options.js";
import type { Origin } from "./origin.js";
import type { BackupReport, StoreActivity } from "./session.js";
import type { Pace } from "./strategy.js";

export type SessionOptions = Omit<CheckedBackupOptions, "onBackup" | "onError">;

export interface OpenRequest {
  readonly memory: WebAssembly.Memory;
  readonly options: SessionOptions;
  /** The line of stores this one was restored into, if it was. */
  readonly lineage: number | undefined;
  /** Where it was restored from, and the newest generation that was there then. */
  readonly origin: Origin | undefined;
  /** The claim on the store's backups, of the thread that opens them. */
  readonly claim: number;
  /** Another thread than the main one opens them: on SIGTERM they are saved by word from there. */
  readonly elsewhere: boolean;
}

/** How files are written, and why so if not as asked. */
export interface Writing {
  /** "mapped" through memory, "positioned" with writes at positions. */
  readonly writing: "mapped" | "positioned";
  /** Why it is not mapped; null when it is, or was not asked for. */
  readonly reason: string | null;
}

/** How the backups of a store are set up, and how they fare. */
export interface SessionStatus extends Writing {
  /** Where the files go. */
  readonly directory: string;
  /** What a finished backup survives: the end of the process, or that of the operating system too. */
  readonly durability: "process" | "disk";
  /** When backups are taken by themselves: "manual" (never), "time", "change" or "adaptive". */
  readonly strategy: string;
  /** How far apart the strategy takes them at present. */
  readonly pace: Pace;
  /** The newest whole generation's file; null before the first. */
  readonly newest: string | null;
  /** What the latest backup did; null before the first. */
  readonly last: BackupReport | null;
  /** What has changed since the file whose turn is next was written. */
  readonly activity: StoreActivity;
  /** Backups that came to be since they were opened. */
  readonly backups: number;
  /** Backups that failed since the last one that did not, and the last one's message. */
  readonly failures: number;
  /** Message of the latest failure; null when the last one came to be. */
  readonly error: string | null;
}

export interface Calls {
  open: { request: OpenRequest; result: Writing };
  backup: { request: BackupKind; result: BackupReport };
  checkpoint: { request: string; result: Checkpoint };
  status: { request: null; result: SessionStatus };
  close: { request: boolean; result: null };
}

export type CallName = keyof Calls;

export interface Call {
  readonly id: number;
  readonly session: number;
  readonly name: CallName;
  readonly request: Calls[CallName]["request"];
}

export interface PlainError {
  readonly failure: BackupFailure | "invalid" | "directory-in-use" | "fault";
  readonly message: string;
  readonly holder?: DirectoryInUseError["holder"];
}

export type Answer =
  | { readonly id: number; readonly result: Calls[CallName]["result"] }
  | { readonly id: number; readonly error: PlainError }
  | { readonly session: number; readonly report: BackupReport }
  | { readonly session: number; readonly failed: PlainError };
