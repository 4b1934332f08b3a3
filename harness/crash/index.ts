/** The door of the crash tests. */
export { type CrashCounts, type CrashSettings, crash } from "./crash.js";
