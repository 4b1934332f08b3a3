/** Child processes: one way to start them, follow them and see them end. */
export { CannotStartError, Child, type Ended, runProgram } from "./child.js";
export { lastLine, tellingLine } from "./last-words.js";
export { endWithGroup } from "./orphan.js";
export { withTemporaryFolder } from "./temporary-folder.js";
