/**
 * Mountain car (Sutton & Barto 2018, example 10.1): a car in a valley, too weak to drive up, that has to swing. -1 a step until it is at the top; actions back, nothing,
 * forward. Positions are -1.2 to 0.5, velocities -0.07 to 0.07.
 */
import type { Random } from "../../src/random.js";

export const POSITION = { min: -1.2, max: 0.5 };
export const VELOCITY = { min: -0.07, max: 0.07 };

const within = (value: number, { min, max }: { min: number; max: number }) => Math.min(max, Math.max(min, value));

export class MountainCar {
  static readonly actions = 3;
  position = 0;
  velocity = 0;

  /** At rest, somewhere at the bottom. */
  start(random: Random): void {
    this.position = -0.6 + random.unit() * 0.2;
    this.velocity = 0;
  }

  /** @returns whether it is at the top */
  step(action: number): boolean {
    this.velocity = within(this.velocity + 0.001 * (action - 1) - 0.0025 * Math.cos(3 * this.position), VELOCITY);
    this.position = within(this.position + this.velocity, POSITION);
    if (this.position === POSITION.min) this.velocity = 0;
    return this.position >= POSITION.max;
  }
}
