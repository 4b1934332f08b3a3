/** What the keys of the store's own entries begin with, by what they are. Written into backups: never change one, only add. */
export const SYSTEM_KEYS = {
  channel: "channel:",
  config: "config:",
  flight: "flight:",
  grant: "grant:",
  guarded: "guarded:",
  lock: "lock:",
  queue: "queue:",
  region: "region:",
  shared: "shared:",
  resource: "resource:",
} as const;

/** Of those, what backups keep as it is: values that somebody put there (own-value.ts). */
const KEPT_KEYS: readonly string[] = [SYSTEM_KEYS.config, SYSTEM_KEYS.guarded, SYSTEM_KEYS.shared];

/** Whether an entry of the store's own id, known by its key, is such a value. */
export function isKeptKey(key: Uint8Array): boolean {
  const text = Buffer.from(key.buffer, key.byteOffset, Math.min(key.length, 16)).toString("latin1");
  return KEPT_KEYS.some((prefix) => text.startsWith(prefix));
}
