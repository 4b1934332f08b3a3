/** The door of the backup commands. */
export { backupCommand } from "./command.js";
export { convert } from "./convert.js";
export { backupFiles, inspect, verify } from "./overview.js";
