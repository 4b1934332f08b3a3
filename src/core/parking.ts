/** The words of a place in PARKING, on which threads that wait for a channel sleep. */
import * as L from "./layout.js";

// their numbers among `parkingWords`
export const ARRIVALS = L.P_ARRIVALS / 4;
export const RECEIVERS_WAIT = L.P_RECEIVERS_WAIT / 4;
export const DEPARTURES = L.P_DEPARTURES / 4;
export const SENDERS_WAIT = L.P_SENDERS_WAIT / 4;

/** @param place its address */
export function parkingWords(buffer: ArrayBufferLike, place: number): Int32Array {
  return new Int32Array(buffer, place, L.PARKING_SIZE / 4);
}
