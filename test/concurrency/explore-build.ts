/** The explore build of the engine, made unless there is one of these very sources. */
import { buildExplorer } from "#dist/harness/explorer/build.js";

/** A build takes seconds, on a machine with much else to do some more. */
export const BUILD_TIMEOUT = 600_000;

export async function makeExploreBuild(): Promise<void> {
  await buildExplorer();
}
