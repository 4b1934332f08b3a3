/** The house looked at from outside: its imports, their picture, the lab's package, what the package's types say of themselves. */
export { drawLab, drawRooms } from "./draw.js";
export {
  findCircles,
  GROUND,
  joinRooms,
  LAB_GROUND,
  labRoomOf,
  labRooms,
  ROOMS,
  readImports,
  roomOf,
  sources,
} from "./imports.js";
export { type Entry, entriesOf, referenceFaults } from "./reference/faults.js";
export { makeReference } from "./reference/make.js";
export { stageLab } from "./stage-lab.js";
