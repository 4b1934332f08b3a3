/** The words of a place in PARKING, on which threads that wait for a channel or a queue sleep. */
import * as L from "./layout.js";

// their numbers among `parkingWords`
export const ARRIVALS = L.P_ARRIVALS / 4;
export const RECEIVERS_WAIT = L.P_RECEIVERS_WAIT / 4;
export const DEPARTURES = L.P_DEPARTURES / 4;
export const SENDERS_WAIT = L.P_SENDERS_WAIT / 4;

/** Addresses of the places that channels and queues were given so far. */
export function placesGiven(buffer: ArrayBufferLike): number[] {
  const given = Atomics.load(new Uint32Array(buffer, L.H_NEXT_PLACE, 1), 0);
  return Array.from({ length: Math.min(given, L.PARKING_PLACES) }, (_, i) => L.PARKING + i * L.PARKING_SIZE);
}

/** @param place its address */
export function parkingWords(buffer: ArrayBufferLike, place: number): Int32Array {
  return new Int32Array(buffer, place, L.PARKING_SIZE / 4);
}
