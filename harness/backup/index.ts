/** The door of the backup commands. */
export { backupCommand } from "./command.js";
export { measureSpeed, type SpeedRow } from "./speed.js";
