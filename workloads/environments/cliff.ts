/**
 * Cliff walking (Sutton & Barto 2018, example 6.6): 4 rows of 12, from the lower left corner to the lower right one along a cliff. -1 a step, -100 and
 * back to the start for a step off the cliff; actions up, right, down, left. Undiscounted.
 */
import { certain, type Environment, tabulate } from "./environment.js";

const WIDTH = 12;
const HEIGHT = 4;
const START = (HEIGHT - 1) * WIDTH;
const GOAL = HEIGHT * WIDTH - 1;

export const cliff: Environment = {
  name: "cliff walking",
  states: WIDTH * HEIGHT,
  actions: 4,
  start: () => START,
  outcomes: tabulate(WIDTH * HEIGHT, 4, (state, action) => {
    let x = state % WIDTH;
    let y = Math.floor(state / WIDTH);
    if (action === 0) y = Math.max(0, y - 1);
    else if (action === 1) x = Math.min(WIDTH - 1, x + 1);
    else if (action === 2) y = Math.min(HEIGHT - 1, y + 1);
    else x = Math.max(0, x - 1);
    const next = y * WIDTH + x;
    return next > START && next < GOAL ? certain(START, -100, false) : certain(next, -1, next === GOAL);
  }),
};
