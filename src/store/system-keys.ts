/** What the keys of the store's own entries begin with, by what they are. Written into backups: never change one, only add. */
export const SYSTEM_KEYS = {
  channel: "channel:",
  flight: "flight:",
  grant: "grant:",
  lock: "lock:",
  queue: "queue:",
  region: "region:",
} as const;
