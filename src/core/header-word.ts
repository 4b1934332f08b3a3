/** Words of the header that several threads swap or wait for, by their number among `Header.words`: `Atomics` takes an array and a number. */
import * as L from "./layout.js";

export const CLEARS = L.H_CLEARS / 4;
export const CLEARS_SWEPT = L.H_CLEARS_SWEPT / 4;
export const CLOSED = L.H_CLOSED / 4;
export const HOLD = L.H_HOLD / 4;
export const HELD = L.H_HELD / 4;
export const MAINTAINED = L.H_MAINTAINED / 4;
export const WAKE = L.H_WAKE / 4;
export const SLEEPS = L.H_SLEEPS / 4;
export const EXPIRY = L.H_EXPIRY / 4;
export const EPOCH = L.H_EPOCH / 4;
export const SNAPSHOT = L.H_SNAPSHOT / 4;
export const BACKUP = L.H_BACKUP / 4;
export const ACL_GENERATION = L.H_ACL_GENERATION / 4;
export const NEXT_ID = L.H_NEXT_ID / 4;
