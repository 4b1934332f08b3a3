/** The house looked at from outside: its imports, their picture, the lab's package. */
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
export { stageLab } from "./stage-lab.js";
