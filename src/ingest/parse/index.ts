/** What senders may write, one pure function a format. */
export type { Fault, ParseContext, Parsed } from "./context.js";
export { parseJsonBody } from "./json.js";
export { findJsonFault } from "./json-fault.js";
export { isPrecision, PRECISIONS, parseLineProtocol } from "./line-protocol.js";
export { parseOtlp } from "./otlp.js";
