/** Environments with known answers: learning is held against print. */
export { cliff } from "./cliff.js";
export { dynaMaze } from "./dyna-maze.js";
export {
  type Environment,
  greatestOf,
  type Outcome,
  takeStep,
  valueIteration,
} from "./environment.js";
export { frozenLake, isEnd } from "./frozen-lake.js";
export { MountainCar, POSITION, VELOCITY } from "./mountain-car.js";
export { isStart, taxi } from "./taxi.js";
