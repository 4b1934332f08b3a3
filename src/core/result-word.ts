/** Small results next to the return value of an engine call, by their number among `SlotWindows.out`. */
import * as L from "./layout.js";

export const ENTRY = L.O_ENTRY / 4;
export const VERSION = L.O_VERSION / 4;
export const EXPIRES = L.O_EXPIRES / 4;
export const LOCK_KIND = L.O_LOCK_KIND / 4;
export const LOCK_ORDER = L.O_LOCK_ORDER / 4;
export const HOLDER = L.O_HOLDER / 4;
export const LENGTH = L.O_LENGTH / 4;
export const WRITTEN = L.O_WRITTEN / 4;
export const ADDRESS = L.O_ADDRESS / 4;
export const SIZE = L.O_SIZE / 4;
export const PIN = L.O_PIN / 4;
export const CAPACITY = L.O_CAPACITY / 4;
export const KIND = L.O_KIND / 4;
export const WHEN_FULL = L.O_WHEN_FULL / 4;
export const PLACE = L.O_PLACE / 4;
export const LEASE = L.O_LEASE / 4;
export const MAX_ATTEMPTS = L.O_MAX_ATTEMPTS / 4;
export const CELL = L.O_CELL / 4;
export const LOW = L.O_LOW / 4;
export const HIGH = L.O_HIGH / 4;
export const NUMBER = L.O_NUMBER / 4;
export const MESSAGE_SIZE = L.O_MESSAGE_SIZE / 4;
export const ATTEMPTS = L.O_ATTEMPTS / 4;
export const NEXT_TICK = L.O_NEXT_TICK / 4;
export const READY = L.O_READY / 4;
export const DELAYED = L.O_DELAYED / 4;
export const WORKED_ON = L.O_WORKED_ON / 4;
export const LETTERS = L.O_LETTERS / 4;
export const OFFSET = L.O_OFFSET / 4;
export const LISTENING = L.O_LISTENING / 4;
export const EXPIRED = L.O_EXPIRED / 4;

// by their number among `SlotWindows.outWide`
export const SUM = L.O_SUM / 8;
export const DROPPED = L.O_DROPPED / 8;
export const MAX_BYTES = L.O_MAX_BYTES / 8;
export const BYTES = L.O_BYTES / 8;
export const SENT = L.O_SENT / 8;
export const ACKED = L.O_ACKED / 8;
export const REDELIVERED = L.O_REDELIVERED / 8;
