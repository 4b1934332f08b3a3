/** The door of the backup commands. */
export { backupCommand } from "./command.js";
