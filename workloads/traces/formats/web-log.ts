/**
 * weblog: the common log format, and what nginx and Apache write by default (combined), which goes on with two quoted fields:
 *
 *   127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.png?x=1 HTTP/1.1" 200 2326 "http://from/" "Agent"
 *
 * The key is the request's target as it was asked for; the size is the body's, unknown where none was sent (304, HEAD). A request that was no HTTP
 * is left out.
 */
import { OP_OTHER } from "../../operations.js";
import { parseWhole } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { logRequests, operationOf, secondsOfDate } from "./log-lines.js";

const LINE = /^\S+ \S+ .{1,200}? ?\[([^\]]{1,40})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: |$)/;
const REQUEST = /^([A-Z]{2,20}) (\S+)(?: HTTP\/[\d.]+)?$/;

export const webLog: TraceFormat = {
  name: "weblog",
  description: "access logs of nginx and Apache: common log format, combined",
  endings: [],
  looksLike(head) {
    const lines = headLines(head).filter((line) => line !== "");
    return lines.length > 0 && lines.every((line) => LINE.test(line));
  },
  read(source, { reading }) {
    reading.columns = "key from the request's target, size from the bytes sent, operation from the method";
    reading.unknownSizes = true;
    return logRequests(
      source,
      { time: true, size: true, op: true },
      (line, request, put) => {
        const match = LINE.exec(line);
        if (match === null) return "no line of an access log";
        const asked = REQUEST.exec(match[2]);
        if (asked === null) return "no HTTP request";
        const time = secondsOfDate(match[1]);
        if (!Number.isFinite(time)) return "no time of an access log";
        request.key = asked[2];
        request.time = time;
        request.op = operationOf(asked[1]) ?? OP_OTHER;
        request.size = match[4] === "-" ? 0 : Math.max(0, parseWhole(match[4]));
        put();
        return null;
      },
      { reading, expected: 'lines such as 127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 2326' },
    );
  },
};
