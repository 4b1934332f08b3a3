/** Small results next to the return value of an engine call, by their number among `SlotWindows.out`. */
import * as L from "./layout.js";

export const ENTRY = L.O_ENTRY / 4;
export const VERSION = L.O_VERSION / 4;
export const EXPIRES = L.O_EXPIRES / 4;
export const LENGTH = L.O_LENGTH / 4;
export const WRITTEN = L.O_WRITTEN / 4;
export const SIZE = L.O_SIZE / 4;
export const PIN = L.O_PIN / 4;
export const CAPACITY = L.O_CAPACITY / 4;
export const KIND = L.O_KIND / 4;
export const WHEN_FULL = L.O_WHEN_FULL / 4;
export const PLACE = L.O_PLACE / 4;
export const OFFSET = L.O_OFFSET / 4;
export const EXPIRED = L.O_EXPIRED / 4;

// by their number among `SlotWindows.outWide`
export const SUM = L.O_SUM / 8;
export const DROPPED = L.O_DROPPED / 8;
