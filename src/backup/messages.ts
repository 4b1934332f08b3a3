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
  readonly writing: "mapped" | "positioned";
  readonly reason: string | null;
}

export interface SessionStatus extends Writing {
  readonly directory: string;
  readonly durability: "process" | "disk";
  readonly strategy: string;
  readonly pace: Pace;
  /** The newest whole generation's file; null before the first. */
  readonly newest: string | null;
  readonly last: BackupReport | null;
  readonly activity: StoreActivity;
  readonly backups: number;
  /** Backups that failed since the last one that did not, and the last one's message. */
  readonly failures: number;
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
