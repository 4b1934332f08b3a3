/**
 * What a coordinator left that was killed. All messages of a sweep go an hour after its coordinator has; a stream that had some and has none is
 * such a one's, whatever anybody's clock says, and is removed by the next that comes.
 */
import type { StreamInfo } from "@nats-io/jetstream";
import { BUCKET_PREFIX, PREFIX } from "./names.js";
import type { Session } from "./session.js";

/** How long what a sweep wrote outlives its coordinator, ms: the coordinator may be cut off, or asleep, for as long. */
export const KEPT_MS = 3_600_000;

/** @param ownMs when this sweep's own stream was made, by the servers' clock */
export async function removeLeftovers({ jsm }: Session, ownMs: number): Promise<void> {
  const left: string[] = [];
  for await (const info of jsm.streams.list()) if (isLeft(info, ownMs)) left.push(info.config.name);
  for (const name of left) await jsm.streams.delete(name).catch(() => false); // somebody else was faster
}

export function isLeft(info: Pick<StreamInfo, "config" | "state" | "created">, ownMs: number): boolean {
  const { name } = info.config;
  if (!name.startsWith(PREFIX) && !name.startsWith(BUCKET_PREFIX + PREFIX)) return false;
  const { messages } = info.state;
  return messages === 0 && ownMs - Date.parse(info.created as unknown as string) > KEPT_MS;
}
