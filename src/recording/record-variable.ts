/** Names the file that every thread and child process of the program appends its operations to: how `engram trace record` brings home what a program does that knows nothing of it. */
export const RECORD_VARIABLE = "ENGRAM_RECORD";
