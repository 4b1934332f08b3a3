/** What the LangGraph adapters are made of, from the optional peer. */
import { InvalidArgumentError } from "../errors.js";

/** A room that needs a package which is not there says so by its name. */
export class MissingPeerError extends InvalidArgumentError {}

export const peer = await import("@langchain/langgraph-checkpoint").catch((error: unknown) => {
  const { code, message } = error as { code?: string; message?: string };
  if (code !== "ERR_MODULE_NOT_FOUND" || !message?.includes("@langchain/")) throw error;
  throw new MissingPeerError(
    "engram/langgraph needs the package @langchain/langgraph-checkpoint, which is not installed: npm install @langchain/langgraph-checkpoint @langchain/core",
    { cause: error },
  );
});
